// What the answer of the operator's service makes of a request: 2xx names who it is, 401 and 403 say no, and everything else says nothing
// that could be believed, which is the operator's trouble and not the caller's.

import type { Fault } from "../../base/index.ts";
import type { CallAnswer } from "../../calls/index.ts";
import type { ExternalIdentity } from "../../config/index.ts";
import { type Claims, Principal } from "../../pipeline/index.ts";
import { BAD_CREDENTIAL, EXPIRED } from "../faults.ts";
import type { PrincipalMaker } from "../principal-maker.ts";

export type Judgement =
  | { readonly kind: "good"; readonly principal: Principal }
  | { readonly kind: "bad"; readonly fault: Fault }
  | { readonly kind: "unusable"; readonly reason: string };

/** The end of the year 9999: a number behind it is a mistake of units. */
const LAST_SECOND = 253_402_300_799;

type Rules = Pick<ExternalIdentity, "name" | "claimHeaders">;

export function judgeAnswer(
  { status, headers, body }: CallAnswer,
  { name, claimHeaders }: Rules,
  maker: PrincipalMaker,
  nowMs: number,
): Judgement {
  if (status === 401 || status === 403) return { kind: "bad", fault: BAD_CREDENTIAL.with(`${name}: the service answered ${status}`) };
  if (status < 200 || status > 299) return unusable(`the service answered ${status}`);
  const members = readMembers(headers["content-type"] ?? "", body);
  if (members === null) return unusable("the service's answer is JSON, and no object of it");
  const claims = Object.fromEntries([
    ...Object.entries(members),
    ...claimHeaders.flatMap((header) => {
      const value = headers[header.toLowerCase()];
      return value === undefined ? [] : [[header, value] as const];
    }),
  ]);
  const { exp } = claims;
  const isDate = typeof exp === "number" && exp >= 0 && exp <= LAST_SECOND;
  if (exp !== undefined && !isDate) return unusable("`exp` of the service's answer is no number of seconds");
  const expiresAtMs = isDate ? exp * 1000 : null;
  if (expiresAtMs !== null && nowMs >= expiresAtMs)
    return { kind: "bad", fault: EXPIRED.with(`${name}: the service says that it has expired`) };
  const principal = maker.make(claims, { expiresAtMs });
  return principal instanceof Principal ? { kind: "good", principal } : unusable(`of the service's answer: ${principal}`);
}

/** Of a body that says it is JSON; of others there are none. Null for JSON that is no object. */
function readMembers(type: string, body: Uint8Array): Claims | null {
  if (body.length === 0 || !/^application\/(?:[\w.-]+\+)?json(?:$|[ ;])/i.test(type)) return {};
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Claims) : null;
  } catch {
    return null;
  }
}

function unusable(reason: string): Judgement {
  return { kind: "unusable", reason };
}
