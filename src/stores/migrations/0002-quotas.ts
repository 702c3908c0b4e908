// What was used of each quota.

import type { Transaction } from "kysely";
import type { Tables } from "../sql/tables.ts";

export async function createQuotas(transaction: Transaction<Tables>): Promise<void> {
  const { schema } = transaction;
  await schema
    .createTable("sallyport_quotas")
    .addColumn("limit_name", "text", (column) => column.notNull())
    .addColumn("key_digest", "text", (column) => column.notNull())
    .addColumn("period", "text", (column) => column.notNull())
    .addColumn("key_json", "text", (column) => column.notNull())
    .addColumn("used", "bigint", (column) => column.notNull())
    .addColumn("units", "bigint", (column) => column.notNull())
    .addColumn("ends_at", "bigint", (column) => column.notNull())
    .addColumn("updated_at", "bigint", (column) => column.notNull())
    .addPrimaryKeyConstraint("sallyport_quotas_name", ["limit_name", "key_digest", "period"])
    .execute();
  await schema.createIndex("sallyport_quotas_end").on("sallyport_quotas").column("ends_at").execute();
}
