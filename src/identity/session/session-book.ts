// The sessions that a worker knows: opened once, refreshed by whoever finds that it is time while the others wait for the same answer, and
// trusted for as long as nothing of them can have changed. What is known is given at once.

import type { Fault } from "../../base/index.ts";
import type { SessionIdentity } from "../../config/index.ts";
import type { Principal } from "../../pipeline/index.ts";
import * as AUTH from "../faults.ts";
import type { IdentityHost } from "../identity.ts";
import { PrincipalMaker } from "../principal-maker.ts";
import { digestOf, type Kept, type Missing, type SessionKeeper } from "./keepers.ts";
import { type OidcClient, REFUSED } from "./oidc-client.ts";
import { claimsOf, endOf, isOver, lastEndOf, type Session } from "./session.ts";

export interface Entry {
  readonly kept: Kept;
  readonly principal: Principal;
  /** Wall clock: until then nothing has to be asked, refreshed or written. */
  readonly goodUntilMs: number;
}

/** Why a cookie lets nobody in. */
export interface Refusal {
  readonly fault: Fault;
  /** Whether the browser is to forget it. */
  readonly endsCookie: boolean;
}

/** A few KiB each. */
const MOST_ENTRIES = 5000;
/** After a refresh that could not be made nobody tries again for so long. */
const RETRY_MS = 5000;
/** How long one worker may take for a refresh before another takes its turn. */
const BUSY_MS = 15_000;
const LOOK_AGAIN_MS = 150;
/** Idle ends move in steps of this part: a session is not written for each request. */
const IDLE_STEPS = 8;

export class SessionBook {
  readonly #config: SessionIdentity;
  readonly #host: IdentityHost;
  readonly #keeper: SessionKeeper;
  readonly #client: OidcClient;
  readonly #maker: PrincipalMaker;
  /** What is known of sessions by their ids; the one used longest ago first. */
  readonly #entries = new Map<string, Entry>();
  /** Ids by the digest of what stands in a cookie: an older cookie of a session leads to what took its place. */
  readonly #ids = new Map<string, string>();
  readonly #flights = new Map<string, Promise<Entry | Refusal>>();
  /** By session: until when its refresh is not tried again. */
  readonly #retryAtMs = new Map<string, number>();

  constructor(config: SessionIdentity, host: IdentityHost, keeper: SessionKeeper, client: OidcClient) {
    this.#config = config;
    this.#host = host;
    this.#keeper = keeper;
    this.#client = client;
    this.#maker = new PrincipalMaker(config);
  }

  /** Who is known by this cookie, without asking anybody; null when somebody has to be asked. */
  recall(value: string): Entry | null {
    const entry = this.#known(digestOf(value));
    if (entry === null || this.#host.clock.wall() >= entry.goodUntilMs) return null;
    const { id } = entry.kept.session;
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    this.#host.watcher.onLookup(this.#config.name, true);
    return entry;
  }

  /** Whether this worker has seen that cookie lately. */
  isKnown(value: string): boolean {
    return this.#known(digestOf(value)) !== null;
  }

  /** Opens, looks up or refreshes; never rejects. */
  admit(value: string): Promise<Entry | Refusal> {
    const digest = digestOf(value);
    const key = this.#ids.get(digest) ?? digest;
    const flight = this.#flights.get(key);
    if (flight !== undefined) return flight;
    const begun = this.#admit(digest, value).finally(() => this.#flights.delete(key));
    this.#flights.set(key, begun);
    return begun;
  }

  #known(digest: string): Entry | null {
    const id = this.#ids.get(digest);
    return id === undefined ? null : (this.#entries.get(id) ?? null);
  }

  /** A session that has just begun. A text says why it is none. */
  async begin(session: Session): Promise<Kept | string> {
    const principal = this.#maker.make(claimsOf(session), { expiresAtMs: null });
    if (typeof principal === "string") return principal;
    const kept = await this.#keeper.create(session);
    return kept ?? "it is too large for cookies: `store: database` keeps larger ones";
  }

  /** Ends what the cookie stands for; what it was, when it was something. */
  async end(value: string): Promise<Session | null> {
    const known = this.#known(digestOf(value));
    const current = known?.kept.value ?? value;
    const found = await this.#keeper.find(current);
    if (known !== null) this.#entries.delete(known.kept.session.id);
    if (typeof found === "string") return null;
    await this.#keeper.remove(current);
    return found.session;
  }

  async #admit(digest: string, value: string): Promise<Entry | Refusal> {
    try {
      this.#host.watcher.onLookup(this.#config.name, false);
      const found = await this.#find(digest, value);
      if (typeof found === "string") return found === "bad" ? this.#bad("is none that this gateway made") : this.#expired("has ended");
      const kept = await this.#renew(found);
      return "fault" in kept ? kept : this.#remember(digest, kept);
    } catch (error) {
      const detail = this.#say(`can't be looked up: ${error instanceof Error ? error.message : "unknown"}`);
      this.#host.watcher.onAsked(this.#config.name, "sessions", false, detail);
      return { fault: AUTH.UNAVAILABLE.with(detail), endsCookie: false };
    }
  }

