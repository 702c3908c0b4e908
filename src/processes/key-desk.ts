// API keys as operators handle them, and the public keys of internal tokens, over the life of a gateway: in the database of the configuration
// that is served. Opened when somebody first asks: workers open it for themselves.

import { randomBytes } from "node:crypto";
import type { Clock } from "../base/index.ts";
import type { DatabaseConfig, GatewayConfig } from "../config/index.ts";
import type { PublicKeys } from "../control/index.ts";
import { deferStores } from "../gateway/index.ts";
import { type ApiKeyOperations, createApiKeyOperations } from "../identity/index.ts";
import { cacheForSeconds, toPublicJwks } from "../identity/internal-keys/index.ts";
import { openStores, type Stores } from "../stores/index.ts";

interface Open {
  readonly database: DatabaseConfig;
  readonly stores: Stores;
  readonly operations: ApiKeyOperations;
}

/** Anybody who reaches the admin address may ask for public keys: the database is asked once in this time. */
const PUBLIC_MS = 1000;

export class KeyDesk {
  readonly #clock: Clock;
  readonly #openStores: (database: DatabaseConfig) => Promise<Stores>;
  #identities: readonly string[] = [];
  #open: Open | null = null;
  #cacheForSeconds: number | null = null;
  #public: { readonly keys: Promise<PublicKeys>; readonly atMs: number } | null = null;

  constructor(clock: Clock, open: (database: DatabaseConfig) => Promise<Stores> = openStores) {
    this.#clock = clock;
    this.#openStores = open;
  }

  /** Null where the configuration has no database, or no identity that takes keys. */
  get operations(): ApiKeyOperations | null {
    return this.#identities.length === 0 ? null : (this.#open?.operations ?? null);
  }

  /** Null where the configuration has no internal tokens. Rejects with a StoreFailure. */
  publicKeys(): Promise<PublicKeys> | null {
    const stores = this.#open?.stores;
    const cacheFor = this.#cacheForSeconds;
    if (stores === undefined || cacheFor === null) return null;
    const nowMs = this.#clock.now();
    if (this.#public === null || nowMs - this.#public.atMs >= PUBLIC_MS) {
      const reading = stores.signingKeys.list(this.#clock.wall());
      this.#public = { keys: reading.then((records) => ({ text: toPublicJwks(records), cacheForSeconds: cacheFor })), atMs: nowMs };
    }
    return this.#public.keys;
  }

  follow({ database, identities, internalKeys }: Pick<GatewayConfig, "database" | "identities" | "internalKeys">): void {
    this.#cacheForSeconds = internalKeys === null ? null : cacheForSeconds(internalKeys.overlapMs);
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
    this.#public = null;
  }
}

function isSame(one: DatabaseConfig, other: DatabaseConfig): boolean {
  if (one.kind === "sqlite") return other.kind === "sqlite" && one.path === other.path;
  return other.kind === "postgres" && one.url.reveal() === other.url.reveal() && one.ca === other.ca;
}
