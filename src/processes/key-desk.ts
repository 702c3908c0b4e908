// API keys as operators handle them, over the life of a gateway: in the database of the configuration that is served. Opened when somebody
// first asks: workers open it for themselves.

import { randomBytes } from "node:crypto";
import type { Clock } from "../base/index.ts";
import type { DatabaseConfig, GatewayConfig } from "../config/index.ts";
import { deferStores } from "../gateway/index.ts";
import { type ApiKeyOperations, createApiKeyOperations } from "../identity/index.ts";
import { openStores, type Stores } from "../stores/index.ts";

interface Open {
  readonly database: DatabaseConfig;
  readonly stores: Stores;
  readonly operations: ApiKeyOperations;
}

export class KeyDesk {
  readonly #clock: Clock;
  readonly #openStores: (database: DatabaseConfig) => Promise<Stores>;
  #identities: readonly string[] = [];
  #open: Open | null = null;

  constructor(clock: Clock, open: (database: DatabaseConfig) => Promise<Stores> = openStores) {
    this.#clock = clock;
    this.#openStores = open;
  }

  /** Null where the configuration has no database, or no identity that takes keys. */
  get operations(): ApiKeyOperations | null {
    return this.#identities.length === 0 ? null : (this.#open?.operations ?? null);
  }

  follow({ database, identities }: Pick<GatewayConfig, "database" | "identities">): void {
    this.#identities = identities.filter(({ kind }) => kind === "apiKey").map(({ name }) => name);
    if (this.#open !== null && database !== null && isSame(this.#open.database, database)) return;
    this.close();
    if (database === null) return;
    const clock = this.#clock;
    const stores = deferStores(() => this.#openStores(database), clock);
    const operations = createApiKeyOperations(stores.apiKeys, { clock, random: randomBytes, identities: () => this.#identities });
    this.#open = { database, stores, operations };
  }

  close(): void {
    // What goes wrong at its end is nobody's business any more.
    void this.#open?.stores.close().catch(() => undefined);
    this.#open = null;
  }
}

function isSame(one: DatabaseConfig, other: DatabaseConfig): boolean {
  if (one.kind === "sqlite") return other.kind === "sqlite" && one.path === other.path;
  return other.kind === "postgres" && one.url.reveal() === other.url.reveal() && one.ca === other.ca;
}
