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
import { HeldParts, Holdings } from "./held-parts.ts";
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

export class IdentitySet {
  readonly #host: IdentitySetHost;
  readonly #identities = new HeldParts<Identity>((identity) => identity.close());
  readonly #hosts = new HeldParts<IdentityHost>(({ stores }) => void stores?.close());
  readonly #rings = new HeldParts<KeyRing>((ring) => ring.close());

  constructor(host: IdentitySetHost) {
    this.#host = host;
  }

  /** Throws what making an identity throws; then nothing is taken. */
  take(config: GatewayConfig): IdentityGrant {
    const { database, gateway, internalKeys } = config;
    const holdings = new Holdings();
    const release = () => holdings.giveAllBack();
    try {
      const hostKey = digest({ database, sealKeys: gateway.sealKeys });
      const host = holdings.take(this.#hosts, hostKey, () => this.#createHost(config));
      const identities = new Map<string, Identity>();
      for (const identity of config.identities) {
        const key = `${identity.name} ${digest(identity)} ${hostKey}`;
        const create = () => this.#host.createIdentity(identity, host);
        identities.set(identity.name, holdings.take(this.#identities, key, create));
      }
      if (internalKeys === null) return { identities, host, ring: null, release };
      const ringKey = digest({ internalKeys, longestTokenMs: longestToken(config), hostKey });
      const ring = holdings.take(this.#rings, ringKey, () => startRing(config, internalKeys, host));
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
