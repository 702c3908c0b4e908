// Browsers' sessions in a database.

import type { SessionRecord, SessionStore } from "../ports.ts";
import type { Asker } from "./engine.ts";
import type { SessionTable } from "./tables.ts";

export class SqlSessions implements SessionStore {
  readonly #asker: Asker;

  constructor(asker: Asker) {
    this.#asker = asker;
  }

  async find(digest: string): Promise<SessionRecord | null> {
    const row = await this.#asker.read((database) =>
      database.selectFrom("sallyport_sessions").selectAll().where("digest", "=", digest).executeTakeFirst(),
    );
    if (row === undefined) return null;
    const { expires_at: expiresAtMs, ...rest } = row;
    return { ...rest, expiresAtMs };
  }

  async insert(record: SessionRecord): Promise<void> {
    await this.#asker.write((database) => database.insertInto("sallyport_sessions").values(toRow(record)).execute());
  }

  async update(record: SessionRecord): Promise<boolean> {
    const updated = await this.#asker.write((database) =>
      database
        .updateTable("sallyport_sessions")
        .set(toRow(record))
        .where("digest", "=", record.digest)
        .where("version", "=", record.version - 1)
        .executeTakeFirst(),
    );
    return updated.numUpdatedRows > 0n;
  }

  async remove(digest: string): Promise<void> {
    await this.#asker.write((database) => database.deleteFrom("sallyport_sessions").where("digest", "=", digest).execute());
  }

  async removeOf(identity: string, subject: string): Promise<number> {
    const removed = await this.#asker.write((database) =>
      database.deleteFrom("sallyport_sessions").where("identity", "=", identity).where("subject", "=", subject).executeTakeFirst(),
    );
    return Number(removed.numDeletedRows);
  }

  async removeExpired(nowMs: number): Promise<number> {
    const removed = await this.#asker.write((database) =>
      database.deleteFrom("sallyport_sessions").where("expires_at", "<=", nowMs).executeTakeFirst(),
    );
    return Number(removed.numDeletedRows);
  }
}

function toRow({ digest, identity, subject, sealed, expiresAtMs, version }: SessionRecord): SessionTable {
  return { digest, identity, subject, sealed, expires_at: expiresAtMs, version };
}