  /** What is kept of it; of a sealed cookie the newest that is known. */
  async #find(digest: string, value: string): Promise<Kept | Missing> {
    const known = this.#known(digest);
    if (known !== null && !this.#keeper.isShared) return known.kept;
    const found = await this.#keeper.find(value);
    if (this.#keeper.isShared) this.#host.watcher.onAsked(this.#config.name, "sessions", true, "");
    if (typeof found === "string" || this.#keeper.isShared) return found;
    const here = this.#entries.get(found.session.id);
    // Of this browser's cookies another worker may have made the newer one.
    return here !== undefined && here.kept.session.seenAtMs >= found.session.seenAtMs ? here.kept : found;
  }

  async #renew(found: Kept): Promise<Kept | Refusal> {
    const now = this.#host.clock.wall();
    const { session } = found;
    if (isOver(session, this.#config, now)) return this.#expired("has ended");
    if (session.refreshToken !== null && session.refreshAtMs !== null && now >= session.refreshAtMs) return this.#refresh(found, now);
    if (now < this.#touchAt(session)) return found;
    const touched = await this.#keeper.update(found, { ...session, seenAtMs: now });
    // Whoever was first has moved its end too, or ended it: the next look will tell.
    return touched ?? this.#readAgain(found);
  }

  async #refresh(found: Kept, now: number): Promise<Kept | Refusal> {
    const { session } = found;
    const isStillGood = session.accessEndsAtMs !== null && now < session.accessEndsAtMs;
    if (now < (this.#retryAtMs.get(session.id) ?? 0)) return isStillGood ? found : this.#unavailable();
    if (session.busyUntilMs > now) return isStillGood ? found : this.#await(found, now);
    // Two workers that show one refresh token end the session at providers that take the second for a thief's.
    const mine = this.#keeper.isShared ? await this.#keeper.update(found, { ...session, busyUntilMs: now + BUSY_MS }) : found;
    if (mine === null) return isStillGood ? found : this.#await(found, now);
    const tokens = await this.#client.refresh(session);
    const later = this.#host.clock.wall();
    if (tokens === REFUSED) return this.#refused(mine, later);
    if ("kind" in tokens) {
      this.#noteRetry(session.id, later + RETRY_MS);
      const back = this.#keeper.isShared ? await this.#keeper.update(mine, { ...session, busyUntilMs: 0 }) : mine;
      return isStillGood && back !== null ? back : { fault: tokens, endsCookie: false };
    }
    this.#retryAtMs.delete(session.id);
    const renewed = await this.#keeper.update(mine, { ...session, ...tokens, seenAtMs: later, busyUntilMs: 0 });
    if (renewed !== null) return renewed;
    if (tokens.refreshToken !== null) void this.#client.revoke(tokens.refreshToken);
    return this.#expired("was ended while it was refreshed");
  }

  /** The provider does not take the refresh token. The access token is as good as it was. */
  async #refused(kept: Kept, now: number): Promise<Kept | Refusal> {
    const session: Session = { ...kept.session, refreshToken: null, busyUntilMs: 0 };
    const isEnd = isOver(session, this.#config, now);
    if (!this.#keeper.isShared) {
      // Not written: another worker may have got a new one, and its cookie is the better one.
      return isEnd ? { ...this.#expired(REFUSED_WORDS), endsCookie: false } : { ...kept, session };
    }
    if (isEnd) {
      await this.#keeper.remove(kept.value);
      return this.#expired(REFUSED_WORDS);
    }
    return (await this.#keeper.update(kept, session)) ?? this.#readAgain(kept);
  }

  /** Another worker refreshes it, and nothing can be done without. */
  async #await(found: Kept, sinceMs: number): Promise<Kept | Refusal> {
    for (;;) {
      await new Promise<void>((resolve) => void this.#host.clock.schedule(resolve, LOOK_AGAIN_MS));
      const now = this.#host.clock.wall();
      const kept = await this.#keeper.find(found.value);
      if (typeof kept === "string") return this.#expired("has ended");
      const { accessEndsAtMs, busyUntilMs } = kept.session;
      if (accessEndsAtMs === null || now < accessEndsAtMs) return kept;
      if (busyUntilMs <= now || now - sinceMs >= BUSY_MS) return this.#unavailable();
    }
  }

  async #readAgain(found: Kept): Promise<Kept | Refusal> {
    const kept = await this.#keeper.find(found.value);
    return typeof kept === "string" ? this.#expired("has ended") : kept;
  }

  #remember(digest: string, kept: Kept): Entry | Refusal {
    const { session } = kept;
    const now = this.#host.clock.wall();
    const principal = this.#maker.make(claimsOf(session), { expiresAtMs: lastEndOf(session, this.#config) });
    if (typeof principal === "string") return this.#bad(`makes nobody: ${principal}`);
    const entry = { kept, principal, goodUntilMs: this.#goodUntil(session, now) };
    this.#entries.delete(session.id);
    this.#entries.set(session.id, entry);
    for (const key of [digest, digestOf(kept.value)]) this.#ids.set(key, session.id);
    dropOldest(this.#entries);
    dropOldest(this.#ids);
    return entry;
  }

  #goodUntil(session: Session, now: number): number {
    const { accessEndsAtMs, refreshAtMs, refreshToken } = session;
    const accessEnd = accessEndsAtMs ?? Number.POSITIVE_INFINITY;
    const waits = Math.max(this.#retryAtMs.get(session.id) ?? 0, session.busyUntilMs > now ? now + LOOK_AGAIN_MS : 0);
    const due = refreshToken === null || refreshAtMs === null ? accessEnd : Math.min(accessEnd, Math.max(refreshAtMs, waits));
    return Math.min(now + this.#keeper.trustMs, endOf(session, this.#config), due, this.#touchAt(session));
  }

  /** When its idle end is moved; never past the lifetime, at which it ends anyway. */
  #touchAt(session: Session): number {
    const { idleMs } = this.#config;
    if (session.seenAtMs + idleMs >= lastEndOf(session, this.#config)) return Number.POSITIVE_INFINITY;
    return session.seenAtMs + idleMs / IDLE_STEPS;
  }

  #noteRetry(id: string, atMs: number): void {
    this.#retryAtMs.delete(id);
    this.#retryAtMs.set(id, atMs);
    dropOldest(this.#retryAtMs);
  }

  #bad(what: string): Refusal {
    return { fault: AUTH.BAD_CREDENTIAL.with(this.#say(what)), endsCookie: true };
  }

  #expired(what: string): Refusal {
    return { fault: AUTH.EXPIRED.with(this.#say(what)), endsCookie: true };
  }

  #unavailable(): Refusal {
    return { fault: AUTH.UNAVAILABLE.with(this.#say("can't be refreshed now")), endsCookie: false };
  }

  #say(what: string): string {
    return `${this.#config.name}: the session ${what}`;
  }
}

const REFUSED_WORDS = "can't be refreshed any more: the provider refuses its refresh token";

function dropOldest(map: Map<string, unknown>): void {
  for (const key of map.keys()) {
    if (map.size <= MOST_ENTRIES) return;
    map.delete(key);
  }
}
