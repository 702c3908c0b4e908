// What differs between the engines, for the stores that are the same over all of them; and the one place where what an engine says
// becomes a StoreFailure.

import type { Kysely, Transaction } from "kysely";
import { StoreFailure } from "../ports.ts";
import type { Tables } from "./tables.ts";

export interface Engine {
  readonly database: Kysely<Tables>;
  /** Keeps all others from migrating until the transaction ends. */
  lockSchema(transaction: Transaction<Tables>): Promise<void>;
  /** A sentence for the operator without anything secret. */
  describe(error: unknown): string;
  /** Whether it was the connection that failed and not the question. */
  isConnectionLost(error: unknown): boolean;
  close(): Promise<void>;
}

export class Asker {
  readonly #engine: Engine;
  #isClosed = false;

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  /** A reading is made twice when its connection turned out dead: a pool learns that a server was restarted by using what it had. */
  async read<Answer>(ask: (database: Kysely<Tables>) => Promise<Answer>): Promise<Answer> {
    return this.#guard(async () => {
      try {
        return await ask(this.#engine.database);
      } catch (error) {
        if (!this.#engine.isConnectionLost(error)) throw error;
        return await ask(this.#engine.database);
      }
    });
  }

  async write<Answer>(ask: (database: Kysely<Tables>) => Promise<Answer>): Promise<Answer> {
    return this.#guard(() => ask(this.#engine.database));
  }

  async transact<Answer>(ask: (transaction: Transaction<Tables>) => Promise<Answer>): Promise<Answer> {
    return this.#guard(() => this.#engine.database.transaction().execute(ask));
  }

  /** Idempotent. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#engine.close();
  }

  async #guard<Answer>(work: () => Promise<Answer>): Promise<Answer> {
    if (this.#isClosed) throw new StoreFailure("the store is closed");
    try {
      return await work();
    } catch (error) {
      // Without its cause: what drivers throw holds addresses with passwords, and the values that were written.
      throw error instanceof StoreFailure ? error : new StoreFailure(this.#engine.describe(error));
    }
  }
}
