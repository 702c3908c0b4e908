// Asks an Open Policy Agent whether a request may pass. What it did not allow in so many words is denied, and while it can't be asked
// nobody passes. Decisions are kept by a digest of all that it was asked, so that one is never another request's.

import { createHash } from "node:crypto";
import type { Clock, Fault } from "../../base/index.ts";
import { type CallAnswer, CallFailure, type Calls } from "../../calls/index.ts";
import type { OpaConfig } from "../../config/index.ts";
import { fieldName } from "../../http/index.ts";
import { AUTH, type IdentityWatcher } from "../../identity/index.ts";
import { ANSWERED, CONTINUE, type Exchange, PENDING, type Principal, type StepResult } from "../../pipeline/index.ts";
import { DecisionCache } from "./decision-cache.ts";
import { createInput, type InputField } from "./opa-input.ts";

/** Of a route. Who comes beyond that is told that it can't be found out now, before memory fills with those who wait. */
export const MOST_UNDER_WAY = 256;
/** A decision is a word; one with reasons is a page. */
const MOST_ANSWER_BYTES = 64 * 1024;

export interface OpaHost {
  readonly clock: Clock;
  readonly calls: Calls;
  readonly watcher: IdentityWatcher;
}

export class OpaAuthorizer {
  readonly #config: OpaConfig;
  readonly #host: OpaHost;
  readonly #fields: readonly InputField[];
  readonly #decisions: DecisionCache<boolean> | null;
  /** By digest: who asks the same meanwhile waits for the same answer. Empty where nothing is kept. */
  readonly #underWay = new Map<string, Promise<Fault | null>>();
  #count = 0;

  constructor(config: OpaConfig, host: OpaHost) {
    this.#config = config;
    this.#host = host;
    this.#fields = config.sendHeaders.map((name) => ({ key: name.toLowerCase(), name: fieldName(name) }));
    this.#decisions = config.cacheForMs > 0 ? new DecisionCache<boolean>(config.cachedAnswers, config.cacheForMs) : null;
  }

  ask(exchange: Exchange, principal: Principal): StepResult {
    const body = JSON.stringify({ input: createInput(exchange, principal, this.#fields) });
    const digest = this.#decisions === null ? "" : createHash("sha256").update(body).digest("base64");
    const known = this.#decisions?.find(digest, this.#host.clock.now());
    if (known !== undefined) return known ? CONTINUE : exchange.answerFault(DENIED);
    const waiting = this.#underWay.get(digest) ?? this.#start(body, digest, principal.identity);
    if (waiting === null) {
      exchange.answerFault(AUTH.UNAVAILABLE.with(`opa: ${MOST_UNDER_WAY} decisions are under way already`));
      return ANSWERED;
    }
    const ticket = exchange.suspend();
    waiting.then((fault) => {
      if (fault === null) exchange.resume(ticket);
      else exchange.fail(ticket, fault);
    });
    return PENDING;
  }

  #start(body: string, digest: string, identity: string): Promise<Fault | null> | null {
    if (this.#count >= MOST_UNDER_WAY) return null;
    this.#count++;
    const decision = this.#decide(body, digest, identity).finally(() => {
      this.#count--;
      this.#underWay.delete(digest);
    });
    if (digest !== "") this.#underWay.set(digest, decision);
    return decision;
  }

  /** Null allows. Never rejects. */
  async #decide(body: string, digest: string, identity: string): Promise<Fault | null> {
    const { ca, timeoutMs, url } = this.#config;
    const { calls, clock, watcher } = this.#host;
    const askedAtMs = clock.now();
    try {
      const headers = { "Content-Type": "application/json", Accept: "application/json", "User-Agent": "sallyport" };
      const allows = readDecision(await calls.call({ method: "POST", url, headers, body, timeoutMs, maxBytes: MOST_ANSWER_BYTES, ca }));
      watcher.onAsked(identity, "opa", true, "");
      this.#decisions?.keep(digest, allows, askedAtMs);
      return allows ? null : DENIED;
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      watcher.onAsked(identity, "opa", false, why);
      return AUTH.UNAVAILABLE.with(`opa: ${why}`);
    }
  }
}

const DENIED = AUTH.FORBIDDEN.with("opa does not allow it");

/** `true`, or a document whose `allow` is. Without a result no rule of the policy spoke: denied. Throws where there is no decision. */
function readDecision({ status, body }: CallAnswer): boolean {
  if (status !== 200) throw new CallFailure("broken", `it answered ${status}`);
  const answer = readObject(new TextDecoder().decode(body));
  const { result } = answer;
  if (typeof result !== "object" || result === null || Array.isArray(result)) return result === true;
  return Object.hasOwn(result, "allow") && (result as { allow: unknown }).allow === true;
}

function readObject(text: string): { readonly result?: unknown } {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new CallFailure("broken", "it answered with what is no JSON");
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new CallFailure("broken", "it answered with no decision");
  return Object.hasOwn(value, "result") ? (value as { result: unknown }) : {};
}
