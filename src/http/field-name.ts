// Field names: how two spellings are told to be the same name, exactly or once folded. @hot
//
// A gateway that removes `X-User-Id` while a service behind it reads `X_User_Id` as the same variable (CGI, WSGI, PHP and
// many frameworks do) has removed nothing. So each name also has a *folded* form: lower case, and every run of characters
// that are neither letter nor digit becomes one `-`. The hash that the head parser computes while it reads a name is the
// hash of the folded form; whoever needs the exact name compares it after the hash has matched.

/** By byte: 0 where the byte may not stand in a field name (RFC 9110 5.6.2 tchar), otherwise its folded form. */
export const FOLD = new Uint8Array(256);
for (const c of "!#$%&'*+-.^_`|~") FOLD[c.charCodeAt(0)] = 0x2d;
for (let c = 0x30; c <= 0x39; c++) FOLD[c] = c;
for (let c = 0x61; c <= 0x7a; c++) {
  FOLD[c] = c;
  FOLD[c - 0x20] = c;
}

/** A name known when the configuration compiles, with all that comparing needs. */
export interface FieldName {
  /** The spelling that is sent. */
  readonly text: string;
  readonly lower: string;
  readonly folded: string;
  readonly hash: number;
}

/** Throws when `text` is no token (RFC 9110 5.1): callers have checked what users wrote. */
export function fieldName(text: string): FieldName {
  if (!isToken(text)) throw new Error(`${JSON.stringify(text)} is not a field name`);
  return Object.freeze({ text, lower: text.toLowerCase(), folded: foldName(text), hash: hashFolded(text, 0, text.length) });
}

/** RFC 9110 5.6.2: one or more tchar. */
export function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 255 || FOLD[text.charCodeAt(i)] === 0) return false;
  return text.length > 0;
}

/** The folded form of a token. */
export function foldName(text: string): string {
  // hot-exception: when a configuration compiles or Connection nominates a field, fields.bench.ts
  return text.toLowerCase().replace(/[^a-z0-9]+/g, "-");
}

/** The hash of the folded form of `text[from, to)`. http1/head-parser.ts computes the same over bytes. */
export function hashFolded(text: string, from: number, to: number): number {
  let hash = 0;
  let last = 0;
  for (let i = from; i < to; i++) {
    const c = FOLD[text.charCodeAt(i) & 0xff]!;
    if (c === 0x2d && last === 0x2d) continue;
    hash = (Math.imul(hash, 31) + c) | 0;
    last = c;
  }
  return hash;
}

/** Whether `text[from, to)` is `lower`, letters in any case. */
export function isSameName(text: string, from: number, to: number, lower: string): boolean {
  if (to - from !== lower.length) return false;
  for (let i = from, j = 0; i < to; i++, j++) {
    const c = text.charCodeAt(i);
    const l = lower.charCodeAt(j);
    if (c !== l && (c < 0x41 || c > 0x5a || c + 0x20 !== l)) return false;
  }
  return true;
}

/** Whether `text[from, to)` folds to `folded`. */
export function isFoldedName(text: string, from: number, to: number, folded: string): boolean {
  let j = 0;
  let last = 0;
  for (let i = from; i < to; i++) {
    const c = FOLD[text.charCodeAt(i) & 0xff]!;
    if (c === 0x2d && last === 0x2d) continue;
    last = c;
    if (c !== folded.charCodeAt(j)) return false;
    j++;
  }
  return j === folded.length;
}

/** Whether the folded form of `text[from, to)` begins with `prefix`, which is folded. */
function hasFoldedPrefix(text: string, from: number, to: number, prefix: string): boolean {
  let j = 0;
  let last = 0;
  for (let i = from; i < to && j < prefix.length; i++) {
    const c = FOLD[text.charCodeAt(i) & 0xff]!;
    if (c === 0x2d && last === 0x2d) continue;
    last = c;
    if (c !== prefix.charCodeAt(j++)) return false;
  }
  return j === prefix.length;
}

/** A set of names compared in folded form, built once: `internal identity headers`, `framing fields`. */
export class FoldedNames {
  readonly names: readonly FieldName[];
  /** Folded; every name that begins so and goes on is held as well. Null: none is. */
  readonly prefix: string | null;
  readonly #slots: (FieldName | null)[];
  readonly #mask: number;

  constructor(names: readonly FieldName[], prefix: string | null = null) {
    this.names = Object.freeze(names.slice());
    this.prefix = prefix;
    let size = 16;
    while (size < names.length * 4) size *= 2;
    this.#mask = size - 1;
    this.#slots = new Array<FieldName | null>(size).fill(null);
    // hot-exception: when a configuration compiles, fields.bench.ts
    for (const name of names) {
      let slot = mix(name.hash) & this.#mask;
      while (this.#slots[slot] !== null) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = name;
    }
    Object.freeze(this);
  }

  /** Whether `text[from, to)` folds to a member, or to a name that begins with the prefix. */
  holds(hash: number, text: string, from: number, to: number): boolean {
    if (this.find(hash, text, from, to) !== null) return true;
    return this.prefix !== null && hasFoldedPrefix(text, from, to, this.prefix);
  }

  /** Whether `text[from, to)` folds to a member but is none, letters in any case: `X_Api_Version` beside `X-Api-Version`. */
  isLookAlike(hash: number, text: string, from: number, to: number): boolean {
    let isLike = false;
    let slot = mix(hash) & this.#mask;
    for (let name = this.#slots[slot]!; name !== null; name = this.#slots[slot]!) {
      if (name.hash === hash && isFoldedName(text, from, to, name.folded)) {
        if (isSameName(text, from, to, name.lower)) return false;
        isLike = true;
      }
      slot = (slot + 1) & this.#mask;
    }
    return isLike;
  }

  /** The member that `text[from, to)` folds to, or null. `hash` is the folded hash of that text. */
  find(hash: number, text: string, from: number, to: number): FieldName | null {
    let slot = mix(hash) & this.#mask;
    for (let name = this.#slots[slot]!; name !== null; name = this.#slots[slot]!) {
      if (name.hash === hash && isFoldedName(text, from, to, name.folded)) return name;
      slot = (slot + 1) & this.#mask;
    }
    return null;
  }
}

function mix(hash: number): number {
  return hash ^ (hash >>> 15);
}
