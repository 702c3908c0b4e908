// A browser's session: what the provider said of somebody and gave for them, and when each of it ends. Sealed, it is in the cookie itself or
// in the store.

import { randomBytes } from "node:crypto";
import type { Claims } from "../../pipeline/index.ts";

/** What came of a code or a refresh token. */
export interface Tokens {
  /** Of the id token. */
  readonly claims: Claims;
  /** Of the userinfo endpoint. */
  readonly info: Claims;
  readonly accessToken: string;
  /** Null: it can't be refreshed. */
  readonly refreshToken: string | null;
  readonly idToken: string | null;
  readonly scope: string | null;
  /** Wall clock, in ms; null: the provider says nothing of it. */
  readonly accessEndsAtMs: number | null;
  /** From when a request has it refreshed. */
  readonly refreshAtMs: number | null;
}

export interface Session extends Tokens {
  /** Names this session alone; another one at each login. */
  readonly id: string;
  readonly subject: string;
  readonly startedAtMs: number;
  /** When a request last moved its idle end. */
  readonly seenAtMs: number;
  /** Until when a worker that told the store so refreshes it. */
  readonly busyUntilMs: number;
}

export interface SessionEnds {
  readonly idleMs: number;
  readonly lifetimeMs: number;
}

const FORM = 1;

/** Said of the token alone, and of no use to whoever reads claims. */
const ABOUT_THE_TOKEN = new Set(["iss", "aud", "azp", "exp", "iat", "nbf", "jti", "nonce", "at_hash", "c_hash", "s_hash", "rt_hash"]);

export function pickClaims(claims: Claims): Claims {
  return Object.fromEntries(Object.entries(claims).filter(([name]) => !ABOUT_THE_TOKEN.has(name)));
}

/** All that a principal is made of: what the signed token says counts more than what userinfo does. */
export function claimsOf({ claims, info, scope }: Tokens): Claims {
  return { ...(scope === null ? {} : { scope }), ...info, ...claims };
}

/** When it is over if nothing happens. */
export function endOf(session: Session, { idleMs, lifetimeMs }: SessionEnds): number {
  return Math.min(session.seenAtMs + idleMs, lastEndOf(session, { lifetimeMs }));
}

/** When it is over whatever happens: without a refresh token that is the end of its access token. */
export function lastEndOf(session: Session, { lifetimeMs }: Pick<SessionEnds, "lifetimeMs">): number {
  const lifetimeEnd = session.startedAtMs + lifetimeMs;
  const canRefresh = session.refreshToken !== null || session.accessEndsAtMs === null;
  return canRefresh ? lifetimeEnd : Math.min(lifetimeEnd, session.accessEndsAtMs);
}

export function isOver(session: Session, ends: SessionEnds, nowMs: number): boolean {
  return nowMs >= endOf(session, ends);
}

/** A list, as short as can be: it may have to fit in a cookie. */
export function encodeSession(session: Session): unknown {
  const { claims, info, accessToken, refreshToken, idToken, scope, accessEndsAtMs, refreshAtMs } = session;
  const tokens = [claims, info, accessToken, refreshToken, idToken, scope, accessEndsAtMs, refreshAtMs];
  return [FORM, session.id, session.subject, session.startedAtMs, session.seenAtMs, session.busyUntilMs, ...tokens];
}

/** Null for what a gateway of another version sealed. */
export function decodeSession(value: unknown): Session | null {
  if (!Array.isArray(value) || value.length !== 14 || value[0] !== FORM) return null;
  const [
    ,
    id,
    subject,
    startedAtMs,
    seenAtMs,
    busyUntilMs,
    claims,
    info,
    accessToken,
    refreshToken,
    idToken,
    scope,
    accessEndsAtMs,
    refreshAtMs,
  ] = value as [
    unknown,
    string,
    string,
    number,
    number,
    number,
    Claims,
    Claims,
    string,
    string | null,
    string | null,
    string | null,
    number | null,
    number | null,
  ];
  return {
    id,
    subject,
    startedAtMs,
    seenAtMs,
    busyUntilMs,
    claims,
    info,
    accessToken,
    refreshToken,
    idToken,
    scope,
    accessEndsAtMs,
    refreshAtMs,
  };
}

export function newSession(tokens: Tokens, nowMs: number): Session {
  const { sub } = tokens.claims;
  const id = randomBytes(16).toString("base64url");
  return { ...tokens, id, subject: typeof sub === "string" ? sub : "", startedAtMs: nowMs, seenAtMs: nowMs, busyUntilMs: 0 };
}
