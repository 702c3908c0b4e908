// What an introspection endpoint's answer makes of a token: RFC 7662 2.2. Three things can come of it: it is good, it is not, or the answer
// is none that can be believed, which is the operator's trouble and not the caller's.

import type { Fault } from "../../base/index.ts";
import type { CallAnswer } from "../../calls/index.ts";
import type { IntrospectionIdentity } from "../../config/index.ts";
import type { Claims } from "../../pipeline/index.ts";
import { BAD_CREDENTIAL, EXPIRED } from "../faults.ts";

/** How far the issuer's clock may be ahead of this one. */
const SKEW_MS = 5_000;
/** The end of the year 9999: a number behind it is a mistake of units. */
const LAST_SECOND = 253_402_300_799;

export type Judgement =
  | { readonly kind: "good"; readonly claims: Claims; readonly expiresAtMs: number | null }
  | { readonly kind: "bad"; readonly fault: Fault }
  | { readonly kind: "unusable"; readonly reason: string };

type Rules = Pick<IntrospectionIdentity, "name" | "issuer" | "audiences">;

export function judgeAnswer({ status, body }: CallAnswer, { name, issuer, audiences }: Rules, nowMs: number): Judgement {
  if (status === 401 || status === 403) return unusable(`the endpoint does not take the gateway's own credentials (${status})`);
  if (status !== 200) return unusable(`the endpoint answered ${status}`);
  const claims = readObject(body);
  if (claims === null) return unusable("the endpoint's answer is no JSON object");
  const { active, aud, exp, iss, nbf } = claims;
  const bad = (reason: string): Judgement => ({ kind: "bad", fault: BAD_CREDENTIAL.with(`${name}: ${reason}`) });
  if (active === false) return bad("the issuer says that the token is not active");
  if (active !== true) return unusable("`active` of the endpoint's answer is neither true nor false");
  if (!isDateOrNothing(exp) || !isDateOrNothing(nbf)) return unusable("`exp` or `nbf` of the endpoint's answer is no number of seconds");
  if (issuer !== null && iss !== issuer) return bad("the token is of another issuer");
  if (audiences.length > 0 && !isFor(aud, audiences)) return bad("the token is for another audience");
  const otherKind = nameOtherKind(claims);
  if (otherKind !== null) return bad(otherKind);
  if (exp !== undefined && nowMs >= exp * 1000) return { kind: "bad", fault: EXPIRED.with(`${name}: the token has expired`) };
  if (nbf !== undefined && nbf * 1000 > nowMs + SKEW_MS) return bad("the token is not good yet");
  return { kind: "good", claims, expiresAtMs: exp === undefined ? null : exp * 1000 };
}

/** What is active at its issuer and yet no bearer's to show here: endpoints answer for refresh tokens too, and for tokens of one key's owner. */
function nameOtherKind({ cnf, token_type: type, token_use: use, typ }: Claims): string | null {
  if ([type, use, typ].some((word) => typeof word === "string" && /^refresh(?:_token)?$/i.test(word))) return "it is a refresh token";
  const isBound = (cnf !== undefined && cnf !== null) || (typeof type === "string" && /^dpop$/i.test(type));
  return isBound ? "the token is bound to a key (RFC 7800), whose possession it does not show" : null;
}

function isFor(audience: unknown, audiences: readonly string[]): boolean {
  const named: readonly unknown[] = Array.isArray(audience) ? audience : [audience];
  return named.some((each) => typeof each === "string" && audiences.includes(each));
}

function isDateOrNothing(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === "number" && value >= 0 && value <= LAST_SECOND);
}

function readObject(body: Uint8Array): Claims | null {
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
