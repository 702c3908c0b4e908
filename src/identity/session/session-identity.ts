// A browser's session as an identity: reads its cookie, sends who has none to the login, and puts what changed of it into the answer.
// A cookie that was seen before is answered at once, without a promise.

import type { Fault } from "../../base/index.ts";
import type { SessionIdentity } from "../../config/index.ts";
import { FIELD, Fields } from "../../http/index.ts";
import { CONTINUE, type Exchange, type MemoryKey, type Policy, type Principal, type StepResult } from "../../pipeline/index.ts";
import * as AUTH from "../faults.ts";
import type { Carriers, Identity, IdentityHost, Outcome } from "../identity.ts";
import { Seal } from "../seal/index.ts";
import type { VerificationBudget } from "../verification-budget.ts";
import { listCookies, MOST_VALUE, mustBeSecure, namesOf, readValue, removeAll, SET_COOKIE, writeValue } from "./cookies.ts";
import { isNavigation, isUnsafe, judgeSender } from "./cross-site.ts";
import { CookieKeeper, type SessionKeeper, StoreKeeper } from "./keepers.ts";
import { OidcClient } from "./oidc-client.ts";
import { SessionPages } from "./pages.ts";
import { readReturnPath } from "./return-path.ts";
import { type Entry, type Refusal, SessionBook } from "./session-book.ts";

/** What a request showed, and what came of it. */
interface Visit {
  readonly value: string;
  /** Names of cookies that it stood in. */
  readonly names: readonly string[];
  outcome: Entry | Refusal | null;
}

/** What may stand behind `Bearer `. */
const TOKEN = /^[\x21-\x7e]+$/;
const FOUND = 302;

/** `budget` bounds how many cookies that were never seen before are opened or looked up for one client address. */
export function createSessionIdentity(config: SessionIdentity, host: IdentityHost, budget: VerificationBudget): Identity {
  return new BrowserSession(config, host, budget);
}

class BrowserSession implements Identity {
  readonly name: string;
  readonly source = "session";
  readonly carriers: Carriers;
  /** A session is begun by a page, not by a field that a client could add. */
  readonly challenge = null;
  readonly listenerPolicies: readonly Policy[];
  readonly routePolicies: readonly Policy[];
  readonly #config: SessionIdentity;
  readonly #book: SessionBook;
  readonly #budget: VerificationBudget;
  readonly #visit: MemoryKey<Visit> = { name: "session visit" };

