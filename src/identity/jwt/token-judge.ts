// Judges a token that has not been seen before: whose it is, whether a key of the issuer signed it, whether it is good here and now, and who
// it is of. Not hot; what comes of it is kept by jwt-identity.ts.

import type { Fault } from "../../base/index.ts";
import type { JwtIdentity } from "../../config/index.ts";
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
import { PrincipalMaker, readClaim } from "../principal-maker.ts";
import type { VerificationBudget } from "../verification-budget.ts";

/** A token without `kid` is tried with the keys that fit; issuers have one or two of a kind. */
const MOST_KEYS = 4;

/** What a good token is remembered as. */
export interface Verdict {
  readonly principal: Principal;
  /** The key that signed it: when that is no longer good, neither is the token. */
  readonly key: TokenKey;
  /** Wall clock, the skew included; Infinity for a token without end. */
  readonly goodUntilMs: number;
}

export type Judgement = Verdict | Fault;

export function isVerdict(judgement: Judgement): judgement is Verdict {
  return "principal" in judgement;
}

export interface JudgeParts {
  readonly clock: IdentityHost["clock"];
  readonly keys: KeySource;
  readonly budget: VerificationBudget;
}

export class TokenJudge {
  readonly #config: JwtIdentity;
  readonly #parts: JudgeParts;
  readonly #rules: ClaimRules;
  readonly #maker: PrincipalMaker;

  constructor(config: JwtIdentity, parts: JudgeParts) {
    this.#config = config;
    this.#parts = parts;
    const { issuer, audiences, clockSkewMs, requireExpiry } = config;
    // Required claims may be within others, which readClaim knows.
    this.#rules = { issuer, audiences, clockSkewMs, requireExpiry, required: [] };
    this.#maker = new PrincipalMaker(config);
  }

  /** A problem that says whose token it isn't: one that can't be read, or of another issuer. */
  read(text: string): UnverifiedToken | TokenProblem {
    const token = readToken(text);
    if (isTokenProblem(token)) return token;
    return token.issuer === this.#config.issuer ? token : { reason: "issuer", detail: "the token is of another issuer, or says none" };
  }

  /** Of a token of this issuer. A promise where the keys must be read first; it never rejects. */
  judge(token: UnverifiedToken, clientAddress: string): Judgement | Promise<Judgement> {
    if (!this.#config.algorithms.includes(token.algorithm))
      return this.refuse({ reason: "algorithm", detail: "the token's algorithm is not allowed" });
    const keys = this.#findKeys(token);
    if (keys.length === 0) return this.#judgeLater(token, clientAddress);
    const judgement = this.#judgeWith(keys, token, clientAddress);
    // Without a name, that none of the keys fits may mean that there is a newer one.
    return judgement ?? (token.kid === null ? this.#judgeLater(token, clientAddress) : this.refuse(BAD_SIGNATURE));
  }

  refuse({ reason, detail }: TokenProblem): Fault {
    const fault = reason === "expired" ? AUTH.EXPIRED : AUTH.BAD_CREDENTIAL;
    return fault.with(`${this.#config.name}: ${detail}`);
  }

  async #judgeLater(token: UnverifiedToken, clientAddress: string): Promise<Judgement> {
    const { keys } = this.#parts;
    const { version } = keys;
    await keys.refresh();
    if (!keys.isReady) return AUTH.UNAVAILABLE.with(`${this.#config.name}: the issuer's keys can't be had: ${keys.problem}`);
    const found = this.#findKeys(token);
    if (found.length === 0) return this.refuse({ reason: "key", detail: "no key of the issuer's fits the token's kid and algorithm" });
    // Keys that were tried already are not tried again.
    if (token.kid === null && keys.version === version) return this.refuse(BAD_SIGNATURE);
    return this.#judgeWith(found, token, clientAddress) ?? this.refuse(BAD_SIGNATURE);
  }

  #findKeys({ algorithm, kid }: UnverifiedToken): readonly TokenKey[] {
    return this.#parts.keys
      .find(kid)
      .filter((key) => key.algorithms.includes(algorithm))
      .slice(0, MOST_KEYS);
  }

  /** Null: none of the keys signed it. */
  #judgeWith(keys: readonly TokenKey[], token: UnverifiedToken, clientAddress: string): Judgement | null {
    const { budget } = this.#parts;
    let spent = 0;
    for (const key of keys) {
      const seconds = budget.spend(clientAddress);
      if (seconds > 0) return AUTH.TOO_MANY.telling({ detail: null, retryAfterSeconds: seconds });
      spent++;
      if (!verifySignature(token, key)) continue;
      const judgement = this.#judgeSigned(token, key);
      if (isVerdict(judgement)) budget.giveBack(clientAddress, spent);
      return judgement;
    }
    return null;
  }

  #judgeSigned({ claims, type }: UnverifiedToken, key: TokenKey): Judgement {
    const { clockSkewMs, required, types } = this.#config;
    const problem = judgeType(type, types) ?? judgeClaims(claims, this.#rules, this.#parts.clock.wall());
    if (problem !== null) return this.refuse(problem);
    const missing = required.find((name) => (readClaim(claims, name) ?? null) === null);
    if (missing !== undefined) return this.refuse({ reason: "claim", detail: `the token lacks the claim ${missing}, which is required` });
    const goodUntilMs = goodUntil(claims, clockSkewMs);
    const principal = this.#maker.make(claims, { expiresAtMs: Number.isFinite(goodUntilMs) ? goodUntilMs : null });
    if (!(principal instanceof Principal)) return this.refuse({ reason: "claim", detail: principal });
    return { principal, key, goodUntilMs };
  }
}

const BAD_SIGNATURE: TokenProblem = { reason: "signature", detail: "the signature is not of a key of the issuer's" };
