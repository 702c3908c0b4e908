// Keys for internal tokens in a database, and the secrets that a gateway made for itself.

import type { OwnSecretStore, SigningKeyRecord, SigningKeyStore } from "../ports.ts";
import type { Asker } from "./engine.ts";
import type { SigningKeyTable } from "./tables.ts";
import { takeNumber } from "./take-number.ts";

export class SqlSigningKeys implements SigningKeyStore {
  readonly #asker: Asker;

  constructor(asker: Asker) {
    this.#asker = asker;
  }

  async list(nowMs: number): Promise<readonly SigningKeyRecord[]> {
    const rows = await this.#asker.read((database) =>
      database.selectFrom("sallyport_signing_keys").selectAll().where("expires_at", ">", nowMs).orderBy("active_at").execute(),
    );
    return rows.map(toRecord);
  }

  async insertNext(record: SigningKeyRecord): Promise<boolean> {
    return this.#asker.transact(async (transaction) => {
      // Locks out the other nodes until this one has looked and written.
      await takeNumber(transaction, "signing keys");
      const other = await transaction
        .selectFrom("sallyport_signing_keys")
        .select("kid")
        .where("active_at", ">=", record.activeAtMs)
        .limit(1)
        .executeTakeFirst();
      if (other !== undefined) return false;
      await transaction.insertInto("sallyport_signing_keys").values(toRow(record)).execute();
      return true;
    });
  }

  async removeExpired(nowMs: number): Promise<number> {
    const removed = await this.#asker.write((database) =>
      database.deleteFrom("sallyport_signing_keys").where("expires_at", "<=", nowMs).executeTakeFirst(),
    );
    return Number(removed.numDeletedRows);
  }
}

export class SqlOwnSecrets implements OwnSecretStore {
  readonly #asker: Asker;

  constructor(asker: Asker) {
    this.#asker = asker;
  }

  async obtain(name: string, make: () => string): Promise<string> {
    const kept = await this.#find(name);
    if (kept !== undefined) return kept;
    const value = make();
    await this.#asker.write((database) =>
      database
        .insertInto("sallyport_own_secrets")
        .values({ name, value })
        .onConflict((conflict) => conflict.column("name").doNothing())
        .execute(),
    );
    // Another node may have been first, whose secret is everybody's then.
    return (await this.#find(name)) ?? value;
  }

  async #find(name: string): Promise<string | undefined> {
    const row = await this.#asker.read((database) =>
      database.selectFrom("sallyport_own_secrets").select("value").where("name", "=", name).executeTakeFirst(),
    );
    return row?.value;
  }
}

function toRow(record: SigningKeyRecord): SigningKeyTable {
  return {
    kid: record.kid,
    algorithm: record.algorithm,
    public_jwk: record.publicJwk,
    private_jwk: record.privateJwk,
    created_at: record.createdAtMs,
    active_at: record.activeAtMs,
    retires_at: record.retiresAtMs,
    expires_at: record.expiresAtMs,
  };
}

function toRecord(row: SigningKeyTable): SigningKeyRecord {
  return {
    kid: row.kid,
    algorithm: row.algorithm,
    publicJwk: row.public_jwk,
    privateJwk: row.private_jwk,
    createdAtMs: row.created_at,
    activeAtMs: row.active_at,
    retiresAtMs: row.retires_at,
    expiresAtMs: row.expires_at,
  };
}
