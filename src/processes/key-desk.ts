// API keys as operators handle them, and the public keys of internal tokens, over the life of a gateway: in the database of the configuration
// that is served.

import { randomBytes } from "node:crypto";
import type { Clock } from "../base/index.ts";
import type { GatewayConfig } from "../config/index.ts";
import type { PublicKeys } from "../control/index.ts";
import { type ApiKeyOperations, createApiKeyOperations } from "../identity/index.ts";
import { cacheForSeconds, toPublicJwks } from "../identity/internal-keys/index.ts";
import { FollowedStores, type OpenStores } from "./followed-stores.ts";

/** Anybody who reaches the admin address may ask for public keys: the database is asked once in this time. */
const PUBLIC_MS = 1000;

export class KeyDesk {
  readonly #clock: Clock;
  readonly #followed: FollowedStores;
  #identities: readonly string[] = [];
  #operations: ApiKeyOperations | null = null;
  #cacheForSeconds: number | null = null;
  #public: { readonly keys: Promise<PublicKeys>; readonly atMs: number } | null = null;

  constructor(clock: Clock, open?: OpenStores) {
    this.#clock = clock;
    this.#followed = new FollowedStores(clock, open);
  }

  /** Null where the configuration has no database, or no identity that takes keys. */
  get operations(): ApiKeyOperations | null {
    return this.#identities.length === 0 ? null : this.#operations;
  }

  /** Null where the configuration has no internal tokens. Rejects with a StoreFailure. */
  publicKeys(): Promise<PublicKeys> | null {
    const { stores } = this.#followed;
    const cacheFor = this.#cacheForSeconds;
    if (stores === null || cacheFor === null) return null;
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
    if (!this.#followed.follow(database)) return;
    const { stores } = this.#followed;
    const host = { clock: this.#clock, random: randomBytes, identities: () => this.#identities };
    this.#operations = stores === null ? null : createApiKeyOperations(stores.apiKeys, host);
    this.#public = null;
  }

  close(): void {
    this.#followed.close();
    this.#operations = null;
    this.#public = null;
  }
}
