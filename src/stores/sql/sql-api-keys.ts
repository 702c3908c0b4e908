// API keys in a database.

import { sql } from "kysely";
import type { Clock } from "../../base/index.ts";
import type { ApiKeyChanges, ApiKeyFilter, ApiKeyRecord, ApiKeyStore } from "../ports.ts";
import type { Asker } from "./engine.ts";
import type { ApiKeyTable } from "./tables.ts";
import { takeNumber } from "./take-number.ts";

export class SqlApiKeys implements ApiKeyStore {
  readonly #asker: Asker;
  readonly #clock: Pick<Clock, "wall">;

  constructor(asker: Asker, clock: Pick<Clock, "wall">) {
    this.#asker = asker;
    this.#clock = clock;
  }

  async findByDigest(digest: string): Promise<ApiKeyRecord | null> {
    return this.#findBy("digest", digest);
  }

  async find(id: string): Promise<ApiKeyRecord | null> {
    return this.#findBy("id", id);
  }

  async list({ identity, owner, all = false }: ApiKeyFilter): Promise<readonly ApiKeyRecord[]> {
    const nowMs = this.#clock.wall();
    const rows = await this.#asker.read((database) => {
      let query = database.selectFrom("sallyport_api_keys").selectAll();
      if (identity !== undefined) query = query.where("identity", "=", identity);
      if (owner !== undefined) query = query.where("owner", "=", owner);
      if (!all) {
        query = query
          .where("revoked_at", "is", null)
          .where((expression) => expression.or([expression("expires_at", "is", null), expression("expires_at", ">", nowMs)]));
      }
      return query.orderBy("created_at", "desc").orderBy("id").execute();
    });
    return rows.map(toRecord);
  }

  async insert(record: ApiKeyRecord): Promise<void> {
    await this.#asker.transact(async (transaction) => {
      const changed = await takeNumber(transaction, "api keys");
      await transaction.insertInto("sallyport_api_keys").values(toRow(record, changed)).execute();
    });
  }

  async update(record: ApiKeyRecord): Promise<boolean> {
    return this.#asker.transact(async (transaction) => {
      const changed = await takeNumber(transaction, "api keys");
      const { id, digest: _, revoked_at, replaced_by, ...row } = toRow(record, changed);
      const updated = await transaction
        .updateTable("sallyport_api_keys")
        .set({
          ...row,
          revoked_at: sql<number | null>`coalesce(revoked_at, ${revoked_at})`,
          replaced_by: replaced_by ?? sql<string | null>`replaced_by`,
        })
        .where("id", "=", id)
        .returning("id")
        .executeTakeFirst();
      return updated !== undefined;
    });
  }

  async rotate(old: ApiKeyRecord, successor: ApiKeyRecord): Promise<boolean> {
    return this.#asker.transact(async (transaction) => {
      const changed = await takeNumber(transaction, "api keys");
      const updated = await transaction
        .updateTable("sallyport_api_keys")
        .set({ expires_at: old.expiresAtMs, replaced_by: successor.id, changed })
        .where("id", "=", old.id)
        .where("revoked_at", "is", null)
        .where("replaced_by", "is", null)
        .returning("id")
        .executeTakeFirst();
      if (updated === undefined) return false;
      await transaction.insertInto("sallyport_api_keys").values(toRow(successor, changed)).execute();
      return true;
    });
  }

  /** One statement, which sees one state of the database: the number and the keys are of the same moment. */
  async changesSince(sequence: number): Promise<ApiKeyChanges> {
    const rows = await this.#asker.read((database) =>
      database
        .selectFrom("sallyport_numbers as number")
        .leftJoin("sallyport_api_keys as key", (join) => join.on("key.changed", ">", sequence))
        .where("number.name", "=", "api keys")
        .select(["number.value", "key.digest"])
        .execute(),
    );
    const digests = rows.map(({ digest }) => digest).filter((digest) => digest !== null);
    return { sequence: rows[0]?.value ?? 0, digests };
  }

  async #findBy(column: "id" | "digest", value: string): Promise<ApiKeyRecord | null> {
    const row = await this.#asker.read((database) =>
      database.selectFrom("sallyport_api_keys").selectAll().where(column, "=", value).executeTakeFirst(),
    );
    return row === undefined ? null : toRecord(row);
  }
}

function toRow(record: ApiKeyRecord, changed: number): ApiKeyTable {
  return {
    id: record.id,
    prefix: record.prefix,
    digest: record.digest,
    identity: record.identity,
    owner: record.owner,
    tenant: record.tenant,
    roles: JSON.stringify(record.roles),
    scopes: JSON.stringify(record.scopes),
    plan: record.plan,
    note: record.note,
    created_at: record.createdAtMs,
    expires_at: record.expiresAtMs,
    revoked_at: record.revokedAtMs,
    replaced_by: record.replacedBy,
    changed,
  };
}

function toRecord(row: ApiKeyTable): ApiKeyRecord {
  return {
    id: row.id,
    prefix: row.prefix,
    digest: row.digest,
    identity: row.identity,
    owner: row.owner,
    tenant: row.tenant,
    roles: JSON.parse(row.roles) as string[],
    scopes: JSON.parse(row.scopes) as string[],
    plan: row.plan,
    note: row.note,
    createdAtMs: row.created_at,
    expiresAtMs: row.expires_at,
    revokedAtMs: row.revoked_at,
    replacedBy: row.replaced_by,
  };
}
