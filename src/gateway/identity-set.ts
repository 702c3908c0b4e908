// The identities of a worker, by name and a digest of their settings: a reload that leaves one as it was keeps the keys and the verified
// credentials that it knows, and one that changes anything (an audience, an authority) starts with none of them.

import type { Clock, TimerWheel } from "../base/index.ts";
import type { Calls, Documents } from "../calls/index.ts";
import type { DatabaseConfig, GatewayConfig, IdentityConfig, InternalKeysConfig } from "../config/index.ts";
import type { Identity, IdentityHost, IdentityWatcher } from "../identity/index.ts";
import { KeyRing } from "../identity/internal-keys/index.ts";
import type { Stores } from "../stores/index.ts";
import { deferStores } from "./deferred-stores.ts";
import { digest } from "./generation-id.ts";
import { createSealKeys } from "./seal-keys.ts";

export interface IdentitySetHost {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  readonly calls: Calls;
  readonly documents: Documents;
  readonly watcher: IdentityWatcher;
  openStores(database: DatabaseConfig): Promise<Stores>;
  createIdentity(config: IdentityConfig, host: IdentityHost): Identity;
}

/** What one generation uses; whoever takes it gives it back. */
export interface IdentityGrant {
  readonly identities: ReadonlyMap<string, Identity>;
  /** What identities are given: also for whatever else of the generation asks others or keeps something. */
  readonly host: IdentityHost;
  /** Signs what upstreams are told; null where none is told anything. */
  readonly ring: KeyRing | null;
  release(): void;
}

interface Held<Value> {
  readonly value: Value;
  holders: number;
}

export class IdentitySet {
  readonly #host: IdentitySetHost;
  readonly #identities = new Map<string, Held<Identity>>();
  readonly #hosts = new Map<string, Held<IdentityHost>>();
  readonly #rings = new Map<string, Held<KeyRing>>();

  constructor(host: IdentitySetHost) {
    this.#host = host;
  }

  /** Throws what making an identity throws; then nothing is taken. */
  take(config: GatewayConfig): IdentityGrant {
    const { database, gateway, internalKeys } = config;
    /** What gives it all back, in the order in which it was taken. */
    const taken: (() => void)[] = [];
    const release = () => {
      for (const giveBack of taken.splice(0).reverse()) giveBack();
    };
    const hold = <Value>(held: Map<string, Held<Value>>, key: string, create: () => Value, close: (value: Value) => void): Value => {
      const value = this.#hold(held, key, create);
      taken.push(() => this.#letGo(held, key, close));
      return value;
    };
    try {
      const hostKey = digest({ database, sealKeys: gateway.sealKeys });
      const closeHost = ({ stores }: IdentityHost) => void stores?.close();
      const host = hold(this.#hosts, hostKey, () => this.#createHost(config), closeHost);
      const identities = new Map<string, Identity>();
      for (const identity of config.identities) {
        const key = `${identity.name} ${digest(identity)} ${hostKey}`;
        const create = () => this.#host.createIdentity(identity, host);
        identities.set(identity.name, hold(this.#identities, key, create, closeIt));
      }
      if (internalKeys === null) return { identities, host, ring: null, release };
      const ringKey = digest({ internalKeys, longestTokenMs: longestToken(config), hostKey });
      const ring = hold(this.#rings, ringKey, () => startRing(config, internalKeys, host), closeIt);
      return { identities, host, ring, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  #createHost({ database, gateway }: GatewayConfig): IdentityHost {
    const { clock, wheel, calls, documents, watcher } = this.#host;
    const stores = database === null ? null : deferStores(() => this.#host.openStores(database), clock);
    return { clock, wheel, calls, documents, watcher, stores, sealKeys: createSealKeys(gateway.sealKeys, stores) };
  }

  #hold<Value>(held: Map<string, Held<Value>>, key: string, create: () => Value): Value {
    let one = held.get(key);
    if (one === undefined) {
      one = { value: create(), holders: 0 };
      held.set(key, one);
    }
    one.holders++;
    return one.value;
  }

  #letGo<Value>(held: Map<string, Held<Value>>, key: string, close: (value: Value) => void): void {
    const one = held.get(key);
    if (one === undefined || --one.holders > 0) return;
    held.delete(key);
    close(one.value);
  }
}

function closeIt(one: { close(): void }): void {
  one.close();
}

function startRing(config: GatewayConfig, internalKeys: InternalKeysConfig, { clock, stores, sealKeys, watcher }: IdentityHost): KeyRing {
  if (stores === null) throw new Error("internal tokens need a database");
  const options = { config: internalKeys, longestTokenMs: longestToken(config) };
  const ring = new KeyRing(options, { clock, store: stores.signingKeys, sealKeys, watcher });
  void ring.start();
  return ring;
}

function longestToken({ upstreams }: GatewayConfig): number {
  return Math.max(0, ...upstreams.map(({ internalToken }) => internalToken?.ttlMs ?? 0));
}
