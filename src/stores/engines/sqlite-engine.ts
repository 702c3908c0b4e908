// The embedded database: one file on this machine, for all workers of a gateway. Loaded only where a configuration names one.

import { chmodSync, closeSync, mkdirSync, openSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Kysely } from "kysely";
import type { Clock } from "../../base/index.ts";
import type { Engine } from "../sql/engine.ts";
import type { Tables } from "../sql/tables.ts";
import { createSqliteDialect, isBusy, whileBusy } from "./sqlite-driver.ts";

export async function openSqlite(path: string, clock: Clock): Promise<Engine> {
  prepareFile(path);
  const connection = new DatabaseSync(path, { timeout: 0, enableForeignKeyConstraints: true });
  try {
    // Readers never wait for who writes. What was committed stays so when the machine loses its power: a revoked key must not come back.
    await whileBusy(clock, () => connection.exec("pragma journal_mode = wal"));
    connection.exec("pragma synchronous = full");
  } catch (error) {
    connection.close();
    throw error;
  }
  return {
    database: new Kysely<Tables>({ dialect: createSqliteDialect(connection, clock) }),
    // A transaction that has begun is the only one that may write.
    async lockSchema() {},
    describe: (error) => describeSqlite(path, error),
    isConnectionLost: () => false,
    // Not by Kysely, which does nothing unless it was asked something before.
    async close() {
      connection.close();
    },
  };
}

/** The file, and those that SQLite puts beside it with the same mode, are their owner's alone. */
function prepareFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, "a", 0o600));
  if ((statSync(path).mode & 0o077) !== 0) chmodSync(path, 0o600);
}

export function describeSqlite(path: string, error: unknown): string {
  const reason = isBusy(error) ? "another process holds its lock" : error instanceof Error ? error.message : "it failed";
  return `the database ${path} can't be asked: ${reason}`;
}
