// What an internal token says of a caller: who it is, for whom the gateway vouches, and of its claims only those that the configuration
// shows upstreams anyway (`headers` of the identity). Not hot: made once for a principal.
//
//   iss aud iat exp     of the gateway, for one upstream
//   sub                 the principal's id; without it nobody is behind the request
//   identity source     which identity knows it by that id: names of two identities may be the same and mean different people
//   tenant roles scope  as the principal has them; `scope` parted by spaces (RFC 8693 4.2)
//   claims              a map of those that are shown
//   dl                  until when an answer is of use, in ms since 1970

import type { IdentityConfig } from "../../config/index.ts";
import { readClaim } from "../../identity/index.ts";
import type { Principal } from "../../pipeline/index.ts";

export interface TokenFrame {
  readonly issuer: string;
  readonly audience: string;
  /** Seconds. */
  readonly issuedAt: number;
  readonly expiresAt: number;
  /** Milliseconds; null says none. */
  readonly deadlineMs: number | null;
}

/** RFC 8725 3.11: a kind of its own, so that no reader takes it for another token, or another for it. */
export const TOKEN_TYPE = "sp-internal+jwt";

/** By the name of an identity: the claims that it shows. */
export type ShownClaims = ReadonlyMap<string, readonly string[]>;

export function readShownClaims(identities: readonly IdentityConfig[]): ShownClaims {
  return new Map(identities.flatMap(({ name, headers }) => (headers === null ? [] : [[name, headers.map(([, claim]) => claim)] as const])));
}

export function toTokenClaims(principal: Principal | null, frame: TokenFrame, shown: ShownClaims): Record<string, unknown> {
  const claims: Record<string, unknown> = {
    iss: frame.issuer,
    aud: frame.audience,
    iat: frame.issuedAt,
    exp: frame.expiresAt,
  };
  if (principal !== null) addCaller(claims, principal, shown);
  if (frame.deadlineMs !== null) claims["dl"] = frame.deadlineMs;
  return claims;
}

function addCaller(claims: Record<string, unknown>, principal: Principal, shown: ShownClaims): void {
  // Of another gateway's token: it is that one's identity who knows the caller, and nobody here.
  const isPassedOn = principal.source === "internal";
  claims["sub"] = principal.id;
  claims["identity"] = (isPassedOn && readClaim(principal.claims, "identity")) || principal.identity;
  claims["source"] = (isPassedOn && readClaim(principal.claims, "source")) || principal.source;
  if (principal.tenant !== null) claims["tenant"] = principal.tenant;
  if (principal.roles.length > 0) claims["roles"] = principal.roles;
  if (principal.scopes.length > 0) claims["scope"] = principal.scopes.join(" ");
  const names = shown.get(principal.identity);
  const chosen = names === undefined ? (isPassedOn ? principal.claims["claims"] : undefined) : pick(principal, names);
  if (chosen !== undefined) claims["claims"] = chosen;
}

function pick({ claims }: Principal, names: readonly string[]): Record<string, unknown> | undefined {
  const found = names.map((name) => [name, readClaim(claims, name)] as const).filter(([, claim]) => claim !== undefined && claim !== null);
  return found.length === 0 ? undefined : Object.fromEntries(found);
}
