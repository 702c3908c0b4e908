// Keys of the gateway's own store as an identity. A key that is known costs a digest and a look into a map. What is known is believed as
// long as the store tells of changes (key-feed.ts); else each key is read anew, and nobody is let in when that can't be done. @hot
// The digest is SHA-256: a key is 196 bits of chance, which nobody finds by trying. Slow hashes are for what people choose.

import { hash } from "node:crypto";
import type { Clock, Fault } from "../../base/index.ts";
import type { ApiKeyIdentity } from "../../config/index.ts";
import type { Exchange } from "../../pipeline/index.ts";
import { BAD_CREDENTIAL, UNAVAILABLE } from "../faults.ts";
import type { Carriers, Identity, IdentityHost, IdentityWatcher, Outcome } from "../identity.ts";
import { BELIEVED_MS, KeyFeed, type KeyFeedEvents } from "./key-feed.ts";
import { isKey, seemsKey } from "./key-format.ts";
import { KeyLookup } from "./key-lookup.ts";
import { createKeyPlace, type KeyPlace } from "./key-place.ts";

/** Readings under way; who comes then is told at once that the store can't be asked. */
const MOST_AT_ONCE = 64;

/** What clients may have looked up, by address. */
export interface LookupBudget {
  /** A fault: there is nothing left of it. */
  take(address: string): Fault | null;
  /** The key was good: it costs nothing. */
  giveBack(address: string): void;
}

/** Lower-case hexadecimal: as a record has it. */
export function digestOf(key: string): string {
  return hash("sha256", key, "hex");
}

/** `host.stores` must be there. `budget` null bounds nothing by client. */
export function createApiKeyIdentity(config: ApiKeyIdentity, host: IdentityHost, budget: LookupBudget | null = null): Identity {
  return new ApiKeys(config, host, budget);
}

class ApiKeys implements Identity {
  readonly name: string;
  readonly source = "apiKey";
  readonly carriers: Carriers;
  readonly challenge: string | null;
  readonly isAmbient: boolean;
  readonly #clock: Clock;
  readonly #watcher: IdentityWatcher;
  readonly #budget: LookupBudget | null;
  readonly #place: KeyPlace;
  readonly #lookup: KeyLookup;
  readonly #feed: KeyFeed;
  readonly #believedMs: number;
  readonly #malformed: Fault;
  readonly #busy: Fault;

  constructor(config: ApiKeyIdentity, host: IdentityHost, budget: LookupBudget | null) {
    const { name, trustWithoutStoreMs } = config;
    if (host.stores === null) throw new Error(`the identity ${name} needs a database, and there is none`);
    const { clock, wheel, watcher, stores } = host;
    this.name = name;
    this.#clock = clock;
    this.#watcher = watcher;
    this.#budget = budget;
    this.#place = createKeyPlace(config.from);
    this.carriers = this.#place.carriers;
    this.challenge = this.#place.challenge(name);
    this.isAmbient = config.from.kind === "cookie";
    this.#believedMs = Math.max(BELIEVED_MS, trustWithoutStoreMs);
    this.#malformed = BAD_CREDENTIAL.with(`${name}: it does not have the form of a key`);
    this.#busy = UNAVAILABLE.with(`${name}: ${MOST_AT_ONCE} keys are being looked up already`);
    const lookup = new KeyLookup(config, host, stores.apiKeys);
    this.#lookup = lookup;
    this.#feed = new KeyFeed(stores.apiKeys, clock, wheel, new Changes(name, lookup, watcher));
  }

  identify(exchange: Exchange): Outcome {
    const key = this.#place.read(exchange);
    if (key === null || typeof key !== "string") return key;
    if (!seemsKey(key)) return this.#malformed;
    const digest = digestOf(key);
    const lookup = this.#lookup;
    const nowMs = this.#clock.now();
    const known = nowMs - this.#feed.goodAtMs < this.#believedMs ? lookup.known.get(digest, nowMs) : null;
    if (known === null && !isKey(key)) return this.#malformed;
    this.#watcher.onLookup(this.name, known !== null);
    if (known !== null) return lookup.judge(known);
    const underWay = lookup.find(digest);
    if (underWay !== null) return underWay;
    if (lookup.underWay >= MOST_AT_ONCE) return this.#busy;
    const budget = this.#budget;
    if (budget === null) return lookup.start(digest);
    const refusal = budget.take(exchange.clientAddress);
    return refusal !== null ? refusal : giveBackIfGood(lookup.start(digest), budget, exchange.clientAddress);
  }

  close(): void {
    this.#feed.close();
    this.#lookup.known.clear();
  }
}

class Changes implements KeyFeedEvents {
  readonly #name: string;
  readonly #lookup: KeyLookup;
  readonly #watcher: IdentityWatcher;

  constructor(name: string, lookup: KeyLookup, watcher: IdentityWatcher) {
    this.#name = name;
    this.#lookup = lookup;
    this.#watcher = watcher;
  }

  onChanged(digest: string): void {
    this.#lookup.onChanged(digest);
  }

  onAllChanged(): void {
    this.#lookup.onAllChanged();
  }

  onPolled(isGood: boolean, detail: string): void {
    this.#watcher.onAsked(this.#name, "changes", isGood, detail);
  }
}

function giveBackIfGood(outcome: ReturnType<KeyLookup["start"]>, budget: LookupBudget, address: string): ReturnType<KeyLookup["start"]> {
  // hot-exception: once a look-up, api-key.bench.ts
  return outcome.then((found) => {
    // Neither a good key nor a store that is away is the client's fault.
    if (!("kind" in found) || found.kind !== BAD_CREDENTIAL.kind) budget.giveBack(address);
    return found;
  });
}
