// Brings a database to the version that this release knows, once, however many workers and nodes start together.

import type { Kysely } from "kysely";
import type { Migration } from "../migrations/index.ts";
import { StoreFailure } from "../ports.ts";
import type { Asker, Engine } from "./engine.ts";
import type { Tables } from "./tables.ts";

/** All of it or nothing: both engines take changes of tables back with their transaction. */
export async function migrate(asker: Asker, engine: Engine, migrations: readonly Migration[]): Promise<void> {
  // Looked at without the lock first: a gateway may be allowed to use its tables and not to create any.
  const version = await readVersion(engine.database).catch(() => null);
  if (version === migrations.length) return;
  refuseNewer(version ?? 0, migrations.length);
  await asker.transact(async (transaction) => {
    await engine.lockSchema(transaction);
    await transaction.schema
      .createTable("sallyport_schema")
      .ifNotExists()
      .addColumn("version", "bigint", (column) => column.notNull())
      .execute();
    const from = (await readVersion(transaction)) ?? 0;
    refuseNewer(from, migrations.length);
    for (const migration of migrations.slice(from)) await migration(transaction);
    if (from === migrations.length) return;
    await transaction.deleteFrom("sallyport_schema").execute();
    await transaction.insertInto("sallyport_schema").values({ version: migrations.length }).execute();
  });
}

function refuseNewer(version: number, known: number): void {
  if (version <= known) return;
  throw new StoreFailure(
    `the database is of version ${version}, and this release of Sallyport knows ${known} at most: a newer one has been at work there`,
  );
}

async function readVersion(database: Kysely<Tables>): Promise<number | null> {
  const row = await database.selectFrom("sallyport_schema").select("version").executeTakeFirst();
  return row?.version ?? null;
}
