// WWW-Authenticate on answers that ask for another credential (RFC 9110 11.6.1): what would do, and of a bearer token what was wrong with
// the one that came (RFC 6750 3). Never anything of the token.

import type { Fault } from "../../base/index.ts";
import { type Fields, fieldName } from "../../http/index.ts";
import { AUTH, type Identity } from "../../identity/index.ts";

const WWW_AUTHENTICATE = fieldName("WWW-Authenticate");
/** RFC 9110 15.5.2 wants a challenge with each 401, and some credentials (a certificate, a key in the query) have no scheme. */
const NO_SCHEME = 'Credential realm="gateway"';

/** Adds the challenges that belong to `fault`; `judge` is the identity that refused a credential, null where none took it. */
export function addChallenges(fields: Fields, identities: readonly Identity[], fault: Fault, judge: Identity | null, scopes: string): void {
  const error = toError(fault);
  if (fault.kind === AUTH.SCOPE_MISSING.kind) {
    fields.add(WWW_AUTHENTICATE, withError("Bearer", error, scopes));
    return;
  }
  if (fault.kind.status !== 401) return;
  let count = 0;
  for (const identity of identities) {
    const { challenge } = identity;
    if (challenge === null) continue;
    const isJudged = judge === null || judge === identity;
    fields.add(WWW_AUTHENTICATE, isJudged && isBearer(challenge) ? withError(challenge, error, "") : challenge);
    count++;
  }
  if (count === 0) fields.add(WWW_AUTHENTICATE, NO_SCHEME);
}

function toError(fault: Fault): string {
  switch (fault.kind) {
    case AUTH.BAD_CREDENTIAL.kind:
      return 'error="invalid_token"';
    case AUTH.EXPIRED.kind:
      return 'error="invalid_token", error_description="The token has expired"';
    case AUTH.SCOPE_MISSING.kind:
      return 'error="insufficient_scope"';
    default:
      return "";
  }
}

function withError(challenge: string, error: string, scopes: string): string {
  const parameters = [error, scopes === "" ? "" : `scope="${scopes}"`].filter((text) => text !== "").join(", ");
  if (parameters === "") return challenge;
  return challenge.includes(" ") ? `${challenge}, ${parameters}` : `${challenge} ${parameters}`;
}

function isBearer(challenge: string): boolean {
  return schemeOf(challenge) === "bearer";
}

/** The scheme that a challenge asks for, in lower case. */
export function schemeOf(challenge: string): string {
  const [scheme = ""] = challenge.split(" ");
  return scheme.toLowerCase();
}
