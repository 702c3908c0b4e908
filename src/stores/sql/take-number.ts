// Numbers in the order in which transactions commit. A sequence of PostgreSQL gives its numbers when they are asked for: a transaction that
// took 7 may commit after one that took 8, and a reader that has seen 8 would never look for 7. So the number is a row: who takes the next
// one locks the row until its transaction ends, and the one after it waits for that. Changes of keys are far too rare for that to matter.

import { sql, type Transaction } from "kysely";
import type { Tables } from "./tables.ts";

/** Take it before anything else of the transaction is read or written: it is the lock, too. */
export async function takeNumber(transaction: Transaction<Tables>, name: "api keys" | "signing keys"): Promise<number> {
  const { value } = await transaction
    .updateTable("sallyport_numbers")
    .set({ value: sql<number>`value + 1` })
    .where("name", "=", name)
    .returning("value")
    .executeTakeFirstOrThrow();
  return value;
}
