// Bearer tokens that mean nothing to who carries them: their issuer is asked, once for all requests that carry the same one at the same
// time, and its word is believed for a while. A flood of tokens that nobody knows does not reach the issuer as one: what is asked at once is
// bounded, and so is what one client may have asked. @hot

import type { Clock, Fault } from "../../base/index.ts";
import type { IntrospectionIdentity } from "../../config/index.ts";
import type { Exchange, Principal } from "../../pipeline/index.ts";
import { EXPIRED, TOO_MANY, UNAVAILABLE } from "../faults.ts";
import { type Identity, type IdentityHost, type IdentityWatcher, NO_CARRIERS, type Outcome } from "../identity.ts";
import { digestToken } from "../jwt/token-digest.ts";
import type { VerificationBudget } from "../verification-budget.ts";
import { Asker } from "./asker.ts";
import { readBearer } from "./bearer.ts";

/** Questions under way; who comes then is told at once that nobody can be asked. */
const MOST_AT_ONCE = 64;

const BUSY = `${MOST_AT_ONCE} tokens are being asked about already`;

/** `budget` is shared by all identities of a worker. */
export function createIntrospectionIdentity(config: IntrospectionIdentity, host: IdentityHost, budget: VerificationBudget): Identity {
  return new IntrospectedTokens(config, host, budget);
}

class IntrospectedTokens implements Identity {
  readonly name: string;
  readonly source = "introspection";
  readonly carriers = NO_CARRIERS;
  readonly challenge: string;
  readonly #clock: Clock;
  readonly #watcher: IdentityWatcher;
  readonly #budget: VerificationBudget;
  readonly #asker: Asker;
  readonly #busy: Fault;

  constructor(config: IntrospectionIdentity, host: IdentityHost, budget: VerificationBudget) {
    this.name = config.name;
    this.challenge = `Bearer realm="${config.name}"`;
    this.#clock = host.clock;
    this.#watcher = host.watcher;
    this.#budget = budget;
    this.#asker = new Asker(config, host, budget);
    this.#busy = UNAVAILABLE.with(`${config.name}: ${BUSY}`);
  }

  identify(exchange: Exchange): Outcome {
    const token = readBearer(exchange.head.fields);
    if (token === null || typeof token !== "string") return token;
    const asker = this.#asker;
    const digest = digestToken(token);
    const nowMs = this.#clock.now();
    const known: Principal | Fault | null = asker.good.find(digest, nowMs) ?? asker.bad.find(digest, nowMs);
    this.#watcher.onLookup(this.name, known !== null);
    if (known !== null) return this.#isPast(known) ? EXPIRED.with(`${this.name}: the token has expired`) : known;
    const underWay = asker.underWay.get(digest);
    if (underWay !== undefined) return underWay;
    if (asker.underWay.size >= MOST_AT_ONCE) return this.#refuseBusy();
    const seconds = this.#budget.spend(exchange.clientAddress);
    if (seconds > 0) return TOO_MANY.telling({ detail: null, retryAfterSeconds: seconds });
    return asker.ask(token, digest, exchange.clientAddress);
  }

  close(): void {}

  #refuseBusy(): Fault {
    this.#watcher.onAsked(this.name, "introspection", false, BUSY);
    return this.#busy;
  }

  /** The wall clock may have jumped since it was asked about. */
  #isPast(known: Principal | Fault): boolean {
    return "expiresAtMs" in known && known.expiresAtMs !== null && this.#clock.wall() >= known.expiresAtMs;
  }
}
