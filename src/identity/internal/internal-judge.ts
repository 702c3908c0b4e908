// Judges an internal token that has not been seen before: whether a gateway that is trusted signed it, for this one, and for whom it speaks.
// Not hot; what comes of it is kept by internal-identity.ts.

import type { Fault } from "../../base/index.ts";
import type { InternalIdentity } from "../../config/index.ts";
import { Principal } from "../../pipeline/index.ts";
import {
  type ClaimRules,
  goodUntil,
  isTokenProblem,
  judgeClaims,
  judgeType,
  readToken,
  type TokenKey,
  type TokenProblem,
  type UnverifiedToken,
  verifySignature,
} from "../../tokens/index.ts";
import * as AUTH from "../faults.ts";
import type { IdentityHost } from "../identity.ts";
import type { KeySource } from "../keys/index.ts";
import { PrincipalMaker } from "../principal-maker.ts";
import type { VerificationBudget } from "../verification-budget.ts";

/** Clocks of gateways are kept; a token has a minute. */
export const SKEW_MS = 5000;
const TYPES = ["sp-internal+jwt"];
const ALGORITHMS: readonly string[] = ["EdDSA", "ES256"];

/** What a good token is remembered as. */
export interface InternalVerdict {
  /** Null: the gateway vouches for the request, and nobody is behind it. */
  readonly principal: Principal | null;
  /** Until when an answer is of use, wall clock; null: it does not say. */
  readonly deadlineMs: number | null;
  readonly key: TokenKey;
  readonly keys: KeySource;
  readonly goodUntilMs: number;
}

export type InternalJudgement = InternalVerdict | Fault;

export function isInternalVerdict(judgement: InternalJudgement): judgement is InternalVerdict {
  return "principal" in judgement;
}

export class InternalJudge {
  readonly #config: InternalIdentity;
  readonly #clock: IdentityHost["clock"];
  readonly #budget: VerificationBudget;
  readonly #maker: PrincipalMaker;
  readonly #trusted: ReadonlyMap<string, { readonly keys: KeySource; readonly rules: ClaimRules }>;

  constructor(config: InternalIdentity, clock: IdentityHost["clock"], keysOf: ReadonlyMap<string, KeySource>, budget: VerificationBudget) {
    this.#config = config;
    this.#clock = clock;
    this.#budget = budget;
    this.#maker = new PrincipalMaker(config);
    const { audiences } = config;
    this.#trusted = new Map(
      [...keysOf].map(([issuer, keys]) => [
        issuer,
        { keys, rules: { issuer, audiences, clockSkewMs: SKEW_MS, requireExpiry: true, required: [] } },
      ]),
    );
  }

  /** A problem says whose token it isn't: one that can't be read, or of an issuer that is not trusted. */
  read(text: string): UnverifiedToken | TokenProblem {
    const token = readToken(text);
    if (isTokenProblem(token)) return token;
    if (token.issuer !== null && this.#trusted.has(token.issuer)) return token;
    return { reason: "issuer", detail: "the token is of an issuer that is not among `trust`" };
  }

  /** Of a token that read() gave. A promise where the gateway's keys must be read first; it never rejects. */
  judge(token: UnverifiedToken, clientAddress: string): InternalJudgement | Promise<InternalJudgement> {
    const { keys } = this.#trusted.get(token.issuer ?? "")!;
    if (!ALGORITHMS.includes(token.algorithm)) return this.refuse({ reason: "algorithm", detail: "internal tokens are EdDSA or ES256" });
    // Our tokens always name their key.
    const key = token.kid === null ? undefined : keys.find(token.kid).at(0);
    return key === undefined ? this.#judgeLater(token, keys, clientAddress) : this.#judgeWith(key, token, clientAddress);
  }

  refuse({ reason, detail }: TokenProblem): Fault {
    const fault = reason === "expired" ? AUTH.EXPIRED : AUTH.BAD_CREDENTIAL;
    return fault.with(`${this.#config.name}: ${detail}`);
  }

  async #judgeLater(token: UnverifiedToken, keys: KeySource, clientAddress: string): Promise<InternalJudgement> {
    if (token.kid !== null) await keys.refresh();
    if (!keys.isReady) return AUTH.UNAVAILABLE.with(`${this.#config.name}: the keys of ${token.issuer} can't be had: ${keys.problem}`);
    const key = token.kid === null ? undefined : keys.find(token.kid).at(0);
    if (key === undefined) return this.refuse({ reason: "key", detail: "the gateway that it names has no key of the token's kid" });
    return this.#judgeWith(key, token, clientAddress);
  }

  #judgeWith(key: TokenKey, token: UnverifiedToken, clientAddress: string): InternalJudgement {
    const seconds = this.#budget.spend(clientAddress);
    if (seconds > 0) return AUTH.TOO_MANY.telling({ detail: null, retryAfterSeconds: seconds });
    if (!verifySignature(token, key)) return this.refuse({ reason: "signature", detail: "the signature is not of the key that it names" });
    const { claims, type } = token;
    const { keys, rules } = this.#trusted.get(token.issuer ?? "")!;
    const problem = judgeType(type, TYPES) ?? judgeClaims(claims, rules, this.#clock.wall());
    if (problem !== null) return this.refuse(problem);
    const goodUntilMs = goodUntil(claims, SKEW_MS);
    const principal = claims["sub"] === undefined ? null : this.#maker.make(widen(claims), { expiresAtMs: goodUntilMs });
    if (principal !== null && !(principal instanceof Principal)) return this.refuse({ reason: "claim", detail: principal });
    this.#budget.giveBack(clientAddress, 1);
    return { principal, deadlineMs: typeof claims["dl"] === "number" ? claims["dl"] : null, key, keys, goodUntilMs };
  }
}

/** What only the gateway itself may say, by leaving it out as well: a caller without roles has none, whatever its own claims call roles. */
const OWN = ["iss", "aud", "iat", "exp", "nbf", "jti", "sub", "identity", "source", "tenant", "roles", "scope", "claims", "dl"];

/** Claims that the other gateway shows are found by the names that they had there. */
function widen(claims: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const shown = claims["claims"];
  if (typeof shown !== "object" || shown === null || Array.isArray(shown)) return claims;
  return { ...Object.fromEntries(Object.entries(shown).filter(([name]) => !OWN.includes(name))), ...claims };
}
