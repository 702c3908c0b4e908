// What claims must say for a token to be good here and now: RFC 7519 4.1, RFC 9068 4. Only of tokens whose signature is good.

import type { JsonObject } from "./strict-json.ts";
import { problem, type TokenProblem } from "./token-problem.ts";

export interface ClaimRules {
  /** To the letter: a slash more is another issuer. */
  readonly issuer: string;
  /** One of them must be among the token's; with none, no token is good. */
  readonly audiences: readonly string[];
  readonly clockSkewMs: number;
  readonly requireExpiry: boolean;
  /** Claims that must be there, and not null. */
  readonly required: readonly string[];
}

/** The end of the year 9999: a number behind it is a mistake of units. */
const LAST_SECOND = 253_402_300_799;

const ISSUER = problem("issuer", "the token is of another issuer, or says none");
const AUDIENCE_FORM = problem("claim", "the token's aud is neither text nor a list of texts");
const AUDIENCE = problem("audience", "the token is for another audience, or says none");
const DATE = problem("claim", "exp, nbf or iat of the token is no number of seconds");
const NO_EXPIRY = problem("claim", "the token has no exp");
const EXPIRED = problem("expired", "the token has expired");
const NOT_YET = problem("not-yet-valid", "the token's nbf or iat is yet to come");
const SUBJECT = problem("claim", "the token's sub or jti is no text");
const MISSING = problem("claim", "the token lacks a claim that is required");
const OTHER_KIND = problem("type", "the token is of another kind than is taken (typ)");

/** Null: nothing is wrong. `nowMs` is wall clock. */
export function judgeClaims(claims: JsonObject, rules: ClaimRules, nowMs: number): TokenProblem | null {
  if (claims["iss"] !== rules.issuer) return ISSUER;
  return judgeAudience(claims["aud"], rules.audiences) ?? judgeTimes(claims, rules, nowMs) ?? judgeMembers(claims, rules.required);
}

/** From when on the token is no longer good, in ms of wall clock; Infinity where it has no exp. Of claims that were judged. */
export function goodUntil(claims: JsonObject, clockSkewMs: number): number {
  const { exp } = claims;
  return typeof exp === "number" ? exp * 1000 + clockSkewMs : Number.POSITIVE_INFINITY;
}

/**
 * `types` as `typ` may say them, in lower case without `application/`. Null takes none, `jwt`, `at+jwt` and whatever names no kind of its
 * own: kinds of tokens that are no credentials of a caller end in `+jwt` or the like (RFC 8725 3.11: `dpop+jwt`, `logout+jwt`).
 */
export function judgeType(type: string | null, types: readonly string[] | null): TokenProblem | null {
  if (types !== null) return type !== null && types.includes(type) ? null : OTHER_KIND;
  return type === null || type === "at+jwt" || !type.includes("+") ? null : OTHER_KIND;
}

function judgeAudience(audience: unknown, audiences: readonly string[]): TokenProblem | null {
  if (audience === undefined) return AUDIENCE;
  if (typeof audience === "string") return audiences.includes(audience) ? null : AUDIENCE;
  if (!Array.isArray(audience)) return AUDIENCE_FORM;
  let isNamed = false;
  for (const each of audience as unknown[]) {
    if (typeof each !== "string") return AUDIENCE_FORM;
    isNamed ||= audiences.includes(each);
  }
  return isNamed ? null : AUDIENCE;
}

function judgeTimes(claims: JsonObject, { clockSkewMs, requireExpiry }: ClaimRules, nowMs: number): TokenProblem | null {
  const { exp, nbf, iat } = claims;
  if (!isDateOrNothing(exp) || !isDateOrNothing(nbf) || !isDateOrNothing(iat)) return DATE;
  if (exp === undefined) {
    if (requireExpiry) return NO_EXPIRY;
  } else if (nowMs >= exp * 1000 + clockSkewMs) return EXPIRED;
  const latestMs = nowMs + clockSkewMs;
  if (nbf !== undefined && nbf * 1000 > latestMs) return NOT_YET;
  if (iat !== undefined && iat * 1000 > latestMs) return NOT_YET;
  return null;
}

/** RFC 7519 2, NumericDate: seconds, with a fraction if need be. */
function isDateOrNothing(value: unknown): value is number | undefined {
  return value === undefined || (typeof value === "number" && value >= 0 && value <= LAST_SECOND);
}

function judgeMembers(claims: JsonObject, required: readonly string[]): TokenProblem | null {
  const { sub, jti } = claims;
  if ((sub !== undefined && typeof sub !== "string") || (jti !== undefined && typeof jti !== "string")) return SUBJECT;
  for (const name of required) {
    if (!Object.hasOwn(claims, name) || claims[name] === null) return MISSING;
  }
  return null;
}
