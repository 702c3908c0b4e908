// Identities in a worker: what they are made with of its surroundings, and what is counted of them.

import type { Clock, TimerWheel } from "../base/index.ts";
import { type Calls, createCalls, createDocuments, type Documents } from "../calls/index.ts";
import type { DatabaseConfig, GatewayConfig, IdentityConfig } from "../config/index.ts";
import { type Identity, IdentityFactory } from "../identity/index.ts";
import { openStores, type Stores } from "../stores/index.ts";
import type { MetricRegistry } from "../telemetry/index.ts";
import { type AuthParts, createAuthParts } from "./auth-parts.ts";
import { IdentityMetrics, writeIdentityLine } from "./identity-metrics.ts";
import { type IdentityGrant, IdentitySet } from "./identity-set.ts";

/** What a test puts in place of the world. */
export interface IdentitySurroundings {
  /** How identities ask other services; a client of this process's own when left out. */
  readonly calls?: Calls;
  /** Where they read what issuers publish; left out, they ask for it themselves, where another process might do so for several. */
  readonly documents?: Documents;
  /** Opens what the configuration names as its database. */
  readonly openStores?: (database: DatabaseConfig) => Promise<Stores>;
  /** Puts something around each identity: a test kit's way to be somebody. */
  readonly wrapIdentity?: (identity: Identity, config: IdentityConfig) => Identity;
  /** Something that identities ask for went wrong, or is well again. A line on standard error when left out. */
  readonly onIdentity?: (line: string) => void;
}

export class GatewayIdentities {
  readonly #metrics: IdentityMetrics;
  readonly #set: IdentitySet;
  readonly #ownCalls: Calls | null;

  constructor(around: IdentitySurroundings, clock: Clock, wheel: TimerWheel, registry: MetricRegistry) {
    this.#ownCalls = around.calls === undefined ? createCalls() : null;
    const calls = around.calls ?? this.#ownCalls!;
    const factory = new IdentityFactory(wheel);
    const wrap = around.wrapIdentity;
    this.#metrics = new IdentityMetrics(registry, clock, around.onIdentity ?? writeIdentityLine);
    this.#set = new IdentitySet({
      clock,
      wheel,
      calls,
      documents: around.documents ?? createDocuments(calls, clock),
      watcher: this.#metrics,
      openStores: around.openStores ?? openStores,
      createIdentity: (config, host) => {
        const identity = factory.create(config, host);
        return wrap === undefined ? identity : wrap(identity, config);
      },
    });
  }

  take(config: GatewayConfig): IdentityGrant {
    return this.#set.take(config);
  }

  createParts(config: GatewayConfig, grant: IdentityGrant): AuthParts {
    return createAuthParts(config, grant, this.#metrics);
  }

  close(): void {
    this.#ownCalls?.close();
  }
}
