// Takes the gateway's own cookies out of a request, so that no upstream can use a browser's session. @hot
// A name that ends in `*` stands for all that begin so.

import { FIELD, type Fields } from "../../http/index.ts";

const SEMICOLON = 0x3b;
const SPACE = 0x20;
const TAB = 0x09;

export class OwnCookies {
  readonly #names: readonly string[];

  constructor(names: readonly string[]) {
    this.#names = names;
  }

  /** What is left stands in one line, as browsers send it (RFC 6265 5.4). */
  removeFrom(fields: Fields): void {
    if (!this.#mayStandIn(fields)) return;
    let kept = "";
    for (let i = 0; i < fields.size; i++) if (fields.isAt(i, FIELD.COOKIE)) kept = this.#keep(fields.valueAt(i), kept);
    fields.remove(FIELD.COOKIE);
    if (kept !== "") fields.add(FIELD.COOKIE, kept);
  }

  #mayStandIn(fields: Fields): boolean {
    const line = fields.getCombined(FIELD.COOKIE);
    if (line === null) return false;
    for (let i = 0; i < this.#names.length; i++) {
      const name = this.#names[i]!;
      if (line.indexOf(isPrefix(name) ? name.slice(0, -1) : name) >= 0) return true;
    }
    return false;
  }

  #keep(line: string, before: string): string {
    let kept = before;
    for (let start = 0; start < line.length; ) {
      const mark = line.indexOf(";", start);
      const end = mark < 0 ? line.length : mark;
      const from = skipBlank(line, start, end);
      if (from < end && !this.#isOwn(line, from, end)) kept = kept === "" ? line.slice(from, end) : `${kept}; ${line.slice(from, end)}`;
      start = end + 1;
    }
    return kept;
  }

  /** The name ends at `=`, or with the pair: services differ in what they take a pair without `=` for. */
  #isOwn(line: string, from: number, end: number): boolean {
    let nameEnd = from;
    while (nameEnd < end && line.charCodeAt(nameEnd) !== 0x3d) nameEnd++;
    while (nameEnd > from && isBlank(line.charCodeAt(nameEnd - 1))) nameEnd--;
    for (let i = 0; i < this.#names.length; i++) {
      const name = this.#names[i]!;
      if (isPrefix(name)) {
        if (nameEnd - from >= name.length - 1 && line.startsWith(name.slice(0, -1), from)) return true;
      } else if (nameEnd - from === name.length && line.startsWith(name, from)) return true;
    }
    return false;
  }
}

function isPrefix(name: string): boolean {
  return name.charCodeAt(name.length - 1) === 0x2a;
}

function skipBlank(line: string, start: number, end: number): number {
  let from = start;
  while (from < end && isBlank(line.charCodeAt(from))) from++;
  return from;
}

function isBlank(c: number): boolean {
  return c === SPACE || c === TAB || c === SEMICOLON;
}
