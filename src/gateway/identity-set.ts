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

  take(config: GatewayConfig): IdentityGrant {
    const { database, gateway } = config;
    const hostKey = digest({ database, sealKeys: gateway.sealKeys });
    const host = this.#hold(this.#hosts, hostKey, () => this.#createHost(config));
    const keys = config.identities.map((identity) => [identity, `${identity.name} ${digest(identity)} ${hostKey}`] as const);
    const identities = new Map<string, Identity>();
    for (const [identity, key] of keys) {
      identities.set(
        identity.name,
        this.#hold(this.#identities, key, () => this.#host.createIdentity(identity, host)),
      );
    }
    const { internalKeys } = config;
    const ringKey = internalKeys === null ? "" : digest({ internalKeys, longestTokenMs: longestToken(config), hostKey });
    const ring = internalKeys === null ? null : this.#hold(this.#rings, ringKey, () => startRing(config, internalKeys, host));
    let isReleased = false;
    return {
      identities,
      host,
      ring,
      release: () => {
        if (isReleased) return;
        isReleased = true;
        for (const [, key] of keys) this.#letGo(this.#identities, key, (identity) => identity.close());
        if (ring !== null) this.#letGo(this.#rings, ringKey, () => ring.close());
        this.#letGo(this.#hosts, hostKey, ({ stores }) => void stores?.close());
      },
    };
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
