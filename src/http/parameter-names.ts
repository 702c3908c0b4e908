// Names of query parameters, compared with what a query holds once that is percent-decoded: `%61pi_key` is `api_key`. @hot
// A service may read `+` as a space (application/x-www-form-urlencoded) or as itself, so that it stands for both here.

import { Buffer } from "node:buffer";
import { escapeAt } from "./percent.ts";

const PERCENT = 0x25;
const PLUS = 0x2b;
const SPACE = 0x20;

export class ParameterNames {
  /** In UTF-8. */
  readonly #names: readonly Uint8Array[];

  constructor(names: readonly string[]) {
    this.#names = names.map(toBytes);
  }

  /** Whether `query[from, to)`, which has no `=` in it, is one of the names. Case counts. */
  holds(query: string, from: number, to: number): boolean {
    const names = this.#names;
    for (let i = 0; i < names.length; i++) if (isParameterName(query, from, to, names[i]!)) return true;
    return false;
  }
}

function isParameterName(query: string, from: number, to: number, name: Uint8Array): boolean {
  let at = from;
  for (let i = 0; i < name.length; i++) {
    if (at >= to) return false;
    const byte = name[i]!;
    const c = query.charCodeAt(at);
    const decoded = c === PERCENT ? escapeAt(query, at, to) : -1;
    if (decoded >= 0) {
      if (decoded !== byte) return false;
      at += 3;
    } else {
      if (c !== byte && !(c === PLUS && byte === SPACE)) return false;
      at++;
    }
  }
  return at === to;
}

function toBytes(name: string): Uint8Array {
  return Buffer.from(name, "utf8");
}
