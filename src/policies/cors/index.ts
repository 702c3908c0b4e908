// Cross-origin requests (Fetch standard, "CORS protocol"): answers preflights, and tells browsers which pages may read the answers
// of a route, the gateway's own faults included. The upstream has no say: its Access-Control-* fields never pass.
//
// It is no access control. A request of an origin that is not allowed goes on as any other and is answered without allow fields,
// which keeps the answer from the page: browsers send Origin on same-origin POSTs too, and whoever is no browser sends none or a
// false one. What such a page must not cause at all is refused with its preflight: 403 with a code and no allow fields. @hot

import type { CorsConfig } from "../../config/index.ts";
import { addVary, type FieldName, type Fields, FoldedNames, fieldName } from "../../http/index.ts";
import { CONTINUE, type Exchange, type MemoryKey, type Policy, type StepResult } from "../../pipeline/index.ts";
import * as CORS from "./faults.ts";
import { type AllowedOrigin, ANYBODY, NOT_ALLOWED, OriginSet } from "./origins.ts";
import { ORIGIN, type Preflight, PreflightRules, preflightOf } from "./preflight.ts";

export { markPreflight, readAnnouncedHeaders, readAnnouncedMethod } from "./preflight.ts";

const ALLOW_ORIGIN = fieldName("Access-Control-Allow-Origin");
const ALLOW_CREDENTIALS = fieldName("Access-Control-Allow-Credentials");
const ALLOW_METHODS = fieldName("Access-Control-Allow-Methods");
const ALLOW_HEADERS = fieldName("Access-Control-Allow-Headers");
const ALLOW_PRIVATE_NETWORK = fieldName("Access-Control-Allow-Private-Network");
const EXPOSE_HEADERS = fieldName("Access-Control-Expose-Headers");
const MAX_AGE = fieldName("Access-Control-Max-Age");

const SPOKEN: readonly FieldName[] = [
  ALLOW_ORIGIN,
  ALLOW_CREDENTIALS,
  ALLOW_METHODS,
  ALLOW_HEADERS,
  ALLOW_PRIVATE_NETWORK,
  EXPOSE_HEADERS,
  MAX_AGE,
];
const UNHEARD = new FoldedNames(SPOKEN, "access-control-");

/** What the request's origin is told, judged before a later step may have changed the request's fields. */
const JUDGED: MemoryKey<AllowedOrigin> = { name: "cors" };

class Cors {
  /** Null: every origin. */
  readonly #origins: OriginSet | null;
  readonly #credentials: boolean;
  readonly #exposed: string;
  readonly #maxAge: string;
  readonly #rules: PreflightRules;

  constructor(config: CorsConfig) {
    const isOpen = config.origins === "*" || config.origins.includes("*");
    this.#origins = config.origins === "*" || isOpen ? null : new OriginSet(config.origins);
    // Every page with every user's cookies is what CORS is there to prevent: checks refuse it, and it would mean nothing here.
    this.#credentials = config.credentials && !isOpen;
    this.#exposed = config.exposeHeaders.join(", ");
    this.#maxAge = config.maxAgeSeconds === null ? "" : String(config.maxAgeSeconds);
    this.#rules = new PreflightRules(config);
  }

  onRequest(exchange: Exchange): StepResult {
    const preflight = preflightOf(exchange);
    if (preflight !== null) {
      const origin = exchange.head.fields.getCombined(ORIGIN) ?? "";
      if (!this.#mayAsk(origin)) return exchange.answerFault(CORS.ORIGIN.with(origin));
      return this.#rules.judge(exchange, preflight);
    }
    if (this.#origins !== null) exchange.memory.put(JUDGED, this.#judge(this.#origins, exchange));
    return CONTINUE;
  }

  onResponse(exchange: Exchange): StepResult {
    const { fields } = exchange.response!;
    fields.removeFolded(UNHEARD);
    // What `headers` of the route put in is among these.
    if (fields.added !== null) for (let i = 0; i < SPOKEN.length; i++) fields.remove(SPOKEN[i]!);
    const preflight = preflightOf(exchange);
    if (preflight !== null) this.#writePreflight(exchange, fields, preflight);
    else this.#writeActual(exchange, fields);
    return CONTINUE;
  }

  #writePreflight(exchange: Exchange, fields: Fields, preflight: Preflight): void {
    addVary(fields, "Origin");
    addVary(fields, "Access-Control-Request-Method");
    addVary(fields, "Access-Control-Request-Headers");
    addVary(fields, "Access-Control-Request-Private-Network");
    if (!preflight.isGranted || exchange.fault !== null) return;
    this.#writeOrigin(fields, this.#origins === null ? ANYBODY.value : (exchange.head.fields.get(ORIGIN) ?? ""));
    fields.add(ALLOW_METHODS, preflight.methods);
    if (preflight.headers !== "") fields.add(ALLOW_HEADERS, preflight.headers);
    if (this.#maxAge !== "") fields.add(MAX_AGE, this.#maxAge);
    // When it is asked for and not allowed, its absence is the no: browsers that only warn of it may still go on.
    if (preflight.privateNetwork) fields.add(ALLOW_PRIVATE_NETWORK, "true");
  }

  #writeActual(exchange: Exchange, fields: Fields): void {
    let origin = ANYBODY;
    if (this.#origins !== null) {
      // Also where the request names no origin: the same answer must not be given to one that does.
      addVary(fields, "Origin");
      // A fault may come before the request step has run; then nothing has changed the request's fields either.
      origin = exchange.memory.get(JUDGED) ?? this.#judge(this.#origins, exchange);
      if (origin === NOT_ALLOWED) return;
    }
    this.#writeOrigin(fields, origin.value);
    if (this.#exposed !== "") fields.add(EXPOSE_HEADERS, this.#exposed);
  }

  #writeOrigin(fields: Fields, value: string): void {
    fields.add(ALLOW_ORIGIN, value);
    if (this.#credentials) fields.add(ALLOW_CREDENTIALS, "true");
  }

  /** Two Origin lines come as one text with a comma in it, which is nobody's origin. */
  #judge(origins: OriginSet, exchange: Exchange): AllowedOrigin {
    const origin = exchange.head.fields.getCombined(ORIGIN);
    return origin === null ? NOT_ALLOWED : origins.find(origin);
  }

  #mayAsk(origin: string): boolean {
    if (this.#origins !== null) return this.#origins.find(origin) !== NOT_ALLOWED;
    return origin === "null" || (origin.indexOf("://") > 0 && origin.indexOf(",") < 0 && origin.indexOf(" ") < 0);
  }
}

/** The origins whose pages send what browsers add by themselves, and may; null for none. */
export function sharedOrigins(config: CorsConfig | null): OriginSet | null {
  if (config === null || !config.credentials || config.origins === "*" || config.origins.includes("*")) return null;
  return new OriginSet(config.origins);
}

export function compileCors(config: CorsConfig | null): Policy | null {
  if (config === null) return null;
  const cors = new Cors(config);
  return {
    name: "cors",
    phase: "cors",
    // hot-exception: once a route, round-trip.bench.ts
    request: (exchange) => cors.onRequest(exchange),
    // hot-exception: once a route, round-trip.bench.ts
    response: (exchange) => cors.onResponse(exchange),
  };
}
