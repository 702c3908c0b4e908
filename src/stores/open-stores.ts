// From what a configuration names as its database to the stores. Engines are loaded here and not before: most gateways have none.

import { type Clock, type Secret, systemClock } from "../base/index.ts";
import { StoreFailure, type Stores } from "./ports.ts";

export type StoreDatabase =
  /** The path is absolute. */
  | { readonly kind: "sqlite"; readonly path: string }
  /** `ca`: PEM of who signed the server's certificate; null: the authorities that the runtime ships. */
  | { readonly kind: "postgres"; readonly url: Secret; readonly ca: string | null };

export interface StoreOptions {
  readonly clock?: Clock;
}

/** Creates what is missing. Rejects with a StoreFailure alone; the caller closes what it gets. */
export async function openStores(database: StoreDatabase, options: StoreOptions = {}): Promise<Stores> {
  const clock = options.clock ?? systemClock;
  const { Asker, migrate, MIGRATIONS, SqlApiKeys, SqlOwnSecrets, SqlQuotas, SqlSessions, SqlSigningKeys } = await import("./sql/index.ts");
  const engine = database.kind === "sqlite" ? await openFile(database.path, clock) : await openServer(database.url, database.ca);
  const asker = new Asker(engine);
  try {
    await migrate(asker, engine, MIGRATIONS);
  } catch (error) {
    await asker.close();
    throw error;
  }
  return {
    apiKeys: new SqlApiKeys(asker, clock),
    sessions: new SqlSessions(asker),
    signingKeys: new SqlSigningKeys(asker),
    ownSecrets: new SqlOwnSecrets(asker),
    quotas: new SqlQuotas(asker),
    close: () => asker.close(),
  };
}

async function openFile(path: string, clock: Clock) {
  const { describeSqlite, openSqlite } = await import("./engines/sqlite-engine.ts");
  try {
    return await openSqlite(path, clock);
  } catch (error) {
    throw new StoreFailure(describeSqlite(path, error));
  }
}

async function openServer(url: Secret, ca: string | null) {
  const { openPostgres } = await import("./engines/postgres-engine.ts");
  return openPostgres(url, ca);
}
