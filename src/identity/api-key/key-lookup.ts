// Looks keys up in the store: once for all requests that carry the same one at the same time. What comes of it is remembered, unless the
// key changed while it was read.

import type { Fault } from "../../base/index.ts";
import type { ApiKeyIdentity } from "../../config/index.ts";
import type { Claims, Principal } from "../../pipeline/index.ts";
import type { ApiKeyRecord, ApiKeyStore } from "../../stores/index.ts";
import { BAD_CREDENTIAL, EXPIRED, UNAVAILABLE } from "../faults.ts";
import type { IdentityHost } from "../identity.ts";
import { PrincipalMaker } from "../principal-maker.ts";
import { KnownKeys } from "./known-keys.ts";

/** A reading that began before a change was told is made again so often; by then somebody changes the key all the time. */
const MOST_READINGS = 3;

interface Reading {
  isStale: boolean;
  readonly outcome: Promise<Principal | Fault>;
}

export class KeyLookup {
  readonly known: KnownKeys;
  readonly #config: ApiKeyIdentity;
  readonly #host: Pick<IdentityHost, "clock" | "watcher">;
  readonly #store: ApiKeyStore;
  readonly #maker: PrincipalMaker;
  readonly #underWay = new Map<string, Reading>();

  constructor(config: ApiKeyIdentity, host: Pick<IdentityHost, "clock" | "watcher">, store: ApiKeyStore) {
    this.known = new KnownKeys(config.cachedKeys);
    this.#config = config;
    this.#host = host;
    this.#store = store;
    this.#maker = new PrincipalMaker(config);
  }

  get underWay(): number {
    return this.#underWay.size;
  }

  find(digest: string): Promise<Principal | Fault> | null {
    return this.#underWay.get(digest)?.outcome ?? null;
  }

  /** Never rejects. */
  start(digest: string): Promise<Principal | Fault> {
    const reading: Reading = { isStale: false, outcome: Promise.resolve().then(() => this.#read(digest, reading)) };
    this.#underWay.set(digest, reading);
    return reading.outcome;
  }

  onChanged(digest: string): void {
    this.known.forget(digest);
    const reading = this.#underWay.get(digest);
    if (reading !== undefined) reading.isStale = true;
  }

  onAllChanged(): void {
    this.known.clear();
    for (const reading of this.#underWay.values()) reading.isStale = true;
  }

  /** What a request gets whose key is known: it may have expired since. */
  judge(known: Principal | Fault): Principal | Fault {
    if (!("expiresAtMs" in known) || known.expiresAtMs === null) return known;
    return this.#host.clock.wall() >= known.expiresAtMs ? this.#expired() : known;
  }

  async #read(digest: string, reading: Reading): Promise<Principal | Fault> {
    const { clock, watcher } = this.#host;
    const { name } = this.#config;
    try {
      for (let count = 0; count < MOST_READINGS; count++) {
        reading.isStale = false;
        const record = await this.#store.findByDigest(digest);
        if (reading.isStale) continue;
        watcher.onAsked(name, "store", true, "");
        const made = this.#make(record);
        if (typeof made === "string") {
          const fault = BAD_CREDENTIAL.with(`${name}: ${made}`);
          this.known.putBad(digest, fault, clock.now());
          return fault;
        }
        this.known.putGood(digest, made);
        return this.judge(made);
      }
      return UNAVAILABLE.with(`${name}: the key changes faster than it can be read`);
    } catch (error) {
      const detail = error instanceof Error ? error.message : String(error);
      watcher.onAsked(name, "store", false, detail);
      return UNAVAILABLE.with(`${name}: ${detail}`);
    } finally {
      this.#underWay.delete(digest);
    }
  }

  /** A text says why it is none. */
  #make(record: ApiKeyRecord | null): Principal | string {
    if (record === null) return "there is no such key";
    if (record.identity !== this.#config.name) return `the key ${record.id} is one of the identity ${record.identity}`;
    if (record.revokedAtMs !== null) return `the key ${record.id} is revoked`;
    const { expiresAtMs, plan } = record;
    const made = this.#maker.make(toClaims(record), { expiresAtMs, plan });
    return typeof made === "string" ? `the key ${record.id} can't be used: ${made}` : made;
  }

  #expired(): Fault {
    return EXPIRED.with(`${this.#config.name}: the key has expired`);
  }
}

/** What a record says, by the names that a configuration may map. */
function toClaims({ id, prefix, owner, tenant, roles, scopes, plan, createdAtMs }: ApiKeyRecord): Claims {
  return Object.freeze({ key: id, prefix, owner, tenant, roles, scopes, plan, created: Math.floor(createdAtMs / 1000) });
}
