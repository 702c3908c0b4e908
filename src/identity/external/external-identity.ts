// A service of the operator's that says who calls, from the fields it is shown. Its word is believed for a while, by a digest of what those
// held; so it is shown nothing else then, since what it said of one method and path must not be taken for another. Where each request is
// asked about, it sees method and URL as well.

import { createHash } from "node:crypto";
import type { Fault } from "../../base/index.ts";
import { type Call, CallFailure } from "../../calls/index.ts";
import type { ExternalIdentity } from "../../config/index.ts";
import { type FieldName, type Fields, fieldName } from "../../http/index.ts";
import { type Exchange, Principal } from "../../pipeline/index.ts";
import { BAD_CREDENTIAL, TOO_MANY, UNAVAILABLE } from "../faults.ts";
import type { Carriers, Identity, IdentityHost, Outcome } from "../identity.ts";
import { PrincipalMaker } from "../principal-maker.ts";
import { TokenCache } from "../token-cache.ts";
import type { VerificationBudget } from "../verification-budget.ts";
import { type Judgement, judgeAnswer } from "./judge-answer.ts";

/** Questions under way. */
const MOST_AT_ONCE = 64;
const MOST_BYTES = 64 * 1024;
/** How long a no is believed. */
const REFUSED_FOR_MS = 1000;
/** What an answer that is remembered takes, besides its claims; all of them together have four times that each. */
const ENTRY_BYTES = 1024;
const REFUSAL_BYTES = 256;

/** `budget` is shared by all identities of a worker. */
export function createExternalIdentity(config: ExternalIdentity, host: IdentityHost, budget: VerificationBudget): Identity {
  return new ExternalService(config, host, budget);
}

class ExternalService implements Identity {
  readonly name: string;
  readonly source = "external";
  readonly carriers: Carriers;
  readonly challenge = null;
  readonly isAmbient: boolean;
  readonly #config: ExternalIdentity;
  readonly #host: IdentityHost;
  readonly #budget: VerificationBudget;
  readonly #maker: PrincipalMaker;
  readonly #shown: readonly FieldName[];
  readonly #good: TokenCache<Principal>;
  readonly #bad: TokenCache<Fault>;
  readonly #underWay = new Map<string, Promise<Principal | Fault>>();
  #asking = 0;
  #isClosed = false;

  constructor(config: ExternalIdentity, host: IdentityHost, budget: VerificationBudget) {
    this.name = config.name;
    this.#config = config;
    this.#host = host;
    this.#budget = budget;
    this.#maker = new PrincipalMaker(config);
    this.#shown = config.sendHeaders.map(fieldName);
    this.isAmbient = this.#shown.every(({ lower }) => lower === "cookie");
    // Authorization goes anyway, and what else a browser keeps in cookies is no credential.
    this.carriers = {
      fields: this.#shown.filter(({ lower }) => lower !== "authorization" && lower !== "cookie"),
      cookies: [],
      parameters: [],
    };
    const tokens = config.cachedAnswers;
    this.#good = new TokenCache({ tokens, bytes: tokens * ENTRY_BYTES * 4 });
    this.#bad = new TokenCache({ tokens, bytes: tokens * REFUSAL_BYTES });
  }