  constructor(config: SessionIdentity, host: IdentityHost, budget: VerificationBudget) {
    this.name = config.name;
    this.#config = config;
    this.#budget = budget;
    // `.0` to `.3`, and those of logins that were begun.
    this.carriers = { fields: [], cookies: [config.cookie, `${config.cookie}.*`], parameters: [] };
    const wallMs = () => host.clock.wall();
    // Another issuer or client is another session, also under the same name.
    const context = [config.name, config.issuer, config.clientId];
    const seal = new Seal({ keys: host.sealKeys, context, wallMs, maxLength: MOST_VALUE });
    const client = new OidcClient(config, host);
    this.#book = new SessionBook(config, host, createKeeper(config, host, seal), client);
    this.listenerPolicies = new SessionPages({ config, host, seal, book: this.#book, client, budget }).policies;
    this.routePolicies = [
      { name: `session ${config.name} cookies`, phase: "authenticate", response: (exchange) => this.#conclude(exchange) },
    ];
  }

  identify(exchange: Exchange): Outcome {
    const { fields } = exchange.head;
    if (fields.get(FIELD.COOKIE) === null) return null;
    const { cookie, hosts } = this.#config;
    const cookies = listCookies(fields);
    const value = readValue(cookies, cookie);
    if (value === null) return null;
    if (isUnsafe(exchange)) {
      const objection = judgeSender(exchange, hosts);
      if (objection !== null) return AUTH.CROSS_SITE.with(`${this.name}: ${objection}`);
    }
    const visit: Visit = { value, names: namesOf(cookies, cookie), outcome: null };
    exchange.memory.put(this.#visit, visit);
    if (value === "damaged") {
      const fault = AUTH.BAD_CREDENTIAL.with(`${this.name}: its cookies are there twice or in part`);
      visit.outcome = { fault, endsCookie: true };
      return fault;
    }
    visit.outcome = this.#book.recall(value);
    if (visit.outcome !== null) return visit.outcome.principal;
    const { clientAddress } = exchange;
    const spent = this.#book.isKnown(value) ? 0 : 1;
    const seconds = spent === 0 ? 0 : this.#budget.spend(clientAddress);
    if (seconds > 0) return AUTH.TOO_MANY.telling({ detail: null, retryAfterSeconds: seconds });
    return this.#admit(visit, clientAddress, spent);
  }

  async #admit(visit: Visit, clientAddress: string, spent: number): Promise<Principal | Fault> {
    const outcome = await this.#book.admit(visit.value);
    visit.outcome = outcome;
    if (spent > 0 && !("fault" in outcome)) this.#budget.giveBack(clientAddress, spent);
    return "fault" in outcome ? outcome.fault : outcome.principal;
  }

  greet(exchange: Exchange): StepResult | null {
    if (!this.#config.redirects || !isNavigation(exchange)) return null;
    return exchange.answer(FOUND, this.#toLogin(exchange), null);
  }

  forwardedToken(exchange: Exchange): string | null {
    const outcome = exchange.memory.get(this.#visit)?.outcome ?? null;
    if (outcome === null || "fault" in outcome) return null;
    const { accessToken } = outcome.kept.session;
    return TOKEN.test(accessToken) ? accessToken : null;
  }

  close(): void {}

  /** Response step: gives the browser the cookie that took the place of its own, or takes away what is none any more. */
  #conclude(exchange: Exchange): StepResult {
    const visit = exchange.memory.get(this.#visit);
    if (visit === null || visit.outcome === null) return CONTINUE;
    const { outcome } = visit;
    const { cookie, redirects } = this.#config;
    const options = { isSecure: mustBeSecure(cookie, exchange.clientScheme) };
    if (!("fault" in outcome)) {
      const { value } = outcome.kept;
      if (value !== visit.value) addCookies(exchange.response!.fields, writeValue(cookie, value, visit.names, options));
      return CONTINUE;
    }
    const { endsCookie, fault } = outcome;
    if (exchange.fault !== fault) return CONTINUE;
    const isOver = fault.kind.status === 401;
    // A person whose session has ended wants the page, not a problem.
    if (isOver && redirects && isNavigation(exchange)) exchange.answer(FOUND, this.#toLogin(exchange), null);
    if (endsCookie) addCookies(exchange.response!.fields, removeAll(visit.names, options));
    return CONTINUE;
  }

  /** Fields of a redirect to the login, and from there to the page that was asked for. */
  #toLogin({ clientScheme, head }: Exchange): Fields {
    const { hosts, path } = this.#config;
    const rules = { authority: head.authority, scheme: clientScheme, hosts };
    const returnTo = readReturnPath(head.path + head.query, rules) ?? "/";
    const fields = new Fields("");
    fields.add(FIELD.LOCATION, `${path}/login?returnTo=${encodeURIComponent(returnTo)}`);
    fields.add(FIELD.CACHE_CONTROL, "no-store");
    return fields;
  }
}

function createKeeper(config: SessionIdentity, host: IdentityHost, seal: Seal): SessionKeeper {
  if (config.store === "cookie") return new CookieKeeper(seal, config);
  const { stores } = host;
  if (stores === null) throw new Error(`${config.name}: \`store: database\` without a database`);
  return new StoreKeeper({ identity: config.name, sessions: stores.sessions, seal, ends: config, wallMs: () => host.clock.wall() });
}

/** An answer with somebody's cookie in it is nobody else's. */
function addCookies(fields: Fields, cookies: readonly string[]): void {
  for (const cookie of cookies) fields.add(SET_COOKIE, cookie);
  fields.set(FIELD.CACHE_CONTROL, "no-store");
}
