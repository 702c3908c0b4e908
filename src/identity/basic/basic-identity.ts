// Names and passwords (RFC 7617). A password that was right is remembered for some minutes as a digest under a key that only this process
// has, so that each further request costs microseconds; the hash itself is made to be dear, and how much of that anybody gets is bounded.

import { createHmac, randomBytes } from "node:crypto";
import type { Clock, Fault } from "../../base/index.ts";
import { type BasicIdentity, type BasicUser, type PasswordHash, parsePasswordHash } from "../../config/index.ts";
import { type Exchange, Principal } from "../../pipeline/index.ts";
import { BAD_CREDENTIAL, TOO_MANY, UNAVAILABLE } from "../faults.ts";
import { type Identity, type IdentityHost, type IdentityWatcher, NO_CARRIERS, type Outcome } from "../identity.ts";
import { PrincipalMaker } from "../principal-maker.ts";
import { VerificationBudget } from "../verification-budget.ts";
import { type Credentials, readCredentials } from "./credentials.ts";
import { matchesPassword } from "./password-work.ts";
import { WorkQueue } from "./work-queue.ts";

const REMEMBER_MS = 5 * 60_000;
const MOST_REMEMBERED = 10_000;
const MOST_AT_ONCE = 2;
const MOST_WAITING = 64;
/** Of passwords that are not remembered, for a client address: some at once, then ten a minute. Those that are right are mostly paid back. */
const BUDGET = { verifications: 20, perSecond: 1 / 6, addresses: 10_000 };

interface KnownUser {
  readonly principal: Principal;
  readonly hash: PasswordHash;
}

/** What tests put in place of the dear work. */
export type PasswordCheck = (password: string, hash: PasswordHash) => Promise<boolean>;

/** Throws when a hash or a user can't be used: the schema has checked them. */
export function createBasicIdentity(config: BasicIdentity, host: IdentityHost, check: PasswordCheck = matchesPassword): Identity {
  return new Passwords(config, host, check);
}

class Passwords implements Identity {
  readonly name: string;
  readonly source = "basic";
  readonly carriers = NO_CARRIERS;
  readonly challenge: string;
  readonly isAmbient = true;
  readonly #clock: Clock;
  readonly #watcher: IdentityWatcher;
  readonly #check: PasswordCheck;
  readonly #users = new Map<string, KnownUser>();
  /** Whom strangers are compared with. */
  readonly #decoys: readonly PasswordHash[];
  readonly #key = randomBytes(32);
  /** By digest, the oldest first. */
  readonly #remembered = new Map<string, { readonly principal: Principal; readonly untilMs: number }>();
  readonly #underWay = new Map<string, Promise<Principal | Fault>>();
  readonly #queue = new WorkQueue(MOST_AT_ONCE, MOST_WAITING);
  readonly #budget: VerificationBudget;

  constructor(config: BasicIdentity, host: IdentityHost, check: PasswordCheck) {
    this.name = config.name;
    // RFC 7617 2.1: clients send UTF-8 then.
    this.challenge = `Basic realm="${config.realm.replaceAll(/["\\]/g, "\\$&")}", charset="UTF-8"`;
    this.#clock = host.clock;
    this.#watcher = host.watcher;
    this.#check = check;
    this.#budget = new VerificationBudget(host.wheel, BUDGET);
    const maker = new PrincipalMaker(config);
    for (const user of config.users) this.#users.set(user.name.normalize("NFC"), toKnownUser(user, maker));
    this.#decoys = [...this.#users.values()].map(({ hash }) => hash);
  }

  identify(exchange: Exchange): Outcome {
    const credentials = readCredentials(exchange.head.fields);
    if (credentials === null) return null;
    if (typeof credentials === "string") return BAD_CREDENTIAL.with(`${this.name}: ${credentials}`);
    const digest = this.#digest(credentials);
    const known = this.#remembered.get(digest);
    const isKnown = known !== undefined && this.#clock.now() < known.untilMs;
    this.#watcher.onLookup(this.name, isKnown);
    if (isKnown) return known.principal;
    const address = exchange.clientAddress;
    const running = this.#underWay.get(digest);
    if (running !== undefined) return running;
    if (this.#queue.isFull) return TOO_MANY.with(`${this.name}: ${MOST_WAITING} passwords wait to be checked`);
    const retryAfterSeconds = this.#budget.spend(address);
    if (retryAfterSeconds > 0) {
      const detail = `${this.name}: too many passwords of one address were wrong`;
      return { ...TOO_MANY.telling({ detail: null, retryAfterSeconds }), detail };
    }
    const checking = this.#verify(credentials, digest, address);
    this.#underWay.set(digest, checking);
    return checking;
  }

  close(): void {
    this.#remembered.clear();
  }

  async #verify({ name, password }: Credentials, digest: string, address: string): Promise<Principal | Fault> {
    const user = this.#users.get(name);
    try {
      const hash = user === undefined ? this.#decoyOf(name) : user.hash;
      const isRight = hash !== null && (await this.#queue.run(() => this.#check(password, hash)));
      if (!isRight || user === undefined) return BAD_CREDENTIAL.with(`${this.name}: no user has this name and password`);
      this.#budget.giveBack(address, 1);
      this.#remember(digest, user.principal);
      return user.principal;
    } catch {
      return UNAVAILABLE.with(`${this.name}: the password can't be checked now`);
    } finally {
      this.#underWay.delete(digest);
    }
  }

  /** A stranger's check costs what that of some user does, always of the same one: time tells nobody who has an account. Null: nobody has. */
  #decoyOf(name: string): PasswordHash | null {
    if (this.#decoys.length === 0) return null;
    const pick = createHmac("sha256", this.#key).update(`decoy\0${name}`).digest().readUInt32BE(0);
    return this.#decoys[pick % this.#decoys.length]!;
  }

  #digest({ name, password }: Credentials): string {
    // No name or password holds a NUL.
    return createHmac("sha256", this.#key).update(`known\0${name}\0${password}`).digest("base64");
  }

  #remember(digest: string, principal: Principal): void {
    this.#remembered.delete(digest);
    if (this.#remembered.size >= MOST_REMEMBERED) {
      const [oldest] = this.#remembered.keys();
      if (oldest !== undefined) this.#remembered.delete(oldest);
    }
    this.#remembered.set(digest, { principal, untilMs: this.#clock.now() + REMEMBER_MS });
  }
}

function toKnownUser({ name, password, tenant, roles, scopes }: BasicUser, maker: PrincipalMaker): KnownUser {
  const hash = parsePasswordHash(password.reveal());
  if (typeof hash === "string") throw new Error(`the password of ${name}: ${hash}`);
  const claims = { name, ...(tenant !== null && { tenant }), roles, scopes };
  const principal = maker.make(claims, { expiresAtMs: null });
  if (!(principal instanceof Principal)) throw new Error(`the user ${name}: ${principal}`);
  return { principal, hash };
}