  identify(exchange: Exchange): Outcome {
    const { fields } = exchange.head;
    if (!this.#shown.some((name) => fields.has(name))) return null;
    const values = this.#shown.map((name) => readField(fields, name));
    if (values.includes(undefined)) return BAD_CREDENTIAL.with(`${this.name}: there is more than one line of Authorization`);
    const shown = values as readonly (string | null)[];
    if (this.#config.cacheForMs === 0) return this.#takeTurn(exchange.clientAddress) ?? this.#ask(shown, exchange, exchange.clientAddress);
    const digest = digestOf(shown);
    const nowMs = this.#host.clock.now();
    const known = this.#good.find(digest, nowMs) ?? this.#bad.find(digest, nowMs);
    this.#host.watcher.onLookup(this.name, known !== null);
    if (known !== null) return known;
    return this.#underWay.get(digest) ?? this.#takeTurn(exchange.clientAddress) ?? this.#share(digest, shown, exchange.clientAddress);
  }

  close(): void {
    this.#isClosed = true;
  }

  #takeTurn(address: string): Fault | null {
    if (this.#asking >= MOST_AT_ONCE) return UNAVAILABLE.with(`${this.name}: ${MOST_AT_ONCE} requests are being asked about already`);
    const retryAfterSeconds = this.#budget.spend(address);
    return retryAfterSeconds === 0 ? null : TOO_MANY.telling({ detail: null, retryAfterSeconds });
  }

  /** One question for all who show the same meanwhile. */
  #share(digest: string, shown: readonly (string | null)[], address: string): Promise<Principal | Fault> {
    const asking = this.#ask(shown, null, address)
      .then((outcome) => {
        this.#remember(digest, outcome);
        return outcome;
      })
      .finally(() => this.#underWay.delete(digest));
    this.#underWay.set(digest, asking);
    return asking;
  }

  /** Never rejects. */
  async #ask(shown: readonly (string | null)[], exchange: Exchange | null, address: string): Promise<Principal | Fault> {
    const { watcher } = this.#host;
    this.#asking++;
    try {
      const judgement = await this.#call(this.#headersFor(shown, exchange));
      watcher.onAsked(this.name, "external", judgement.kind !== "unusable", judgement.kind === "unusable" ? judgement.reason : "");
      // Who can't be judged is not to blame.
      if (judgement.kind !== "bad") this.#budget.giveBack(address, 1);
      if (judgement.kind === "unusable") return UNAVAILABLE.with(`${this.name}: ${judgement.reason}`);
      return judgement.kind === "good" ? judgement.principal : judgement.fault;
    } catch (error) {
      const reason = error instanceof CallFailure ? error.message : "the service can't be asked";
      this.#budget.giveBack(address, 1);
      watcher.onAsked(this.name, "external", false, reason);
      return UNAVAILABLE.with(`${this.name}: ${reason}`);
    } finally {
      this.#asking--;
    }
  }

  async #call(headers: Readonly<Record<string, string>>): Promise<Judgement> {
    const { url, timeoutMs, ca } = this.#config;
    const { calls, clock } = this.#host;
    const call: Call = { method: "GET", url, headers, body: null, timeoutMs, maxBytes: MOST_BYTES, ca };
    const endMs = clock.now() + timeoutMs;
    try {
      return this.#judge(await calls.call(call));
    } catch (error) {
      const leftMs = endMs - clock.now();
      // A connection that was kept may be closed by its other side just then.
      if (!(error instanceof CallFailure) || error.reason !== "broken" || leftMs < 1) throw error;
      return this.#judge(await calls.call({ ...call, timeoutMs: leftMs }));
    }
  }

  #judge(answer: Parameters<typeof judgeAnswer>[0]): Judgement {
    return judgeAnswer(answer, this.#config, this.#maker, this.#host.clock.wall());
  }

  #headersFor(shown: readonly (string | null)[], exchange: Exchange | null): Record<string, string> {
    const headers: Record<string, string> = { Accept: "application/json", "User-Agent": "sallyport" };
    this.#shown.forEach(({ text, lower }, index) => {
      const value = shown[index] ?? null;
      for (const own of Object.keys(headers)) if (own.toLowerCase() === lower) delete headers[own];
      if (value !== null) headers[text] = value;
    });
    if (exchange !== null) {
      const { head, clientScheme } = exchange;
      headers["X-Original-Method"] = head.method;
      headers["X-Original-Url"] = `${clientScheme}://${head.authority}${head.path}${head.query}`;
    }
    return headers;
  }

  #remember(digest: string, outcome: Principal | Fault): void {
    if (this.#isClosed) return;
    const { clock } = this.#host;
    if (outcome instanceof Principal) {
      const leftMs = outcome.expiresAtMs === null ? Number.POSITIVE_INFINITY : outcome.expiresAtMs - clock.wall();
      const bytes = ENTRY_BYTES + 2 * JSON.stringify(outcome.claims).length;
      this.#good.keep(digest, outcome, clock.now() + Math.min(this.#config.cacheForMs, leftMs), bytes);
    } else if (outcome.kind !== UNAVAILABLE.kind) this.#bad.keep(digest, outcome, clock.now() + REFUSED_FOR_MS, REFUSAL_BYTES);
  }
}

/** All lines in one; null for none, undefined for lines that no reader would put together. */
function readField(fields: Fields, name: FieldName): string | null | undefined {
  const values: string[] = [];
  for (let i = 0; i < fields.size; i++) if (fields.isAt(i, name)) values.push(fields.valueAt(i));
  if (values.length === 0) return null;
  if (name.lower === "authorization" && values.length > 1) return undefined;
  return values.join(name.lower === "cookie" ? "; " : ", ");
}

/** The lengths go in, so that no two lists of values are the same text. */
function digestOf(shown: readonly (string | null)[]): string {
  const hash = createHash("sha256");
  for (const value of shown) hash.update(value === null ? "-\n" : `${value.length}\n${value}`, "utf8");
  return hash.digest("base64");
}
