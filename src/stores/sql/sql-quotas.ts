// Quotas in a database.

import { createHash } from "node:crypto";
import type { Transaction } from "kysely";
import type { QuotaFilter, QuotaGrant, QuotaName, QuotaRecord, QuotaReserve, QuotaStore } from "../../limits/index.ts";
import { DEFAULT_MOST, reserveFrom } from "../reserve-from.ts";
import type { Asker } from "./engine.ts";
import type { QuotaTable, Tables } from "./tables.ts";

/** Rows of one statement: 8 values each, and an engine takes 32,766 of them. */
const ROWS = 1000;
const NAME = ["limit_name", "key_digest", "period"] as const;

export class SqlQuotas implements QuotaStore {
  readonly #asker: Asker;

  constructor(asker: Asker) {
    this.#asker = asker;
  }

  async reserve(requests: readonly QuotaReserve[], nowMs: number): Promise<readonly QuotaGrant[]> {
    if (requests.length === 0) return [];
    const names = requests.map((request) => toText(toColumns(request)));
    const rows = new Map<string, QuotaTable>();
    for (const [index, request] of requests.entries()) rows.set(names[index]!, toRow(request, nowMs));
    // All lock their rows in the same order: two nodes can't wait for each other.
    const sorted = [...rows.keys()].sort().map((name) => rows.get(name)!);
    return this.#asker.transact(async (transaction) => {
      for (const { limit_name, key_digest, period, used } of await lockRows(transaction, sorted)) {
        rows.get(toText({ limit_name, key_digest, period }))!.used = used;
      }
      const before = new Map(sorted.map((row) => [row, row.used]));
      const grants = requests.map((request, index) => {
        const row = rows.get(names[index]!)!;
        const grant = reserveFrom(row.used, request);
        row.used = grant.used;
        return grant;
      });
      await writeUsed(
        transaction,
        sorted.filter((row) => row.used !== before.get(row)),
      );
      return grants;
    });
  }

  async list({ limit, key, all = false, most = DEFAULT_MOST }: QuotaFilter, nowMs: number): Promise<readonly QuotaRecord[]> {
    const rows = await this.#asker.read((database) => {
      let query = database.selectFrom("sallyport_quotas").selectAll();
      if (limit !== undefined) query = query.where("limit_name", "=", limit);
      if (key !== undefined) query = query.where("key_digest", "=", toDigest(key));
      if (!all) query = query.where("ends_at", ">", nowMs);
      return query.orderBy("used", "desc").limit(most).execute();
    });
    return rows.map(toRecord);
  }

  async reset(limit: string, key: string | null, nowMs: number): Promise<number> {
    const updated = await this.#asker.write((database) => {
      let query = database
        .updateTable("sallyport_quotas")
        .set({ used: 0, updated_at: nowMs })
        .where("limit_name", "=", limit)
        .where("ends_at", ">", nowMs);
      if (key !== null) query = query.where("key_digest", "=", toDigest(key));
      return query.executeTakeFirst();
    });
    return Number(updated.numUpdatedRows);
  }

  async removeEnded(beforeMs: number): Promise<number> {
    const removed = await this.#asker.write((database) =>
      database.deleteFrom("sallyport_quotas").where("ends_at", "<=", beforeMs).executeTakeFirst(),
    );
    return Number(removed.numDeletedRows);
  }
}

/** Writes all but what is used, by which the rows are this transaction's alone until it ends, and reads what is. */
async function lockRows(transaction: Transaction<Tables>, rows: readonly QuotaTable[]) {
  const locked: Pick<QuotaTable, (typeof NAME)[number] | "used">[] = [];
  for (let at = 0; at < rows.length; at += ROWS) {
    const returned = await transaction
      .insertInto("sallyport_quotas")
      .values(rows.slice(at, at + ROWS))
      .onConflict((conflict) =>
        conflict.columns(NAME).doUpdateSet(({ ref }) => ({
          units: ref("excluded.units"),
          ends_at: ref("excluded.ends_at"),
          updated_at: ref("excluded.updated_at"),
        })),
      )
      .returning([...NAME, "used"])
      .execute();
    locked.push(...returned);
  }
  return locked;
}

async function writeUsed(transaction: Transaction<Tables>, rows: readonly QuotaTable[]): Promise<void> {
  for (let at = 0; at < rows.length; at += ROWS) {
    await transaction
      .insertInto("sallyport_quotas")
      .values(rows.slice(at, at + ROWS))
      .onConflict((conflict) => conflict.columns(NAME).doUpdateSet(({ ref }) => ({ used: ref("excluded.used") })))
      .execute();
  }
}

function toColumns({ limit, key, period }: QuotaName): Pick<QuotaTable, (typeof NAME)[number]> {
  return { limit_name: limit, key_digest: toDigest(key), period };
}

/** Of UTF-16, in which each text differs from every other one: half a surrogate pair is nothing in UTF-8. */
function toDigest(key: string): string {
  return createHash("sha256").update(Buffer.from(key, "utf16le")).digest("hex");
}

function toText({ limit_name, key_digest, period }: Pick<QuotaTable, (typeof NAME)[number]>): string {
  return `${key_digest} ${period} ${limit_name}`;
}

function toRow(request: QuotaReserve, nowMs: number): QuotaTable {
  const { key, units, endsAtMs } = request;
  return { ...toColumns(request), key_json: JSON.stringify(key), used: 0, units, ends_at: endsAtMs, updated_at: nowMs };
}

function toRecord(row: QuotaTable): QuotaRecord {
  return {
    limit: row.limit_name,
    key: JSON.parse(row.key_json) as string,
    period: row.period,
    used: row.used,
    units: row.units,
    endsAtMs: row.ends_at,
    updatedAtMs: row.updated_at,
  };
}
