// Keys, sessions, signing keys, secrets of the gateway's own, and the numbers of changes.

import type { Transaction } from "kysely";
import type { Tables } from "../sql/tables.ts";

export async function createFirstTables(transaction: Transaction<Tables>): Promise<void> {
  const { schema } = transaction;
  await schema
    .createTable("sallyport_numbers")
    .addColumn("name", "text", (column) => column.primaryKey().notNull())
    .addColumn("value", "bigint", (column) => column.notNull())
    .execute();
  await transaction
    .insertInto("sallyport_numbers")
    .values([
      { name: "api keys", value: 0 },
      { name: "signing keys", value: 0 },
    ])
    .execute();
  await schema
    .createTable("sallyport_api_keys")
    .addColumn("id", "text", (column) => column.primaryKey().notNull())
    .addColumn("prefix", "text", (column) => column.notNull())
    .addColumn("digest", "text", (column) => column.notNull().unique())
    .addColumn("identity", "text", (column) => column.notNull())
    .addColumn("owner", "text", (column) => column.notNull())
    .addColumn("tenant", "text")
    .addColumn("roles", "text", (column) => column.notNull())
    .addColumn("scopes", "text", (column) => column.notNull())
    .addColumn("plan", "text")
    .addColumn("note", "text")
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("expires_at", "bigint")
    .addColumn("revoked_at", "bigint")
    .addColumn("replaced_by", "text")
    .addColumn("changed", "bigint", (column) => column.notNull())
    .execute();
  await schema.createIndex("sallyport_api_keys_changed").on("sallyport_api_keys").column("changed").execute();
  await schema.createIndex("sallyport_api_keys_owner").on("sallyport_api_keys").columns(["owner", "identity"]).execute();
  await schema
    .createTable("sallyport_sessions")
    .addColumn("digest", "text", (column) => column.primaryKey().notNull())
    .addColumn("identity", "text", (column) => column.notNull())
    .addColumn("subject", "text", (column) => column.notNull())
    .addColumn("sealed", "text", (column) => column.notNull())
    .addColumn("expires_at", "bigint", (column) => column.notNull())
    .addColumn("version", "bigint", (column) => column.notNull())
    .execute();
  await schema.createIndex("sallyport_sessions_subject").on("sallyport_sessions").columns(["identity", "subject"]).execute();
  await schema.createIndex("sallyport_sessions_expiry").on("sallyport_sessions").column("expires_at").execute();
  await schema
    .createTable("sallyport_signing_keys")
    .addColumn("kid", "text", (column) => column.primaryKey().notNull())
    .addColumn("algorithm", "text", (column) => column.notNull())
    .addColumn("public_jwk", "text", (column) => column.notNull())
    .addColumn("private_jwk", "text", (column) => column.notNull())
    .addColumn("created_at", "bigint", (column) => column.notNull())
    .addColumn("active_at", "bigint", (column) => column.notNull())
    .addColumn("retires_at", "bigint", (column) => column.notNull())
    .addColumn("expires_at", "bigint", (column) => column.notNull())
    .execute();
  await schema
    .createTable("sallyport_own_secrets")
    .addColumn("name", "text", (column) => column.primaryKey().notNull())
    .addColumn("value", "text", (column) => column.notNull())
    .execute();
}
