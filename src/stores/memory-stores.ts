// The stores in a process's own memory: for tests, and the measure of what the engines do. Nothing is kept when the process ends, and no
// configuration leads here.

import { type Clock, systemClock } from "../base/index.ts";
import { MemoryQuotas } from "./memory-quotas.ts";
import {
  type ApiKeyFilter,
  type ApiKeyRecord,
  type ApiKeyStore,
  type SessionRecord,
  type SessionStore,
  type SigningKeyRecord,
  type SigningKeyStore,
  StoreFailure,
  type Stores,
} from "./ports.ts";

export function createMemoryStores(clock: Pick<Clock, "wall"> = systemClock): Stores {
  const secrets = new Map<string, string>();
  return {
    apiKeys: new MemoryApiKeys(clock),
    sessions: new MemorySessions(),
    signingKeys: new MemorySigningKeys(),
    ownSecrets: {
      async obtain(name, make) {
        const kept = secrets.get(name) ?? make();
        secrets.set(name, kept);
        return kept;
      },
    },
    quotas: new MemoryQuotas(),
    async close() {},
  };
}

class MemoryApiKeys implements ApiKeyStore {
  readonly #clock: Pick<Clock, "wall">;
  readonly #records = new Map<string, ApiKeyRecord>();
  /** By id: the number of the last change of each. */
  readonly #changed = new Map<string, number>();
  #sequence = 0;

  constructor(clock: Pick<Clock, "wall">) {
    this.#clock = clock;
  }

  async findByDigest(digest: string): Promise<ApiKeyRecord | null> {
    return this.#records.values().find((record) => record.digest === digest) ?? null;
  }

  async find(id: string): Promise<ApiKeyRecord | null> {
    return this.#records.get(id) ?? null;
  }

  async list({ identity, owner, all = false }: ApiKeyFilter): Promise<readonly ApiKeyRecord[]> {
    const nowMs = this.#clock.wall();
    const isListed = (record: ApiKeyRecord): boolean =>
      (identity === undefined || record.identity === identity) &&
      (owner === undefined || record.owner === owner) &&
      (all || (record.revokedAtMs === null && (record.expiresAtMs === null || record.expiresAtMs > nowMs)));
    const byAge = (a: ApiKeyRecord, b: ApiKeyRecord): number => b.createdAtMs - a.createdAtMs || (a.id < b.id ? -1 : 1);
    return [...this.#records.values()].filter(isListed).sort(byAge);
  }

  async insert(record: ApiKeyRecord): Promise<void> {
    if (this.#isTaken(record)) throw new StoreFailure("a key of that id or digest is there already");
    this.#put(record);
  }

  async update(record: ApiKeyRecord): Promise<boolean> {
    const kept = this.#records.get(record.id);
    if (kept === undefined) return false;
    const { digest } = kept;
    const revokedAtMs = kept.revokedAtMs ?? record.revokedAtMs;
    this.#put({ ...record, digest, revokedAtMs, replacedBy: record.replacedBy ?? kept.replacedBy });
    return true;
  }

  async rotate(old: ApiKeyRecord, successor: ApiKeyRecord): Promise<boolean> {
    const kept = this.#records.get(old.id);
    if (kept === undefined || kept.revokedAtMs !== null || kept.replacedBy !== null) return false;
    if (this.#isTaken(successor)) throw new StoreFailure("a key of that id or digest is there already");
    this.#put({ ...kept, expiresAtMs: old.expiresAtMs, replacedBy: successor.id });
    this.#put(successor);
    return true;
  }

  async changesSince(sequence: number) {
    const changed = [...this.#changed].filter(([, number]) => number > sequence);
    return { sequence: this.#sequence, digests: changed.map(([id]) => this.#records.get(id)!.digest) };
  }

  #isTaken({ id, digest }: ApiKeyRecord): boolean {
    return this.#records.has(id) || this.#records.values().some((record) => record.digest === digest);
  }

  #put(record: ApiKeyRecord): void {
    this.#records.set(record.id, { ...record, roles: [...record.roles], scopes: [...record.scopes] });
    this.#changed.set(record.id, ++this.#sequence);
  }
}

class MemorySessions implements SessionStore {
  readonly #records = new Map<string, SessionRecord>();

  async find(digest: string): Promise<SessionRecord | null> {
    return this.#records.get(digest) ?? null;
  }

  async insert(record: SessionRecord): Promise<void> {
    if (this.#records.has(record.digest)) throw new StoreFailure("a session of that digest is there already");
    this.#records.set(record.digest, { ...record });
  }

  async update(record: SessionRecord): Promise<boolean> {
    if (this.#records.get(record.digest)?.version !== record.version - 1) return false;
    this.#records.set(record.digest, { ...record });
    return true;
  }

  async remove(digest: string): Promise<void> {
    this.#records.delete(digest);
  }

  async removeOf(identity: string, subject: string): Promise<number> {
    return removeWhere(this.#records, (record) => record.identity === identity && record.subject === subject);
  }

  async removeExpired(nowMs: number): Promise<number> {
    return removeWhere(this.#records, ({ expiresAtMs }) => expiresAtMs <= nowMs);
  }
}

class MemorySigningKeys implements SigningKeyStore {
  readonly #records = new Map<string, SigningKeyRecord>();

  async list(nowMs: number): Promise<readonly SigningKeyRecord[]> {
    return [...this.#records.values()].filter(({ expiresAtMs }) => expiresAtMs > nowMs).sort((a, b) => a.activeAtMs - b.activeAtMs);
  }

  async insertNext(record: SigningKeyRecord): Promise<boolean> {
    if (this.#records.values().some(({ activeAtMs }) => activeAtMs >= record.activeAtMs)) return false;
    if (this.#records.has(record.kid)) throw new StoreFailure("a signing key of that id is there already");
    this.#records.set(record.kid, { ...record });
    return true;
  }

  async removeExpired(nowMs: number): Promise<number> {
    return removeWhere(this.#records, ({ expiresAtMs }) => expiresAtMs <= nowMs);
  }
}

function removeWhere<Record>(records: Map<string, Record>, isGone: (record: Record) => boolean): number {
  let count = 0;
  for (const [key, record] of records) {
    if (isGone(record) && records.delete(key)) count++;
  }
  return count;
}
