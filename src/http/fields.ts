// The fields of one message: RFC 9110 5. Protocol-neutral; http1/ and http2/ fill and serialise it. @hot
//
// The text of a whole received block stays one latin1 string; each field is five numbers that point into it. Forwarding an
// untouched message is then a few slices of that string, and a value becomes a string of its own only when somebody asks.
//
//   text   "GET / HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n"
//   marks   nameStart nameEnd valueStart valueEnd foldedHash | …      nameStart is ~nameStart once the field is removed
//   added   name value name value …                                   what the gateway itself put in, in order

import { type FieldName, type FoldedNames, hashFolded, isFoldedName, isSameName } from "./field-name.ts";

/** Numbers a field takes in `marks`. */
const STRIDE = 5;

/** Lines that many messages share, made once. */
export class FieldBlock {
  /** name value name value … */
  readonly pairs: readonly string[];
  readonly text: string;
  /** What http2/hpack/ makes of the lines, kept here because a block lives as long as its policy. */
  hpack: Uint8Array | null = null;

  constructor(pairs: readonly string[]) {
    this.pairs = pairs;
    let text = "";
    for (let i = 0; i < pairs.length; i += 2) text += `${pairs[i]!}: ${pairs[i + 1]!}\r\n`;
    this.text = text;
  }
}

export class Fields {
  /** The received block. Lines stand one after the other, each with its CRLF, from the first mark to `textEnd`. */
  text: string;
  textEnd: number;
  readonly marks: number[];
  added: string[] | null;
  /** Names, in lower case, of lines that no hop may ever keep in a compression table (RFC 7541 6.2.3), beyond those that are secret everywhere. */
  secrets: string[] | null;
  /** Stands before `added` until somebody removes a single line of it. */
  #block: FieldBlock | null;

  /** `marks` when a parser has them at hand: one allocation of the right size. */
  constructor(text: string, marks: number[] = []) {
    this.text = text;
    this.textEnd = 0;
    this.marks = marks;
    this.added = null;
    this.secrets = null;
    this.#block = null;
  }

  /** For parsers: the next line of `text`. Offsets are of the name and of the value without white space around it. */
  mark(nameStart: number, nameEnd: number, valueStart: number, valueEnd: number, foldedHash: number): void {
    this.marks.push(nameStart, nameEnd, valueStart, valueEnd, foldedHash);
  }

  /** The first value of a field, or null. */
  get(name: FieldName): string | null {
    const marks = this.marks;
    const hash = name.hash;
    for (let i = 0; i < marks.length; i += STRIDE) {
      if (marks[i + 4] !== hash || marks[i]! < 0) continue;
      if (isSameName(this.text, marks[i]!, marks[i + 1]!, name.lower)) return this.text.slice(marks[i + 2]!, marks[i + 3]!);
    }
    const inBlock = this.#block === null ? null : findValue(this.#block.pairs, name.lower);
    if (inBlock !== null) return inBlock;
    return this.added === null ? null : findValue(this.added, name.lower);
  }

  /** The value of a field that stands once, `several` in place of one that stands more often, or null when it is absent. */
  getOnly<Several>(name: FieldName, several: Several): string | Several | null {
    const value = this.get(name);
    if (value === null) return null;
    const size = this.size;
    let count = 0;
    for (let i = 0; i < size; i++) if (this.isAt(i, name) && ++count > 1) return several;
    return value;
  }

  has(name: FieldName): boolean {
    return this.get(name) !== null;
  }

  /** All values of a field joined by `, ` (RFC 9110 5.3), or null when it is absent. */
  getCombined(name: FieldName): string | null {
    let combined: string | null = null;
    for (let i = 0; i < this.size; i++) {
      if (!this.isAt(i, name)) continue;
      combined = combined === null ? this.valueAt(i) : `${combined}, ${this.valueAt(i)}`;
    }
    return combined;
  }

  /** Puts one more line behind the others. The value must hold no CR, LF or NUL: whoever makes values checks them. */
  add(name: FieldName, value: string): void {
    if (this.added === null) this.added = [name.text, value];
    else this.added.push(name.text, value);
  }

  /** Puts shared lines right behind the received ones, before whatever was added, without copying them. Once at most. */
  addBlock(block: FieldBlock): void {
    this.#block = block;
  }

  /** The shared lines while they still are, or null: `added` has them once somebody removed one. */
  get block(): FieldBlock | null {
    return this.#block;
  }

  /** Replaces every line of that name by one. */
  set(name: FieldName, value: string): void {
    this.remove(name);
    this.add(name, value);
  }

