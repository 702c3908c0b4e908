// The pages of a session identity: the login, the page that the provider sends a browser back to, the logout. Answers of theirs are redirects
// and faults; none may be kept by a cache.

import type { Fault } from "../../base/index.ts";
import type { SessionIdentity } from "../../config/index.ts";
import { FIELD, Fields } from "../../http/index.ts";
import { CONTINUE, type Exchange, type MemoryKey, PENDING, type Policy, type StepResult } from "../../pipeline/index.ts";
import * as AUTH from "../faults.ts";
import type { IdentityHost } from "../identity.ts";
import { OVER, type Seal } from "../seal/index.ts";
import type { VerificationBudget } from "../verification-budget.ts";
import { listCookies, mustBeSecure, namesOf, readValue, removeAll, SET_COOKIE, writeShortLived, writeValue } from "./cookies.ts";
import { isOwnNavigation, judgeSender } from "./cross-site.ts";
import type { LoginSecrets, OidcClient } from "./oidc-client.ts";
import { originOf } from "./origin.ts";
import { readReturnPath } from "./return-path.ts";
import { newSession } from "./session.ts";
import type { SessionBook } from "./session-book.ts";

/** Between the login page and the way back. */
const LOGIN_SECONDS = 600;
/** Logins that one browser may have begun and not ended: tabs. An older one goes when there are more. */
const MOST_LOGINS = 6;
/** Of `state`, in the name of the cookie that belongs to it. */
const STATE_MARK = 10;
const STATE = /^[\w-]{16,128}$/;
const SEE_OTHER = 303;
const FOUND = 302;

interface Login extends LoginSecrets {
  readonly returnTo: string;
}

interface Redirect {
  readonly status: number;
  readonly location: string;
  readonly cookies: readonly string[];
}

export interface PagesParts {
  readonly config: SessionIdentity;
  readonly host: IdentityHost;
  readonly seal: Seal;
  readonly book: SessionBook;
  readonly client: OidcClient;
  /** Of what one client address may have the provider asked. */
  readonly budget: VerificationBudget;
}

type Page = (exchange: Exchange) => Promise<Redirect | Fault>;

export class SessionPages {
  readonly #parts: PagesParts;
  readonly #paths: ReadonlyMap<string, { readonly methods: readonly string[]; readonly page: Page }>;
  /** What a page came to, from the step that made it to the one that answers. */
  readonly #result: MemoryKey<{ readonly result: Redirect | Fault }> = { name: "session page" };

