// Values with holes (`${param:id}`, `${request:host}`), compiled: text that was known at compile time is one string, and only what
// a request brings is cut out of it each time. @hot
//
// What a hole yields can't end a line or leave visible ASCII: paths come in normal form (http/path.ts), hosts, request ids and
// addresses are checked where they enter, and a method is a token. A parameter is taken from the path that was routed, with its
// escapes, whatever has been rewritten since.

import { Secret } from "../base/index.ts";
import type { ValueTemplate } from "../config/index.ts";
import { paramOf, tailOf } from "../router/index.ts";
import type { Exchange } from "./exchange.ts";

const LITERAL = 0;
const PARAM = 1;
const TAIL = 2;
const ID = 3;
const METHOD = 4;
const SCHEME = 5;
const HOST = 6;
const PATH = 7;
const CLIENT = 8;

const FACT_SOURCES = { id: ID, method: METHOD, scheme: SCHEME, host: HOST, path: PATH, client: CLIENT } as const;

/** One part of a value. Its text may be a secret's, so that it is private. */
export class ValuePart {
  readonly #source: number;
  /** The literal text, or the parameter's name. */
  readonly #text: string;

  constructor(source: number, text: string) {
    this.#source = source;
    this.#text = text;
  }

  /** What it yields for every request; null when that depends on the request. */
  get literal(): string | null {
    return this.#source === LITERAL ? this.#text : null;
  }

  /** What it yields is percent-encoded already, being part of a path. */
  get isPathText(): boolean {
    return this.#source === PARAM || this.#source === TAIL || this.#source === PATH;
  }

  /** Empty where the request has no such thing: a client on a unix socket has no address. */
  read(exchange: Exchange): string {
    switch (this.#source) {
      case LITERAL:
        return this.#text;
      case PARAM:
        return exchange.pattern === null ? "" : (paramOf(exchange.pattern, exchange.routedPath, this.#text) ?? "");
      case TAIL:
        return exchange.pattern === null ? "" : tailOf(exchange.pattern, exchange.routedPath);
      case ID:
        return exchange.requestId;
      case METHOD:
        return exchange.head.method;
      case SCHEME:
        return exchange.clientScheme;
      case HOST:
        return exchange.head.host;
      case PATH:
        return exchange.routedPath;
      default:
        return exchange.clientAddress;
    }
  }
}

/** The parts of a template, neighbours that are known beforehand joined to one. */
export function compileParts(template: ValueTemplate): readonly ValuePart[] {
  const parts: ValuePart[] = [];
  let literal = "";
  // hot-exception: when a configuration compiles, round-trip.bench.ts
  for (const part of template) {
    if (typeof part === "string") literal += part;
    else if (part instanceof Secret) literal += part.reveal();
    else {
      if (literal !== "") parts.push(new ValuePart(LITERAL, literal));
      literal = "";
      parts.push(toPart(part));
    }
  }
  if (literal !== "" || parts.length === 0) parts.push(new ValuePart(LITERAL, literal));
  return parts;
}

function toPart(part: Exclude<ValueTemplate[number], string | Secret>): ValuePart {
  if ("request" in part) return new ValuePart(FACT_SOURCES[part.request], "");
  return part.param === "*" ? new ValuePart(TAIL, "") : new ValuePart(PARAM, part.param);
}

/** The value of a header field. */
export class FieldValue {
  readonly #literal: string | null;
  readonly #parts: readonly ValuePart[];

  constructor(template: ValueTemplate) {
    this.#parts = compileParts(template);
    this.#literal = this.#parts.length === 1 ? this.#parts[0]!.literal : null;
  }

  read(exchange: Exchange): string {
    if (this.#literal !== null) return this.#literal;
    const parts = this.#parts;
    let value = "";
    for (let i = 0; i < parts.length; i++) value += parts[i]!.read(exchange);
    return value;
  }
}
