// What is done with keys, in one place for the admin API and the command line: made, listed, shown, rotated, revoked. The key itself leaves
// once, in the answer that made it; what is kept of it is a digest.

import type { Clock } from "../../base/index.ts";
import type { ApiKeyFilter, ApiKeyRecord, ApiKeyStore } from "../../stores/index.ts";
import { digestOf } from "./api-key-identity.ts";
import { ID_LENGTH, KEY_BEGIN, makeKey } from "./key-format.ts";
import { KeyRefusal } from "./key-refusal.ts";
import { parseNewKey, parseRotation } from "./key-requests.ts";

const DEFAULT_OVERLAP_MS = 86_400_000;
const MOST_OVERLAP_MS = 90 * 86_400_000;

/** Parsed of what was asked for (key-requests.ts). */
export interface NewKey {
  readonly owner: string;
  /** Null: the only one of the configuration. */
  readonly identity: string | null;
  readonly tenant: string | null;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly plan: string | null;
  readonly note: string | null;
  readonly expiresAtMs: number | null;
}

export interface Rotation {
  /** How long both keys are good; null: a day. */
  readonly overlapMs: number | null;
}

/** A key as it is shown: plain JSON, times in ISO 8601, nothing by which anybody gets in. */
export interface ApiKeyView {
  readonly id: string;
  readonly prefix: string;
  readonly state: "good" | "expired" | "revoked";
  readonly identity: string;
  readonly owner: string;
  readonly tenant: string | null;
  readonly roles: readonly string[];
  readonly scopes: readonly string[];
  readonly plan: string | null;
  readonly note: string | null;
  readonly createdAt: string;
  readonly expiresAt: string | null;
  readonly revokedAt: string | null;
  readonly replacedBy: string | null;
}

export interface IssuedKey {
  /** The one time that it is told. */
  readonly key: string;
  readonly record: ApiKeyView;
  /** Of a rotation: the key that it takes the place of. */
  readonly replaces: ApiKeyView | null;
}

/** All reject with a KeyRefusal, or with the StoreFailure of the store. */
export interface ApiKeyOperations {
  /** `wanted` is JSON of anybody: `{ owner, identity?, tenant?, roles?, scopes?, plan?, expires?, note? }`. */
  create(wanted: unknown): Promise<IssuedKey>;
  /** The newest first. */
  list(filter: ApiKeyFilter): Promise<readonly ApiKeyView[]>;
  show(id: string): Promise<ApiKeyView>;
  /** Likewise: `{ overlap? }`. */
  rotate(id: string, wanted: unknown): Promise<IssuedKey>;
  /** At once, and for good. One that is revoked stays as it is. */
  revoke(id: string): Promise<ApiKeyView>;
}

export interface KeyOperationsHost {
  readonly clock: Pick<Clock, "wall">;
  /** So many bytes that nobody can guess. */
  readonly random: (length: number) => Uint8Array;
  /** Names of the configuration's identities that take keys. */
  readonly identities: () => readonly string[];
}

export function createApiKeyOperations(store: ApiKeyStore, host: KeyOperationsHost): ApiKeyOperations {
  return new Operations(store, host);
}

class Operations implements ApiKeyOperations {
  readonly #store: ApiKeyStore;
  readonly #host: KeyOperationsHost;

  constructor(store: ApiKeyStore, host: KeyOperationsHost) {
    this.#store = store;
    this.#host = host;
  }

