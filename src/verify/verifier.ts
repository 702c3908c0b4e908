// For services behind the gateway: whether a request came through it, and who called. It needs nothing but this file's neighbours and any
// server whose requests have headers.

import { type Clock, systemClock } from "../base/index.ts";
import { goodUntil, isTokenProblem, judgeClaims, judgeType, readToken, type TokenProblem, verifySignature } from "../tokens/index.ts";
import { type FetchKeys, type GatewayKeys, givenKeys, PublishedKeys } from "./gateway-keys.ts";
import { VerifyError } from "./verify-error.ts";

export interface VerifierOptions {
  /** `internalKeys.issuer` of the gateway. */
  readonly issuer: string;
  /** `internalToken.audience` of the upstream that the service is, or several. */
  readonly audience: string | readonly string[];
  /** Where the gateway publishes its keys, or a JWK Set. */
  readonly jwks: string | URL | { readonly keys: readonly object[] };
  /** `internalToken.header`; `X-Internal-Token` when left out. */
  readonly header?: string;
  /** By how much the clocks of both may differ; 5 s when left out. */
  readonly clockSkewMs?: number;
  /** For one reading of the keys; 3 s when left out. */
  readonly timeoutMs?: number;
  readonly clock?: Pick<Clock, "wall">;
  readonly fetch?: FetchKeys;
}

/** Who called, as the gateway says. */
export interface Caller {
  /** Null: nobody; the route is public, or its identity optional. Unique within `identity`. */
  readonly id: string | null;
  /** The identity of the gateway's configuration that vouches for it. */
  readonly identity: string | null;
  /** The kind of that identity: `jwt`, `apiKey`, `mtls`, … */
  readonly source: string | null;
  readonly tenant: string | null;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  /** Claims that the gateway shows. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Until when an answer is of use, in ms since 1970; null: the gateway does not say. */
  readonly deadlineMs: number | null;
}

/** Headers of a request, in the forms that servers have them. */
export type RequestHeaders = { get(name: string): string | null } | Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Verifier {
  /** Rejects with a VerifyError. */
  verify(headers: RequestHeaders): Promise<Caller>;
}

interface Verified {
  readonly caller: Caller;
  readonly untilMs: number;
}

const TOKEN_TYPES = ["sp-internal+jwt"];
const KEPT_TOKENS = 1000;

export function createVerifier(options: VerifierOptions): Verifier {
  return new TokenVerifier(options);
}

class TokenVerifier implements Verifier {
  readonly #keys: GatewayKeys;
  readonly #clock: Pick<Clock, "wall">;
  readonly #header: string;
  readonly #rules: Parameters<typeof judgeClaims>[1];
  /** The gateway shows one token many times: by its text, the oldest first. */
  readonly #kept = new Map<string, Verified>();

  constructor({
    issuer,
    audience,
    jwks,
    header = "X-Internal-Token",
    clockSkewMs = 5000,
    timeoutMs = 3000,
    clock = systemClock,
    fetch = globalThis.fetch,
  }: VerifierOptions) {
    const isUrl = typeof jwks === "string" || jwks instanceof URL;
    this.#keys = isUrl ? new PublishedKeys({ url: String(jwks), clock, fetch, timeoutMs }) : givenKeys(JSON.stringify(jwks));
    this.#clock = clock;
    this.#header = header.toLowerCase();
    const audiences = typeof audience === "string" ? [audience] : audience;
    this.#rules = { issuer, audiences, clockSkewMs, requireExpiry: true, required: [] };
  }

  async verify(headers: RequestHeaders): Promise<Caller> {
    const text = this.#readHeader(headers);
    const nowMs = this.#clock.wall();
    const kept = this.#kept.get(text);
    if (kept !== undefined && nowMs < kept.untilMs) return kept.caller;
    this.#kept.delete(text);
    const verified = await this.#judge(text, nowMs);
    if (this.#kept.size >= KEPT_TOKENS) this.#kept.delete(this.#kept.keys().next().value as string);
    this.#kept.set(text, verified);
    return verified.caller;
  }

  #readHeader(headers: RequestHeaders): string {
    const value =
      typeof headers["get"] === "function"
        ? headers.get(this.#header)
        : findHeader(headers as Exclude<RequestHeaders, { get(name: string): string | null }>, this.#header);
    if (value === null || value === "")
      throw new VerifyError("NO_TOKEN", `the request has no ${this.#header}: it did not come through the gateway`);
    if (this.#header !== "authorization") return value;
    if (!/^bearer /i.test(value)) throw new VerifyError("NO_TOKEN", "Authorization is no bearer token");
    return value.slice("bearer ".length);
  }

  async #judge(text: string, nowMs: number): Promise<Verified> {
    const token = readToken(text);
    if (isTokenProblem(token)) throw toError(token);
    const wrongType = judgeType(token.type, TOKEN_TYPES);
    if (wrongType !== null) throw toError(wrongType);
    const keys = await this.#keys.find(token.kid);
    if (keys === null) throw new VerifyError("KEYS_UNAVAILABLE", "the gateway's keys could not be read");
    if (!keys.some((key) => verifySignature(token, key)))
      throw new VerifyError("BAD_TOKEN", "it is signed by no key that the gateway publishes");
    const wrong = judgeClaims(token.claims, this.#rules, nowMs);
    if (wrong !== null) throw toError(wrong);
    return { caller: toCaller(token.claims), untilMs: goodUntil(token.claims, this.#rules.clockSkewMs) };
  }
}

function findHeader(headers: Readonly<Record<string, string | readonly string[] | undefined>>, lower: string): string | null {
  const values = Object.keys(headers)
    .filter((name) => name.toLowerCase() === lower)
    .flatMap((name) => headers[name] ?? []);
  if (values.length > 1) throw new VerifyError("BAD_TOKEN", `the request has several ${lower}`);
  return values[0] ?? null;
}

function toError({ reason, detail }: TokenProblem): VerifyError {
  const code = reason === "expired" ? "EXPIRED" : reason === "audience" ? "WRONG_AUDIENCE" : "BAD_TOKEN";
  return new VerifyError(code, detail);
}

function toCaller(claims: Readonly<Record<string, unknown>>): Caller {
  const text = (name: string) => (typeof claims[name] === "string" ? claims[name] : null);
  const { roles, claims: shown, dl } = claims;
  return Object.freeze({
    id: text("sub"),
    identity: text("identity"),
    source: text("source"),
    tenant: text("tenant"),
    roles: Array.isArray(roles) ? roles.filter((role) => typeof role === "string") : [],
    scopes: (text("scope") ?? "").split(" ").filter((scope) => scope !== ""),
    claims: typeof shown === "object" && shown !== null && !Array.isArray(shown) ? (shown as Caller["claims"]) : {},
    deadlineMs: typeof dl === "number" ? dl : null,
  });
}
