// Where a session is kept: sealed in the browser's cookie, or sealed in the store under the digest of a random id that the cookie holds.

import { Buffer } from "node:buffer";
import { createHash, randomBytes } from "node:crypto";
import type { SessionRecord, SessionStore } from "../../stores/index.ts";
import { OVER, type Seal } from "../seal/index.ts";
import { decodeSession, encodeSession, endOf, type Session, type SessionEnds } from "./session.ts";

export interface Kept {
  readonly session: Session;
  /** What stands in the cookie. */
  readonly value: string;
  /** Counts changes in the store. */
  readonly version: number;
}

/** `bad`: nothing that a gateway made. `over`: it was a session once. */
export type Missing = "bad" | "over";

/** Rejects when the store or the keys can't be asked. */
export interface SessionKeeper {
  /** Others may change or end what is kept: a reading is good for so long. */
  readonly trustMs: number;
  /** Whether all workers see what one of them does. */
  readonly isShared: boolean;
  find(value: string): Promise<Kept | Missing>;
  /** Null: it is too large to be kept. */
  create(session: Session): Promise<Kept | null>;
  /** Null: somebody else changed or ended it since it was read. */
  update(kept: Kept, session: Session): Promise<Kept | null>;
  remove(value: string): Promise<void>;
}

/** As API keys that were revoked: on every node within 5 s. */
const TRUST_MS = 5000;
const ID_BYTES = 32;
const ID = /^[\w-]{43}$/;
/** Between two cleanings of the store by one worker. */
const CLEAN_MS = 600_000;

export function digestOf(value: string): string {
  return createHash("sha256").update(value).digest("hex");
}

export class CookieKeeper implements SessionKeeper {
  readonly trustMs = Number.POSITIVE_INFINITY;
  readonly isShared = false;
  readonly #seal: Seal;
  readonly #ends: SessionEnds;

  constructor(seal: Seal, ends: SessionEnds) {
    this.#seal = seal;
    this.#ends = ends;
  }

  async find(value: string): Promise<Kept | Missing> {
    const session = await openSession(this.#seal, value);
    return typeof session === "string" ? session : { session, value, version: 0 };
  }

  async create(session: Session): Promise<Kept | null> {
    // Without the id token the provider asks whether to log out; better than no session.
    return (await this.#keep(session)) ?? this.#keep({ ...session, idToken: null });
  }

  update(_kept: Kept, session: Session): Promise<Kept | null> {
    return this.create(session);
  }

  async remove(): Promise<void> {}

  async #keep(session: Session): Promise<Kept | null> {
    const value = await this.#seal.seal("session", encodeSession(session), endOf(session, this.#ends));
    return value === null ? null : { session, value, version: 0 };
  }
}

export interface StoreKeeperOptions {
  readonly identity: string;
  readonly sessions: SessionStore;
  readonly seal: Seal;
  readonly ends: SessionEnds;
  readonly wallMs: () => number;
}

export class StoreKeeper implements SessionKeeper {
  readonly trustMs = TRUST_MS;
  readonly isShared = true;
  readonly #options: StoreKeeperOptions;
  #cleanedAtMs = Number.NEGATIVE_INFINITY;

  constructor(options: StoreKeeperOptions) {
    this.#options = options;
  }

  async find(value: string): Promise<Kept | Missing> {
    if (!ID.test(value)) return "bad";
    const { identity, seal, sessions } = this.#options;
    const record = await sessions.find(digestOf(value));
    if (record === null || record.identity !== identity) return "over";
    const session = await openSession(seal, record.sealed);
    return typeof session === "string" ? session : { session, value, version: record.version };
  }

  async create(session: Session): Promise<Kept | null> {
    const value = Buffer.from(randomBytes(ID_BYTES)).toString("base64url");
    const record = await this.#toRecord(value, session, 1);
    if (record === null) return null;
    await this.#options.sessions.insert(record);
    await this.#clean();
    return { session, value, version: 1 };
  }

  async update({ value, version }: Kept, session: Session): Promise<Kept | null> {
    const record = await this.#toRecord(value, session, version + 1);
    const isKept = record !== null && (await this.#options.sessions.update(record));
    return isKept ? { session, value, version: version + 1 } : null;
  }

  remove(value: string): Promise<void> {
    return this.#options.sessions.remove(digestOf(value));
  }

  async #toRecord(value: string, session: Session, version: number): Promise<SessionRecord | null> {
    const { ends, identity, seal } = this.#options;
    const expiresAtMs = endOf(session, ends);
    const sealed = await seal.seal("session", encodeSession(session), expiresAtMs);
    return sealed === null ? null : { digest: digestOf(value), identity, subject: session.subject, sealed, expiresAtMs, version };
  }

  /** Whoever logs in clears away what has ended. */
  async #clean(): Promise<void> {
    const { sessions, wallMs } = this.#options;
    const now = wallMs();
    if (now - this.#cleanedAtMs < CLEAN_MS) return;
    this.#cleanedAtMs = now;
    await sessions.removeExpired(now);
  }
}

async function openSession(seal: Seal, sealed: string): Promise<Session | Missing> {
  const opened = await seal.open("session", sealed);
  if (opened === OVER) return "over";
  return opened === undefined ? "bad" : (decodeSession(opened) ?? "over");
}
