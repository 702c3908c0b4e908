// What a signature may cover of a request, and the value of each (RFC 9421 2): always of the request as the client sent it, never of what
// this gateway has made of it. What is not known here is refused, and so is a component that comes twice.

import { type Fields, fieldName, isToken } from "../../http/index.ts";
import type { Exchange } from "../../pipeline/index.ts";

/** Why a signature is refused: a sentence for the operator, without any part of it. */
export class Refused extends Error {}

type Parameters = ReadonlyMap<string, string | number | boolean>;

/** More than any client covers; each costs a look through the fields. */
const MOST_COMPONENTS = 32;

export class SignedComponents {
  readonly #exchange: Exchange;
  readonly #seen = new Set<string>();
  /** What is covered as a whole, in lower case: `@method`, `date`. */
  readonly names = new Set<string>();

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** The component's value. Throws Refused. */
  read(name: string, parameters: Parameters): string {
    const key = `${name} ${JSON.stringify([...parameters])}`;
    if (this.#seen.has(key)) throw new Refused("it covers something twice");
    if (this.#seen.size >= MOST_COMPONENTS) throw new Refused(`it covers more than ${MOST_COMPONENTS} components`);
    this.#seen.add(key);
    if (name === "@query-param") return readParameter(this.#exchange.head.target, parameters);
    if (parameters.size > 0) throw new Refused("it covers a component with a parameter that is not taken here");
    this.names.add(name);
    return name.startsWith("@") ? derive(this.#exchange, name) : readField(this.#exchange, name);
  }
}

function derive(exchange: Exchange, name: string): string {
  const { head, clientScheme: scheme } = exchange;
  const { target } = head;
  switch (name) {
    case "@method":
      return head.method;
    case "@authority":
      return authorityOf(exchange);
    case "@scheme":
      return scheme;
    case "@request-target":
      return target;
    case "@target-uri":
      return target.startsWith("/") ? `${scheme}://${authorityOf(exchange)}${target}` : target;
    case "@path":
      return cutTarget(target).path;
    case "@query":
      return cutTarget(target).query;
    default:
      throw new Refused("it covers a derived component that requests do not have");
  }
}

/** RFC 9421 2.2.3: lower case, without the scheme's own port. */
function authorityOf({ head, clientScheme }: Exchange): string {
  const authority = head.authority.toLowerCase();
  const port = clientScheme === "https" ? ":443" : ":80";
  return authority.endsWith(port) ? authority.slice(0, -port.length) : authority;
}

/** Without a query its component is `?` (RFC 9421 2.2.7). */
function cutTarget(target: string): { readonly path: string; readonly query: string } {
  const start = target.startsWith("/") ? 0 : target.indexOf("/", target.indexOf("://") + 3);
  const mark = target.indexOf("?");
  const end = mark < 0 ? target.length : mark;
  const path = start < 0 || start > end ? "" : target.slice(start, end);
  return { path: path === "" ? "/" : path, query: mark < 0 ? "?" : target.slice(mark) };
}

/** RFC 9421 2.2.8: decoded as forms are, and encoded again in the one way. */
function readParameter(target: string, parameters: Parameters): string {
  const name = parameters.get("name");
  if (typeof name !== "string" || parameters.size !== 1) throw new Refused("it covers a parameter of the query without saying which");
  const values = new URLSearchParams(cutTarget(target).query).getAll(decodeURIComponent(name));
  const [value = ""] = values;
  if (values.length !== 1) throw new Refused("it covers a parameter of the query that is not there once");
  // Two texts that are no UTF-8 would be the same after decoding.
  if (value.includes("\ufffd")) throw new Refused("it covers a parameter of the query that is no UTF-8");
  return encodeURIComponent(value).replace(/[!'()~]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`);
}

function readField(exchange: Exchange, name: string): string {
  if (!isToken(name)) throw new Refused("it covers something that is no field");
  const { head } = exchange;
  const value = readReceived(head.fields, name) ?? readFraming(exchange, name);
  if (value === null) throw new Refused("it covers a field that the request does not have");
  return decodeUtf8(value);
}

/** Framing is no field any more once a protocol has read it. */
function readFraming({ head }: Exchange, name: string): string | null {
  if (name === "host" && head.authority !== "") return head.authority;
  return name === "content-length" && head.bodyLength >= 0 ? String(head.bodyLength) : null;
}

/** All lines of the name as they came, also those that this gateway has taken out since, joined (RFC 9421 2.1). Null for none. */
export function readReceived(fields: Fields, name: string): string | null {
  const { hash, lower } = fieldName(name);
  let combined: string | null = null;
  for (let i = 0; i < fields.received; i++) {
    if (fields.marks[i * 5 + 4] !== hash || fields.nameAt(i).toLowerCase() !== lower) continue;
    combined = combined === null ? fields.valueAt(i) : `${combined}, ${fields.valueAt(i)}`;
  }
  return combined;
}

/** The same bytes, for who encodes them as UTF-8 again. */
function decodeUtf8(value: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.from(value, "latin1"));
  } catch {
    throw new Refused("it covers a field that is no UTF-8");
  }
}