  async create(wanted: unknown): Promise<IssuedKey> {
    const nowMs = this.#host.clock.wall();
    const { identity, ...facts } = parseNewKey(wanted, nowMs);
    const { key, record } = this.#make({ ...facts, identity: this.#choose(identity) }, nowMs);
    await this.#store.insert(record);
    return { key, record: this.#view(record), replaces: null };
  }

  async list(filter: ApiKeyFilter): Promise<readonly ApiKeyView[]> {
    return (await this.#store.list(filter)).map((record) => this.#view(record));
  }

  async show(id: string): Promise<ApiKeyView> {
    return this.#view(await this.#find(id));
  }

  async rotate(id: string, wanted: unknown): Promise<IssuedKey> {
    const { overlapMs } = parseRotation(wanted);
    if ((overlapMs ?? 0) > MOST_OVERLAP_MS) throw new KeyRefusal("invalid", "`overlap` is 90 days at most");
    const old = await this.#find(id);
    this.#refuseEnded(old);
    const nowMs = this.#host.clock.wall();
    const { owner, identity, tenant, roles, scopes, plan, note } = old;
    // It lives as long as the old one was meant to.
    const expiresAtMs = old.expiresAtMs === null ? null : nowMs + (old.expiresAtMs - old.createdAtMs);
    const { key, record } = this.#make({ owner, identity, tenant, roles, scopes, plan, note, expiresAtMs }, nowMs);
    const endMs = Math.min(old.expiresAtMs ?? Number.POSITIVE_INFINITY, nowMs + (overlapMs ?? DEFAULT_OVERLAP_MS));
    const ending: ApiKeyRecord = { ...old, expiresAtMs: endMs, replacedBy: record.id };
    if (!(await this.#store.rotate(ending, record))) {
      this.#refuseEnded(await this.#find(id));
      throw new KeyRefusal("ended", `the key ${id} changed meanwhile`);
    }
    return { key, record: this.#view(record), replaces: this.#view(ending) };
  }

  async revoke(id: string): Promise<ApiKeyView> {
    const record = await this.#find(id);
    if (record.revokedAtMs !== null) return this.#view(record);
    const isThere = await this.#store.update({ ...record, revokedAtMs: this.#host.clock.wall() });
    if (!isThere) throw absent(id);
    return this.#view(await this.#find(id));
  }

  async #find(id: string): Promise<ApiKeyRecord> {
    const record = await this.#store.find(id);
    if (record === null) throw absent(id);
    return record;
  }

  #choose(wanted: string | null): string {
    const names = this.#host.identities();
    if (names.length === 0) throw new KeyRefusal("invalid", "the configuration has no identity that takes API keys");
    const name = wanted ?? (names.length === 1 ? names[0]! : null);
    if (name !== null && names.includes(name)) return name;
    const listed = names.join(", ");
    throw new KeyRefusal(
      "invalid",
      name === null
        ? `\`identity\` is missing: there are ${listed}`
        : `no identity that takes keys is named \`${name}\`; there are ${listed}`,
    );
  }

  #refuseEnded(record: ApiKeyRecord): void {
    const { id, replacedBy } = record;
    const { state } = this.#view(record);
    if (state !== "good") throw new KeyRefusal("ended", `the key ${id} is ${state}: make a new one`);
    if (replacedBy !== null) throw new KeyRefusal("ended", `the key ${id} has a successor already, ${replacedBy}`);
  }

  #make(wanted: NewKey & { readonly identity: string }, createdAtMs: number): { readonly key: string; readonly record: ApiKeyRecord } {
    const { id, key } = makeKey(this.#host.random);
    const prefix = key.slice(0, KEY_BEGIN.length + ID_LENGTH);
    return { key, record: { ...wanted, id, prefix, digest: digestOf(key), createdAtMs, revokedAtMs: null, replacedBy: null } };
  }

  #view(record: ApiKeyRecord): ApiKeyView {
    const { id, prefix, identity, owner, tenant, roles, scopes, plan, note, createdAtMs, expiresAtMs, revokedAtMs, replacedBy } = record;
    const isExpired = expiresAtMs !== null && expiresAtMs <= this.#host.clock.wall();
    return {
      id,
      prefix,
      state: revokedAtMs !== null ? "revoked" : isExpired ? "expired" : "good",
      identity,
      owner,
      tenant,
      roles,
      scopes,
      plan,
      note,
      createdAt: toTime(createdAtMs),
      expiresAt: expiresAtMs === null ? null : toTime(expiresAtMs),
      revokedAt: revokedAtMs === null ? null : toTime(revokedAtMs),
      replacedBy,
    };
  }
}

function absent(id: string): KeyRefusal {
  // What was asked for may be a whole key, which belongs into no message.
  return new KeyRefusal(
    "absent",
    id.length <= ID_LENGTH ? `there is no key ${id}` : `there is no such key; an id has ${ID_LENGTH} characters`,
  );
}

function toTime(ms: number): string {
  return new Date(ms).toISOString();
}
