// The regular lines of one header block, on their way to be Fields: counted as they come, made text of at the end. @hot
//
// A client names the same lines by their indices in each of its requests, and the tables hand out the same entries for them. A block
// whose lines are those of the block before is given that one's text: nothing is joined, and whoever keeps something by that text
// (the encoder of the next hop) finds it without reading the text again.

import { Fields } from "../../http/index.ts";
import type { HeadBounds } from "../../http1/index.ts";
import type { HeaderEntry } from "../hpack/header-entry.ts";
import { COOKIE } from "./field-kinds.ts";

/** A longer block is not kept for the next one: what a connection holds between two requests is bounded by this. */
const KEPT_BYTES = 4096;

export class FieldLines {
  /** RFC 9113 6.5.2: names and values with 32 bytes a line, pseudo-fields included; counted to the end of the block. */
  listBytes = 0;
  #bounds: HeadBounds | null = null;
  #lines = 0;
  #hasCookie = false;
  #entries: HeaderEntry[] = [];
  #used = 0;
  #lastEntries: HeaderEntry[] = [];
  #lastUsed = 0;
  #lastText = "";
  #lastMarks: number[] = [];
  #lastSecrets: string[] | null = null;

  begin(bounds: HeadBounds): void {
    this.#bounds = bounds;
    this.listBytes = 0;
    this.#lines = 0;
    this.#hasCookie = false;
    this.#used = 0;
  }

  /** Counts a line, whatever it is. False: the list is larger than it may be. */
  count(entry: HeaderEntry): boolean {
    this.listBytes += entry.size;
    return this.listBytes <= this.#bounds!.headBytes;
  }

  /** One more line of the message. False: they are too many. */
  add(entry: HeaderEntry): boolean {
    // Browsers cut Cookie into a line for each of its pairs (RFC 9113 8.2.3), which would not be many lines over HTTP/1.1.
    if (!this.#hasCookie || entry.kind !== COOKIE) this.#lines++;
    if (this.#lines > this.#bounds!.fieldCount) return false;
    if (entry.kind === COOKIE) this.#hasCookie = true;
    this.#entries[this.#used++] = entry;
    return true;
  }

  /** The lines as one message's own. `joinsCookies`: in requests. */
  take(joinsCookies: boolean): Fields {
    if (!this.#isLikeLast()) this.#build(joinsCookies);
    const fields = new Fields(this.#lastText, this.#lastMarks.slice());
    fields.textEnd = this.#lastText.length;
    fields.secrets = this.#lastSecrets;
    if (this.#lastText.length > KEPT_BYTES) this.#forget();
    return fields;
  }

  #isLikeLast(): boolean {
    const used = this.#used;
    if (used !== this.#lastUsed) return false;
    const entries = this.#entries;
    const last = this.#lastEntries;
    for (let i = 0; i < used; i++) if (entries[i] !== last[i]) return false;
    return true;
  }

  #build(joinsCookies: boolean): void {
    const entries = this.#entries;
    const used = this.#used;
    const marks: number[] = [];
    let text = "";
    let at = 0;
    let secrets: string[] | null = null;
    let cookie: HeaderEntry | null = null;
    let cookies = "";
    for (let i = 0; i < used; i++) {
      const entry = entries[i]!;
      if (entry.isSecret) secrets = withName(secrets, entry.name);
      if (joinsCookies && entry.kind === COOKIE) {
        // An empty crumb is no pair; joined, one at the end would leave white space there.
        if (cookies === "") cookies = entry.value;
        else if (entry.value !== "") cookies += `; ${entry.value}`;
        cookie = entry;
        continue;
      }
      at = mark(marks, at, entry.name.length, entry.value.length, entry.hash);
      text += entry.line;
    }
    if (cookie !== null) {
      at = mark(marks, at, cookie.name.length, cookies.length, cookie.hash);
      text += `cookie: ${cookies}\r\n`;
    }
    this.#lastText = text;
    this.#lastMarks = marks;
    this.#lastSecrets = secrets;
    this.#lastUsed = used;
    this.#entries = this.#lastEntries;
    this.#lastEntries = entries;
  }

  /** Lets go of a block that is too long to be kept. */
  #forget(): void {
    this.#lastText = "";
    this.#lastMarks = [];
    this.#lastSecrets = null;
    this.#lastUsed = 0;
    this.#lastEntries = [];
    this.#entries = [];
  }
}

/** Marks `name: value CRLF` at `at`; returns where it ends. */
function mark(marks: number[], at: number, nameLength: number, valueLength: number, hash: number): number {
  const nameEnd = at + nameLength;
  const valueStart = nameEnd + 2;
  const valueEnd = valueStart + valueLength;
  marks.push(at, nameEnd, valueStart, valueEnd, hash);
  return valueEnd + 2;
}

function withName(names: string[] | null, name: string): string[] {
  if (names === null) return [name];
  if (names.indexOf(name) < 0) names.push(name);
  return names;
}
