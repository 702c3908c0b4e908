// The stores of the database that the served configuration names, over the life of a gateway. Opened when somebody first asks: workers open
// theirs for themselves.

import type { Clock } from "../base/index.ts";
import type { DatabaseConfig } from "../config/index.ts";
import { deferStores } from "../gateway/index.ts";
import { openStores, type Stores } from "../stores/index.ts";

export type OpenStores = (database: DatabaseConfig) => Promise<Stores>;

export class FollowedStores {
  readonly #clock: Clock;
  readonly #openStores: OpenStores;
  #open: { readonly database: DatabaseConfig; readonly stores: Stores } | null = null;

  constructor(clock: Clock, open: OpenStores = openStores) {
    this.#clock = clock;
    this.#openStores = open;
  }

  /** Null: no database is configured. */
  get stores(): Stores | null {
    return this.#open?.stores ?? null;
  }

  /** False: it is the same database as before, and the same stores. */
  follow(database: DatabaseConfig | null): boolean {
    if (this.#open !== null && database !== null && isSame(this.#open.database, database)) return false;
    this.close();
    if (database !== null) this.#open = { database, stores: deferStores(() => this.#openStores(database), this.#clock) };
    return true;
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