  constructor(parts: PagesParts) {
    this.#parts = parts;
    const { path } = parts.config;
    this.#paths = new Map([
      [`${path}/login`, { methods: ["GET"], page: (exchange) => this.#login(exchange) }],
      [`${path}/callback`, { methods: ["GET"], page: (exchange) => this.#callback(exchange) }],
      [`${path}/logout`, { methods: ["GET", "POST"], page: (exchange) => this.#logout(exchange) }],
    ]);
  }

  get policies(): readonly Policy[] {
    const { name } = this.#parts.config;
    // Two steps, since who has waited can only go on.
    return [
      { name: `session ${name}`, phase: "guard", request: (exchange) => this.#begin(exchange) },
      { name: `session ${name} answer`, phase: "guard", request: (exchange) => this.#answer(exchange) },
    ];
  }

  #begin(exchange: Exchange): StepResult {
    const found = this.#paths.get(exchange.head.path);
    if (found === undefined || !found.methods.includes(exchange.head.method)) return CONTINUE;
    const ticket = exchange.suspend();
    const settle = (result: Redirect | Fault) => {
      exchange.memory.put(this.#result, { result });
      exchange.resume(ticket);
    };
    found.page(exchange).then(settle, (error: unknown) => settle(this.#unavailable(error)));
    return PENDING;
  }

  #answer(exchange: Exchange): StepResult {
    if (!this.#paths.has(exchange.head.path)) return CONTINUE;
    const { result } = exchange.memory.get(this.#result) ?? {};
    if (result === undefined) return CONTINUE;
    if ("kind" in result) return exchange.answerFault(result);
    const fields = new Fields("");
    fields.add(FIELD.LOCATION, result.location);
    fields.add(FIELD.CACHE_CONTROL, "no-store");
    for (const cookie of result.cookies) fields.add(SET_COOKIE, cookie);
    return exchange.answer(result.status, fields, null);
  }

  async #login(exchange: Exchange): Promise<Redirect | Fault> {
    const { client, config, host, seal } = this.#parts;
    const origin = originOf(exchange);
    const returnTo = this.#readReturn(exchange);
    if (origin === null || returnTo === null) return this.#failed("it would lead to another site, or names no host");
    const begun = await client.begin(`${origin}${config.path}/callback`);
    if ("kind" in begun) return begun;
    const login: Login = { ...begun.secrets, returnTo };
    const sealed = await seal.seal("login", login, host.clock.wall() + LOGIN_SECONDS * 1000);
    if (sealed === null) return this.#failed("what it would have to remember is too long");
    const options = this.#cookieOptions(exchange);
    const old = this.#loginNames(exchange).slice(0, -(MOST_LOGINS - 1));
    const cookie = writeShortLived(this.#loginName(login.state), sealed, LOGIN_SECONDS, options);
    return { status: FOUND, location: begun.url, cookies: [...removeAll(old, options), cookie] };
  }

  async #callback(exchange: Exchange): Promise<Redirect | Fault> {
    const { book, budget, client, config, host } = this.#parts;
    const { clientAddress } = exchange;
    const login = await this.#readLogin(exchange);
    if (login === null) return this.#failed("this browser began no such login, or too long ago");
    if (login.redirectUri !== `${originOf(exchange)}${config.path}/callback`) return this.#failed("it came back to another host");
    // A login that was begun once can come back any number of times.
    const retryAfterSeconds = budget.spend(clientAddress);
    if (retryAfterSeconds > 0) return AUTH.TOO_MANY.telling({ detail: null, retryAfterSeconds });
    const tokens = await client.finish(exchange.head.query, login);
    if ("kind" in tokens) return tokens;
    budget.giveBack(clientAddress, 1);
    const cookies = listCookies(exchange.head.fields);
    // Whatever session was there ends: the new one has nothing of it, its id least of all.
    const before = readValue(cookies, config.cookie);
    if (before !== null && before !== "damaged") await book.end(before);
    const kept = await book.begin(newSession(tokens, host.clock.wall()));
    if (typeof kept === "string") return this.#failed(kept);
    const options = this.#cookieOptions(exchange);
    const written = writeValue(config.cookie, kept.value, namesOf(cookies, config.cookie), options);
    return { status: SEE_OTHER, location: login.returnTo, cookies: [...written, ...removeAll([this.#loginName(login.state)], options)] };
  }

  async #logout(exchange: Exchange): Promise<Redirect | Fault> {
    const { book, client, config } = this.#parts;
    const isOwn = exchange.head.method === "POST" ? judgeSender(exchange, config.hosts) === null : isOwnNavigation(exchange);
    if (!isOwn) return AUTH.CROSS_SITE.with(`${config.name}: a logout that no page of its own asked for`);
    const cookies = listCookies(exchange.head.fields);
    const value = readValue(cookies, config.cookie);
    const ended = value === null || value === "damaged" ? null : await book.end(value);
    if (ended !== null && ended.refreshToken !== null) void client.revoke(ended.refreshToken);
    const after = config.afterLogout.startsWith("/") ? `${originOf(exchange) ?? ""}${config.afterLogout}` : config.afterLogout;
    const location = ended === null ? null : await client.endSessionUrl(ended.idToken, after);
    const names = [...namesOf(cookies, config.cookie), ...this.#loginNames(exchange)];
    return { status: SEE_OTHER, location: location ?? config.afterLogout, cookies: removeAll(names, this.#cookieOptions(exchange)) };
  }

  #readReturn(exchange: Exchange): string | null {
    const { head, clientScheme } = exchange;
    const all = new URLSearchParams(head.query).getAll("returnTo");
    if (all.length === 0) return "/";
    const rules = { authority: head.authority, scheme: clientScheme, hosts: this.#parts.config.hosts };
    return all.length > 1 ? null : readReturnPath(all[0]!, rules);
  }

  /** What this very browser began under that state. */
  async #readLogin(exchange: Exchange): Promise<Login | null> {
    const states = new URLSearchParams(exchange.head.query).getAll("state");
    const state = states[0] ?? "";
    if (states.length !== 1 || !STATE.test(state)) return null;
    const sealed = readValue(listCookies(exchange.head.fields), this.#loginName(state));
    if (sealed === null) return null;
    const login = await this.#parts.seal.open("login", sealed);
    if (login === undefined || login === OVER) return null;
    return (login as Login).state === state ? (login as Login) : null;
  }

  #loginName(state: string): string {
    return `${this.#parts.config.cookie}.login-${state.slice(0, STATE_MARK)}`;
  }

  #loginNames({ head }: Exchange): string[] {
    const prefix = this.#loginName("");
    return listCookies(head.fields)
      .map(([name]) => name)
      .filter((name) => name.startsWith(prefix));
  }

  #cookieOptions({ clientScheme }: Exchange) {
    return { isSecure: mustBeSecure(this.#parts.config.cookie, clientScheme) };
  }

  #failed(why: string): Fault {
    return AUTH.LOGIN_FAILED.with(`${this.#parts.config.name}: ${why}`);
  }

  #unavailable(error: unknown): Fault {
    const { config, host } = this.#parts;
    const detail = `${config.name}: ${error instanceof Error ? error.message : "an unknown error"}`;
    host.watcher.onAsked(config.name, "sessions", false, detail);
    return AUTH.UNAVAILABLE.with(detail);
  }
}
