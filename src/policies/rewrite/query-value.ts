// One `name=value` that is set in a query, percent-encoded so that no value ends its parameter or the query. @hot
// Text is encoded as it stands, a `%` in it too. What was cut out of the path is encoded already: its escapes stay, and what only
// a query gives a meaning (`&`, `+`, `=`, `;`) is escaped besides.

import { Buffer } from "node:buffer";
import type { ValueTemplate } from "../../config/index.ts";
import { compileParts, type Exchange, type ValuePart } from "../../pipeline/index.ts";

const PERCENT = 0x25;

/** By byte: how it stands in a query; empty where it stands for itself. */
const ESCAPES: readonly string[] = compileEscapes("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~!$()*,/:?@");

function compileEscapes(plain: string): string[] {
  const escapes: string[] = [];
  for (let byte = 0; byte < 256; byte++) {
    const isPlain = plain.includes(String.fromCharCode(byte));
    escapes.push(isPlain ? "" : `%${byte < 16 ? "0" : ""}${byte.toString(16).toUpperCase()}`);
  }
  return escapes;
}

export class QueryValue {
  /** text part text part …; the part is null behind the last text. */
  readonly #texts: string[] = [];
  readonly #parts: (ValuePart | null)[] = [];

  constructor(name: string, template: ValueTemplate) {
    let text = `${escapeText(toBinary(name), false)}=`;
    // hot-exception: when a configuration compiles, round-trip.bench.ts
    for (const part of compileParts(template)) {
      if (part.literal !== null) {
        text += escapeText(toBinary(part.literal), false);
        continue;
      }
      this.#texts.push(text);
      this.#parts.push(part);
      text = "";
    }
    this.#texts.push(text);
    this.#parts.push(null);
  }

  read(exchange: Exchange): string {
    const texts = this.#texts;
    let value = texts[0]!;
    for (let i = 1; i < texts.length; i++) {
      const part = this.#parts[i - 1]!;
      value += escapeText(part.read(exchange), part.isPathText) + texts[i]!;
    }
    return value;
  }
}

/** `text`, one character a byte, as it stands in a query. */
function escapeText(text: string, isEncoded: boolean): string {
  let out = "";
  let from = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    const spelt = ESCAPES[c & 0xff]!;
    if (spelt === "" || (isEncoded && c === PERCENT)) continue;
    out += text.slice(from, i) + spelt;
    from = i + 1;
  }
  return from === 0 ? text : out + text.slice(from);
}

function toBinary(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}
