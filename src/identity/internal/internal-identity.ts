// An identity whose credential is the token by which another gateway of ours says who called it, and until when an answer is of use. So who
// was identified at the edge is the same one here, and nobody waits here for what nobody waits for there. @hot

import type { Fault } from "../../base/index.ts";
import type { InternalIdentity } from "../../config/index.ts";
import { FIELD, fieldName } from "../../http/index.ts";
import { EXCHANGE, type Exchange, type Principal, REQUEST } from "../../pipeline/index.ts";
import { isTokenProblem, MAX_TOKEN } from "../../tokens/index.ts";
import * as AUTH from "../faults.ts";
import { type Carriers, type Identity, type IdentityHost, type IdentityWatcher, NO_CARRIERS, type Outcome } from "../identity.ts";
import { digestToken } from "../jwt/token-digest.ts";
import { TokenReader, TWICE } from "../jwt/token-place.ts";
import type { KeySource } from "../keys/index.ts";
import { TokenCache } from "../token-cache.ts";
import type { VerificationBudget } from "../verification-budget.ts";
import { InternalJudge, type InternalJudgement, type InternalVerdict, isInternalVerdict } from "./internal-judge.ts";

/** A gateway shows one token for each of its callers and minute, unless they carry deadlines: then these pass through. */
const KEPT_TOKENS = 10_000;
/** What one holds of our memory, beside what its text says. */
const ENTRY_BYTES = 1024;
const KEPT_BYTES = KEPT_TOKENS * 4096;

export class InternalCredentials implements Identity {
  readonly name: string;
  readonly source = "internal";
  readonly carriers: Carriers;
  readonly challenge: string | null;
  readonly #isBearer: boolean;
  readonly #reader: TokenReader;
  readonly #judge: InternalJudge;
  readonly #keys: readonly KeySource[];
  readonly #clock: IdentityHost["clock"];
  readonly #watcher: IdentityWatcher;
  readonly #verified = new TokenCache<InternalVerdict>({ tokens: KEPT_TOKENS, bytes: KEPT_BYTES });
  readonly #twice: Fault;

  constructor(
    config: InternalIdentity,
    host: Pick<IdentityHost, "clock" | "watcher">,
    keysOf: ReadonlyMap<string, KeySource>,
    budget: VerificationBudget,
  ) {
    const field = fieldName(config.header);
    this.name = config.name;
    this.#isBearer = field.lower === FIELD.AUTHORIZATION.lower;
    this.carriers = this.#isBearer ? NO_CARRIERS : { fields: [field], cookies: [], parameters: [] };
    this.challenge = this.#isBearer ? `Bearer realm="${config.name}"` : null;
    this.#reader = new TokenReader(this.#isBearer ? { kind: "bearer" } : { kind: "header", name: config.header });
    this.#judge = new InternalJudge(config, host.clock, keysOf, budget);
    this.#keys = Array.from(keysOf.values());
    this.#clock = host.clock;
    this.#watcher = host.watcher;
    this.#twice = this.#judge.refuse({ reason: "malformed", detail: "the request has two tokens" });
  }

  identify(exchange: Exchange): Outcome {
    const text = this.#reader.read(exchange.head.fields);
    if (text === null) return null;
    if (text === TWICE) return this.#twice;
    if (text.length > MAX_TOKEN) return this.#look(text, "", exchange);
    const digest = digestToken(text);
    const known = this.#verified.find(digest, this.#clock.wall());
    if (known === null || !known.keys.isGood(known.key)) return this.#look(text, digest, exchange);
    this.#watcher.onLookup(this.name, true);
    return this.#admit(exchange, known);
  }

  close(): void {
    for (let i = 0; i < this.#keys.length; i++) this.#keys[i]!.close();
  }

  #look(text: string, digest: string, exchange: Exchange): Outcome {
    const token = this.#judge.read(text);
    // A bearer token that is none of ours may be another identity's; what stands in a field of our own is nobody else's.
    if (isTokenProblem(token)) return this.#isBearer ? null : this.#judge.refuse(token);
    this.#watcher.onLookup(this.name, false);
    const judgement = this.#judge.judge(token, exchange.clientAddress);
    if (!(judgement instanceof Promise)) return this.#take(judgement, digest, text.length, exchange);
    // Who waited can't be let through as nobody any more, only refused. hot-exception: only where keys must be read first, jwt.bench.ts
    return judgement.then((later) => this.#take(later, digest, text.length, exchange) ?? AUTH.NO_CREDENTIAL);
  }

  #take(judgement: InternalJudgement, digest: string, length: number, exchange: Exchange): Principal | Fault | null {
    if (!isInternalVerdict(judgement)) return judgement;
    this.#verified.keep(digest, judgement, judgement.goodUntilMs, ENTRY_BYTES + 2 * length);
    return this.#admit(exchange, judgement);
  }

  #admit(exchange: Exchange, { principal, deadlineMs }: InternalVerdict): Principal | Fault | null {
    if (deadlineMs === null || exchange.stage !== REQUEST) return principal;
    const leftMs = deadlineMs - this.#clock.wall();
    if (leftMs <= 0) return EXCHANGE.DEADLINE.with("the deadline in its token had passed when the request came");
    exchange.answerWithin(exchange.runtime.wheel.nowMs - exchange.startedMs + leftMs);
    return principal;
  }
}
