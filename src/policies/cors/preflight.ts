// A preflight: what it asks for, and whether it gets it (Fetch standard, "CORS protocol"). Routing looks for the route of the
// announced method and marks the exchange; only then does the route's own policy answer, so that an OPTIONS that is meant for the
// service is never taken from it. @hot

import type { CorsConfig } from "../../config/index.ts";
import { Fields, fieldName, isToken, type RequestHead } from "../../http/index.ts";
import type { Exchange, MemoryKey, StepResult } from "../../pipeline/index.ts";
import { HEADERS, METHOD } from "./faults.ts";

export const ORIGIN = fieldName("Origin");
const REQUEST_METHOD = fieldName("Access-Control-Request-Method");
const REQUEST_HEADERS = fieldName("Access-Control-Request-Headers");
const REQUEST_PRIVATE_NETWORK = fieldName("Access-Control-Request-Private-Network");

/** What a preflight is granted; nothing as long as `isGranted` is false. */
export class Preflight {
  isGranted = false;
  methods = "";
  /** Empty: no header is asked for, none need be named. */
  headers = "";
  privateNetwork = false;
}

const PREFLIGHT: MemoryKey<Preflight> = { name: "preflight" };

/** The method that a preflight announces, as it came; null when the request is no preflight. */
export function readAnnouncedMethod(head: RequestHead): string | null {
  if (head.method !== "OPTIONS" || !head.fields.has(ORIGIN)) return null;
  return head.fields.getCombined(REQUEST_METHOD);
}

/** The headers that a preflight announces, as they came; null when it names none. */
export function readAnnouncedHeaders(head: RequestHead): string | null {
  return head.fields.getCombined(REQUEST_HEADERS);
}

/** Before the plan is set of the route that is to answer: it has `cors`. */
export function markPreflight(exchange: Exchange): void {
  exchange.memory.put(PREFLIGHT, new Preflight());
}

/** Null: the request is none, or none that this route is to answer. */
export function preflightOf(exchange: Exchange): Preflight | null {
  return exchange.head.method === "OPTIONS" ? exchange.memory.get(PREFLIGHT) : null;
}

/** What a route's `cors` grants to preflights of an origin that is allowed. */
export class PreflightRules {
  readonly #methods: readonly string[];
  readonly #methodsText: string;
  /** In lower case; null: what is asked for. */
  readonly #headers: readonly string[] | null;
  readonly #headersText: string;
  readonly #privateNetwork: boolean;

  constructor(config: CorsConfig) {
    this.#methods = config.methods;
    this.#methodsText = config.methods.join(", ");
    const headers = config.headers === "*" || config.headers.includes("*") ? null : config.headers;
    // hot-exception: when a configuration compiles, round-trip.bench.ts
    this.#headers = headers === null ? null : headers.map((name) => name.toLowerCase());
    this.#headersText = headers === null ? "" : headers.join(", ");
    this.#privateNetwork = config.privateNetwork;
  }

  /** Fills `preflight` and answers 204 without fields, which the response step writes; or answers why not. */
  judge(exchange: Exchange, preflight: Preflight): StepResult {
    const { fields } = exchange.head;
    const method = fields.getCombined(REQUEST_METHOD) ?? "";
    if (!this.#takesMethod(method)) return exchange.answerFault(METHOD.with(method));
    const announced = fields.getCombined(REQUEST_HEADERS);
    if (announced !== null && !this.#takesHeaders(announced)) return exchange.answerFault(HEADERS.with(announced));
    preflight.methods = this.#methods.length === 0 ? method : this.#methodsText;
    preflight.headers = this.#headers === null ? (announced ?? "") : this.#headersText;
    preflight.privateNetwork = this.#privateNetwork && fields.getCombined(REQUEST_PRIVATE_NETWORK) === "true";
    preflight.isGranted = true;
    return exchange.answer(204, new Fields(""), null);
  }

  /** A HEAD follows GET here as in routing. */
  #takesMethod(method: string): boolean {
    if (this.#methods.length === 0) return isToken(method);
    return this.#methods.includes(method) || (method === "HEAD" && this.#methods.includes("GET"));
  }

  #takesHeaders(announced: string): boolean {
    for (let at = 0; at <= announced.length; ) {
      const comma = announced.indexOf(",", at);
      const end = comma < 0 ? announced.length : comma;
      const name = announced.slice(at, end).trim();
      at = end + 1;
      // An empty member of a list says nothing (RFC 9110 5.6.1.2).
      if (name === "") continue;
      if (this.#headers === null ? !isToken(name) : !this.#headers.includes(name.toLowerCase())) return false;
    }
    return true;
  }
}
