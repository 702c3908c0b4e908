// An identity whose credential is a signed token (RFC 7519). A token that was verified is known by its digest from then on, and costs that
// and two look-ups; everything else is token-judge.ts's. @hot

import type { Fault } from "../../base/index.ts";
import type { JwtIdentity } from "../../config/index.ts";
import { fieldName } from "../../http/index.ts";
import type { Exchange, Principal } from "../../pipeline/index.ts";
import { isTokenProblem, MAX_TOKEN } from "../../tokens/index.ts";
import * as AUTH from "../faults.ts";
import { type Carriers, type Identity, type IdentityHost, type IdentityWatcher, NO_CARRIERS, type Outcome } from "../identity.ts";
import type { KeySource } from "../keys/index.ts";
import { TokenCache } from "../token-cache.ts";
import type { VerificationBudget } from "../verification-budget.ts";
import { digestToken } from "./token-digest.ts";
import { isVerdict, type Judgement, TokenJudge, type Verdict } from "./token-judge.ts";
import { TokenReader, TWICE } from "./token-place.ts";

/** What a remembered token holds of our memory, beside what its text says: jwt.bench.ts. */
const ENTRY_BYTES = 1024;
/** Memory for each of the tokens that may be remembered, on the average; a few large ones leave room for fewer. */
const BYTES_EACH = 4096;
const FOREIGN_BYTES = 256;

export class JwtCredentials implements Identity {
  readonly name: string;
  readonly source = "jwt";
  readonly carriers: Carriers;
  readonly challenge: string | null;
  readonly isAmbient: boolean;
  readonly #isBearer: boolean;
  readonly #reader: TokenReader;
  readonly #judge: TokenJudge;
  readonly #keys: KeySource;
  readonly #clock: IdentityHost["clock"];
  readonly #watcher: IdentityWatcher;
  readonly #verified: TokenCache<Verdict>;
  /** Bearer tokens that are not ours to judge, whoever's they are: that is a fact of their text, and is found out once. */
  readonly #foreign: TokenCache<true>;
  readonly #twice: Fault;

  constructor(config: JwtIdentity, host: Pick<IdentityHost, "clock" | "watcher">, keys: KeySource, budget: VerificationBudget) {
    this.name = config.name;
    this.carriers = carriersOf(config);
    this.#isBearer = config.from.kind === "bearer";
    this.isAmbient = config.from.kind === "cookie";
    this.challenge = this.#isBearer ? `Bearer realm="${config.name}"` : null;
    this.#reader = new TokenReader(config.from);
    this.#judge = new TokenJudge(config, { clock: host.clock, keys, budget });
    this.#keys = keys;
    this.#clock = host.clock;
    this.#watcher = host.watcher;
    this.#verified = new TokenCache({ tokens: config.cachedTokens, bytes: config.cachedTokens * BYTES_EACH });
    this.#foreign = new TokenCache({ tokens: config.cachedTokens, bytes: config.cachedTokens * FOREIGN_BYTES });
    this.#twice = this.#judge.refuse({ reason: "malformed", detail: "the request has two tokens" });
  }

  identify(exchange: Exchange): Outcome {
    const text = this.#reader.read(exchange.head.fields);
    if (text === null) return null;
    if (text === TWICE) return this.#twice;
    if (text.length > MAX_TOKEN) return this.#pass(text);
    const digest = digestToken(text);
    const nowMs = this.#clock.wall();
    const known = this.#verified.find(digest, nowMs);
    if (known !== null) {
      if (this.#keys.isGood(known.key)) {
        this.#watcher.onLookup(this.name, true);
        return known.principal;
      }
      this.#verified.forget(digest);
    }
    if (!isThreeParts(text)) return this.#pass(text);
    if (this.#isBearer && this.#foreign.find(digest, nowMs) !== null) return null;
    return this.#look(text, digest, exchange.clientAddress);
  }

  close(): void {
    this.#keys.close();
  }

  /** A bearer token that can't be read may be another identity's; what stands in a place of our own is nobody else's. */
  #pass(text: string): Fault | null {
    if (this.#isBearer) return null;
    const token = this.#judge.read(text);
    return isTokenProblem(token) ? this.#judge.refuse(token) : AUTH.BAD_CREDENTIAL;
  }

  #look(text: string, digest: string, clientAddress: string): Outcome {
    const token = this.#judge.read(text);
    if (isTokenProblem(token)) {
      if (!this.#isBearer) return this.#judge.refuse(token);
      this.#foreign.keep(digest, true, Number.POSITIVE_INFINITY, FOREIGN_BYTES);
      return null;
    }
    this.#watcher.onLookup(this.name, false);
    const judgement = this.#judge.judge(token, clientAddress);
    if (!(judgement instanceof Promise)) return this.#take(judgement, digest, text.length);
    // hot-exception: only where keys must be read first, jwt.bench.ts
    return judgement.then((later) => this.#take(later, digest, text.length));
  }

  #take(judgement: Judgement, digest: string, length: number): Principal | Fault {
    if (!isVerdict(judgement)) return judgement;
    this.#verified.keep(digest, judgement, judgement.goodUntilMs, ENTRY_BYTES + 2 * length);
    return judgement.principal;
  }
}

function carriersOf({ from }: JwtIdentity): Carriers {
  if (from.kind === "bearer") return NO_CARRIERS;
  return from.kind === "header"
    ? { fields: [fieldName(from.name)], cookies: [], parameters: [] }
    : { fields: [], cookies: [from.name], parameters: [] };
}

function isThreeParts(text: string): boolean {
  const first = text.indexOf(".");
  if (first < 0) return false;
  const second = text.indexOf(".", first + 1);
  return second > 0 && text.indexOf(".", second + 1) < 0;
}
