// Quotas as operators handle them, over the life of a gateway: in the database of the configuration that is served.

import type { Clock } from "../base/index.ts";
import type { GatewayConfig } from "../config/index.ts";
import { createQuotaOperations, type QuotaOperations } from "../limits/index.ts";
import { FollowedStores, type OpenStores } from "./followed-stores.ts";

export class QuotaDesk {
  readonly #clock: Clock;
  readonly #followed: FollowedStores;
  #limits: readonly string[] = [];
  #operations: QuotaOperations | null = null;

  constructor(clock: Clock, open?: OpenStores) {
    this.#clock = clock;
    this.#followed = new FollowedStores(clock, open);
  }

  /** Null where the configuration has no quota. */
  get operations(): QuotaOperations | null {
    return this.#limits.length === 0 ? null : this.#operations;
  }

  follow({ database, rateLimits }: Pick<GatewayConfig, "database" | "rateLimits">): void {
    this.#limits = rateLimits.filter(({ store }) => store === "database").map(({ name }) => name);
    if (!this.#followed.follow(database)) return;
    const { stores } = this.#followed;
    this.#operations = stores === null ? null : createQuotaOperations(stores.quotas, { clock: this.#clock, limits: () => this.#limits });
  }

  close(): void {
    this.#followed.close();
    this.#operations = null;
  }
}