  /** Removes every line of that exact name (letters in any case). */
  remove(name: FieldName): void {
    const marks = this.marks;
    const hash = name.hash;
    for (let i = 0; i < marks.length; i += STRIDE) {
      if (marks[i + 4] !== hash || marks[i]! < 0) continue;
      if (isSameName(this.text, marks[i]!, marks[i + 1]!, name.lower)) marks[i] = ~marks[i]!;
    }
    // Shared lines stay shared, and as they are encoded, unless one of them is meant.
    if (this.#block !== null && findValue(this.#block.pairs, name.lower) !== null) this.#openBlock();
    if (this.added !== null && findValue(this.added, name.lower) !== null) this.#removeAdded(name.lower);
  }

  /** Removes every line whose folded name `names` holds; returns how many. */
  removeFolded(names: FoldedNames): number {
    const marks = this.marks;
    let removed = 0;
    for (let i = 0; i < marks.length; i += STRIDE) {
      const start = marks[i]!;
      if (start < 0 || !names.holds(marks[i + 4]!, this.text, start, marks[i + 1]!)) continue;
      marks[i] = ~start;
      removed++;
    }
    return removed;
  }

  /** Removes every received line whose name only folds to one of `names`; one that is spelt as a member stays. */
  removeLookAlikes(names: FoldedNames): void {
    const marks = this.marks;
    for (let i = 0; i < marks.length; i += STRIDE) {
      const start = marks[i]!;
      if (start >= 0 && names.isLookAlike(marks[i + 4]!, this.text, start, marks[i + 1]!)) marks[i] = ~start;
    }
  }

  /** Removes lines whose name is the token `text[from, to)`, letters in any case: what a Connection field nominates. */
  removeNominated(text: string, from: number, to: number): void {
    const hash = hashFolded(text, from, to);
    const lower = text.slice(from, to).toLowerCase();
    const marks = this.marks;
    for (let i = 0; i < marks.length; i += STRIDE) {
      if (marks[i + 4] === hash && marks[i]! >= 0 && isSameName(this.text, marks[i]!, marks[i + 1]!, lower)) marks[i] = ~marks[i]!;
    }
  }

  /** For parsers: removes the field at a mark. */
  dropAt(mark: number): void {
    const start = this.marks[mark * STRIDE]!;
    if (start >= 0) this.marks[mark * STRIDE] = ~start;
  }

  /** Lines that were received, removed ones included. */
  get received(): number {
    return this.marks.length / STRIDE;
  }

  /** Index space of isAt, nameAt, valueAt: received lines first, then shared ones, then added ones. */
  get size(): number {
    const shared = this.#block === null ? 0 : this.#block.pairs.length;
    return this.received + (shared + (this.added === null ? 0 : this.added.length)) / 2;
  }

  /** Whether the line at `index` is still there. */
  isKept(index: number): boolean {
    return index >= this.received || this.marks[index * STRIDE]! >= 0;
  }

  isAt(index: number, name: FieldName): boolean {
    const at = index * STRIDE;
    const marks = this.marks;
    if (at < marks.length) {
      return marks[at + 4] === name.hash && marks[at]! >= 0 && isSameName(this.text, marks[at]!, marks[at + 1]!, name.lower);
    }
    const text = this.#ownAt((index - this.received) * 2);
    return isSameName(text, 0, text.length, name.lower);
  }

  nameAt(index: number): string {
    const at = index * STRIDE;
    const marks = this.marks;
    if (at >= marks.length) return this.#ownAt((index - this.received) * 2);
    const start = marks[at]!;
    return this.text.slice(start < 0 ? ~start : start, marks[at + 1]!);
  }

  valueAt(index: number): string {
    const at = index * STRIDE;
    if (at >= this.marks.length) return this.#ownAt((index - this.received) * 2 + 1);
    return this.text.slice(this.marks[at + 2]!, this.marks[at + 3]!);
  }

  /** Every kept line with its CRLF, in HTTP/1.1 form. Neighbours that were not touched are copied in one slice. */
  toLines(): string {
    const marks = this.marks;
    let lines = "";
    let runStart = -1;
    for (let i = 0; i < marks.length; i += STRIDE) {
      const start = marks[i]!;
      if (start >= 0) {
        if (runStart < 0) runStart = start;
      } else if (runStart >= 0) {
        lines += this.text.slice(runStart, ~start);
        runStart = -1;
      }
    }
    if (runStart >= 0) lines += this.text.slice(runStart, this.textEnd);
    if (this.#block !== null) lines += this.#block.text;
    const added = this.added;
    if (added !== null) for (let i = 0; i < added.length; i += 2) lines += `${added[i]!}: ${added[i + 1]!}\r\n`;
    return lines;
  }

  /** An independent copy: what one attempt changes the next one must not see. */
  copy(): Fields {
    const copy = new Fields(this.text, this.marks.slice());
    copy.textEnd = this.textEnd;
    copy.added = this.added === null ? null : this.added.slice();
    copy.secrets = this.secrets;
    copy.#block = this.#block;
    return copy;
  }

  /** A name or value of the lines that were not received. */
  #ownAt(at: number): string {
    const block = this.#block;
    if (block === null) return this.added![at]!;
    const { pairs } = block;
    return at < pairs.length ? pairs[at]! : this.added![at - pairs.length]!;
  }

  /** Makes the shared lines this message's own. */
  #openBlock(): void {
    if (this.#block === null) return;
    this.added = this.added === null ? this.#block.pairs.slice() : this.#block.pairs.concat(this.added);
    this.#block = null;
  }

  #removeAdded(lower: string): void {
    const added = this.added!;
    let kept = 0;
    for (let i = 0; i < added.length; i += 2) {
      if (isSameName(added[i]!, 0, added[i]!.length, lower)) continue;
      added[kept] = added[i]!;
      added[kept + 1] = added[i + 1]!;
      kept += 2;
    }
    added.length = kept;
  }
}

/** The first value by that name in name value name value …, or null. */
function findValue(pairs: readonly string[], lower: string): string | null {
  for (let i = 0; i < pairs.length; i += 2) if (isSameName(pairs[i]!, 0, pairs[i]!.length, lower)) return pairs[i + 1]!;
  return null;
}

/** Whether any added or received line folds to the name: for tests and for checks outside the hot path. */
export function hasFolded(fields: Fields, name: FieldName): boolean {
  for (let i = 0; i < fields.size; i++) {
    const text = fields.nameAt(i);
    if (fields.isKept(i) && isFoldedName(text, 0, text.length, name.folded)) return true;
  }
  return false;
}
