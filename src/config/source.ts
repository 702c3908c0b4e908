// YAML 1.2 text (JSON is a subset) as plain values, with the place of each in the text. Not the schema: any map is welcome here.
// Aliases are expanded within a budget, duplicate keys and merge keys are findings, and no text makes it throw. Values are built from
// the parser's events in one walk; places only in a second one, when somebody asks for the first: a good file has none to tell.

import { EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE, type ScalarEvent, YAMLException } from "js-yaml";
import { type Finding, ISSUE_CODES, type Issue, type IssueCode, maskCredentials, toPathText } from "./issue.ts";
import { diagnoseYaml } from "./yaml-mistakes.ts";
import { resolvePlain } from "./yaml-scalar.ts";

// A route has some 25 nodes: 10,000 nodes of sharing are 400 routes that repeat one another, and a bomb needs millions.
const MAX_ALIASED_NODES = 10_000;
// The deepest path of the language is 8 long.
const MAX_DEPTH = 64;

/** Plain data of one file: null-prototype maps, lists, and scalars of the YAML 1.2 core schema. */
export interface Source {
  readonly file: string;
  readonly value: unknown;
  /** Gives a finding its place: that of the key or value itself, or of the nearest enclosing thing that is written. */
  locate(finding: Finding): Issue;
}

interface Place {
  readonly offset: number;
  readonly width: number;
}

interface Places {
  readonly keys: Map<string | number, Place>;
  readonly values: Map<string | number, Place>;
}

/** Reads `text`; `value` is undefined when the text is so broken that judging its content would mislead. */
export function parseSource(text: string, file: string): { source: Source; issues: Issue[] } {
  const reader = new SourceReader(text, file);
  reader.read();
  return { source: reader, issues: reader.issues };
}

class SourceReader implements Source {
  readonly file: string;
  value: unknown = undefined;
  readonly issues: Issue[] = [];
  readonly #text: string;
  #events: readonly Event[] = [];
  /** Of the event that is read next. */
  #at = 0;
  /** By anchor: the node that it stands before. */
  readonly #anchors = new Map<string, number>();
  /** Nodes being read now, to see circles. */
  readonly #open = new Set<number>();
  #aliasedNodes = 0;
  #aliasDepth = 0;
  /** The path to what is read now, for issues. */
  readonly #path: (string | number)[] = [];
  #places: Map<object, Places> | null = null;
  #lineStarts: number[] | null = null;

  constructor(text: string, file: string) {
    this.#text = text;
    this.file = file;
  }

  read(): void {
    try {
      this.#events = parseEvents(this.#text, { maxDepth: MAX_DEPTH });
    } catch (error) {
      this.#reportSyntax(error);
      return;
    }
    // A document event, then its content.
    const root = this.#events[1];
    if (root === undefined || root.type === EVENT_ID.POP) {
      this.#report({ offset: 0, width: 1 }, "SP_CONFIG_MISSING_KEY", "the file says nothing", "begin with `version: 1`");
      return;
    }
    this.#at = 1;
    const value = this.#readNode();
    // Behind the content stands the document's own end.
    const next = this.#events[this.#at + 1];
    if (next !== undefined) {
      const place = this.#toPlace(this.#at + 2);
      this.#report(place, "SP_CONFIG_YAML_SYNTAX", "not YAML of one document", "one file is one document: remove the `---` between them");
    }
    if (this.issues.some((issue) => issue.code === "SP_CONFIG_YAML_SYNTAX")) return;
    if (value === null && this.issues.length === 0) {
      this.#report({ offset: 0, width: 1 }, "SP_CONFIG_MISSING_KEY", "the file says nothing", "begin with `version: 1`");
      return;
    }
    this.value = value;
  }

  locate(finding: Finding): Issue {
    const all = this.#findPlaces();
    let place = this.#toPlace(1);
    let container: unknown = this.value;
    for (const [depth, part] of finding.path.entries()) {
      if (typeof container !== "object" || container === null) break;
      const places = all.get(container);
      const atKey = finding.at === "key" && depth === finding.path.length - 1;
      const next = (atKey ? places?.keys.get(part) : undefined) ?? places?.values.get(part);
      if (next === undefined) break;
      place = next;
      container = (container as Record<string | number, unknown>)[part];
    }
    return this.#toIssue(place, toPathText(finding.path), finding.code, finding.message, finding.hint);
  }

  // ── values ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  /** Reads the node at #at and steps behind it. */
  #readNode(): unknown {
    const at = this.#at;
    const event = this.#events[at];
    if (event === undefined || event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT) return null;
    if (this.#aliasDepth > 0 && ++this.#aliasedNodes > MAX_ALIASED_NODES) {
      this.#skipNode();
      return null;
    }
    if (event.type === EVENT_ID.ALIAS) return this.#readAlias(this.#text.slice(event.anchorStart, event.anchorEnd), at);
    if (event.anchorStart >= 0 && this.#aliasDepth === 0) {
      this.#anchors.set(this.#text.slice(event.anchorStart, event.anchorEnd), at);
    }
    if (event.tagStart >= 0 && this.#aliasDepth === 0) {
      const place = { offset: event.tagStart, width: event.tagEnd - event.tagStart };
      const message = `not YAML without tags: \`${this.#text.slice(event.tagStart, event.tagEnd)}\``;
      this.#report(place, "SP_CONFIG_YAML_SYNTAX", message, "remove the tag; the schema knows each value's type");
    }
    if (event.type === EVENT_ID.SCALAR) {
      this.#at++;
      return this.#toScalar(event);
    }
    // The expansion of aliases may nest what the parser saw side by side.
    if (this.#path.length > MAX_DEPTH) {
      this.#report(this.#toPlace(at), "SP_CONFIG_YAML_DEPTH", `nested deeper than ${MAX_DEPTH} levels`);
      this.#skipNode();
      return null;
    }
    this.#open.add(at);
    this.#at++;
    const value = event.type === EVENT_ID.MAPPING ? this.#readMap() : this.#readList();
    this.#open.delete(at);
    return value;
  }

  #toScalar(event: ScalarEvent): unknown {
    const text = getScalarValue(this.#text, event);
    return event.style === SCALAR_STYLE.PLAIN ? resolvePlain(text) : text;
  }

  #readAlias(name: string, at: number): unknown {
    const target = this.#anchors.get(name);
    this.#at = at + 1;
    if (target === undefined || this.#open.has(target)) {
      const what = target === undefined ? "stands for nothing above it" : "stands inside what it stands for";
      this.#report(this.#toPlace(at), "SP_CONFIG_YAML_ALIASES", `the alias \`*${name}\` ${what}`);
      return null;
    }
    const within = this.#aliasedNodes <= MAX_ALIASED_NODES;
    this.#aliasDepth++;
    this.#at = target;
    const value = this.#readNode();
    this.#at = at + 1;
    this.#aliasDepth--;
    if (within && this.#aliasedNodes > MAX_ALIASED_NODES && this.#aliasDepth === 0) {
      const message = `aliases expand to more than ${MAX_ALIASED_NODES} values; \`*${name}\` is the one too many`;
      this.#report(this.#toPlace(at), "SP_CONFIG_YAML_ALIASES", message);
    }
    return value;
  }

  #readMap(): unknown {
    const map: Record<string, unknown> = Object.create(null);
    let merged: unknown;
    for (;;) {
      const at = this.#at;
      const key = this.#readKey();
      if (key === undefined) {
        if (merged !== undefined) mergeInto(map, merged);
        return map;
      }
      this.#path.push(key);
      const first = Object.hasOwn(map, key);
      if (key === "<<") {
        this.#report(this.#toPlace(at), "SP_CONFIG_YAML_MERGE_KEY", "YAML 1.2 has no merge key `<<`", "write the keys out");
        merged = this.#readNode();
      } else if (first) {
        const message = `the key \`${key}\` stands twice in this map, first at line ${this.#findKeyLine(at, key)}`;
        this.#report(this.#toPlace(at), "SP_CONFIG_DUPLICATE_KEY", message, "keep one of the two");
        this.#skipNode();
      } else if (key === "__proto__") {
        this.#report(this.#toPlace(at), "SP_CONFIG_UNKNOWN_KEY", "`__proto__` is not a known key");
        this.#skipNode();
      } else {
        map[key] = this.#readNode();
      }
      this.#path.pop();
    }
  }

  /** The next key as text; undefined at the end of the map. Keys that are maps, lists or aliases are told and passed over. */
  #readKey(): string | undefined {
    for (;;) {
      const event = this.#events[this.#at];
      if (event === undefined || event.type === EVENT_ID.POP) {
        this.#at++;
        return undefined;
      }
      if (event.type === EVENT_ID.SCALAR) {
        this.#at++;
        return getScalarValue(this.#text, event);
      }
      this.#report(this.#toPlace(this.#at), "SP_CONFIG_YAML_SYNTAX", "not YAML with plain keys: a key is text", "write the key out");
      this.#skipNode();
      this.#skipNode();
    }
  }

  #readList(): unknown {
    const list: unknown[] = [];
    for (;;) {
      const event = this.#events[this.#at];
      if (event === undefined || event.type === EVENT_ID.POP) {
        this.#at++;
        return list;
      }
      this.#path.push(list.length);
      list.push(this.#readNode());
      this.#path.pop();
    }
  }

  /** Steps behind the node at #at. */
  #skipNode(): void {
    let depth = 0;
    do {
      const event = this.#events[this.#at++];
      if (event === undefined) return;
      if (event.type === EVENT_ID.POP) depth--;
      else if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) depth++;
    } while (depth > 0);
  }

  // ── places ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #findPlaces(): Map<object, Places> {
    if (this.#places !== null) return this.#places;
    this.#places = new Map();
    this.#at = 1;
    this.#placeNode(this.value, this.#places);
    return this.#places;
  }

  /** Walks the events of the node at #at beside the value that came of it. */
  #placeNode(value: unknown, into: Map<object, Places>): void {
    const at = this.#at;
    const event = this.#events[at];
    if (typeof value !== "object" || value === null || event === undefined) {
      this.#skipNode();
    } else if (event.type === EVENT_ID.ALIAS) {
      this.#at = this.#anchors.get(this.#text.slice(event.anchorStart, event.anchorEnd)) ?? at;
      if (this.#at !== at) this.#placeNode(value, into);
      this.#at = at + 1;
    } else {
      const places: Places = { keys: new Map(), values: new Map() };
      into.set(value, places);
      this.#at++;
      if (Array.isArray(value)) this.#placeItems(value, places, into);
      else this.#placeEntries(value as Readonly<Record<string, unknown>>, places, into);
    }
  }

  #placeItems(list: readonly unknown[], places: Places, into: Map<object, Places>): void {
    for (const [index, item] of list.entries()) {
      places.values.set(index, this.#toPlace(this.#at));
      this.#placeNode(item, into);
    }
    this.#at++;
  }

  #placeEntries(map: Readonly<Record<string, unknown>>, places: Places, into: Map<object, Places>): void {
    for (;;) {
      const event = this.#events[this.#at];
      if (event === undefined || event.type === EVENT_ID.POP) break;
      const keyPlace = this.#toPlace(this.#at);
      const key = event.type === EVENT_ID.SCALAR ? getScalarValue(this.#text, event) : undefined;
      this.#skipNode();
      if (key === undefined || places.keys.has(key) || !Object.hasOwn(map, key)) {
        this.#skipNode();
        continue;
      }
      const valueEvent = this.#events[this.#at];
      const isEmpty =
        valueEvent?.type === EVENT_ID.SCALAR && valueEvent.valueEnd <= valueEvent.valueStart && valueEvent.style === SCALAR_STYLE.PLAIN;
      places.keys.set(key, keyPlace);
      places.values.set(key, isEmpty ? keyPlace : this.#toPlace(this.#at));
      this.#placeNode(map[key], into);
    }
    this.#at++;
  }

  #toPlace(at: number): Place {
    const event = this.#events[at];
    if (event === undefined || event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT)
      return { offset: this.#text.length, width: 1 };
    if (event.type === EVENT_ID.ALIAS) return { offset: event.anchorStart - 1, width: event.anchorEnd - event.anchorStart + 1 };
    if (event.type !== EVENT_ID.SCALAR) return { offset: event.start, width: 1 };
    if (event.valueStart < 0) return this.#toPlace(at - 1);
    const isQuoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
    const quotes = isQuoted ? 1 : 0;
    return { offset: event.valueStart - quotes, width: Math.max(1, event.valueEnd - event.valueStart + 2 * quotes) };
  }

  /** The line of the earlier key of this name in the map that `at` is a key of. */
  #findKeyLine(at: number, key: string): number {
    let depth = 0;
    for (let index = at - 1; index > 0; index--) {
      const event = this.#events[index];
      if (event === undefined) break;
      if (event.type === EVENT_ID.POP) depth++;
      else if (event.type === EVENT_ID.MAPPING || event.type === EVENT_ID.SEQUENCE) depth--;
      if (depth < 0) return this.#findKeyFrom(index + 1, key);
    }
    return 1;
  }

  #findKeyFrom(start: number, key: string): number {
    const before = this.#at;
    let line = 1;
    for (this.#at = start; ; ) {
      const event = this.#events[this.#at];
      if (event === undefined || event.type === EVENT_ID.POP) break;
      if (event.type === EVENT_ID.SCALAR && getScalarValue(this.#text, event) === key) {
        line = this.#lineOf(event.valueStart);
        break;
      }
      this.#skipNode();
      this.#skipNode();
    }
    this.#at = before;
    return line;
  }

  // ── issues ─────────────────────────────────────────────────────────────────────────────────────────────────────────

  #reportSyntax(error: unknown): void {
    const reason = error instanceof YAMLException ? error.reason : toReason(error);
    const offset = error instanceof YAMLException ? (error.mark?.position ?? 0) : 0;
    if (reason.includes("maxDepth")) {
      this.#report({ offset, width: 1 }, "SP_CONFIG_YAML_DEPTH", `nested deeper than ${MAX_DEPTH} levels`);
      return;
    }
    for (const mistake of diagnoseYaml(this.#text, offset, reason)) {
      this.#report(mistake, "SP_CONFIG_YAML_SYNTAX", `not YAML: ${mistake.message}`, mistake.hint);
    }
  }

  #report(place: Place, code: IssueCode, message: string, hint?: string): void {
    this.issues.push(this.#toIssue(place, toPathText(this.#path), code, message, hint));
  }

  #toIssue(place: Place, path: string, code: IssueCode, message: string, hint: string | undefined): Issue {
    // A library's error may point one past the end.
    const at = Math.min(place.offset, this.#text.length);
    const start = at === 0 ? 0 : this.#text.lastIndexOf("\n", at - 1) + 1;
    const end = this.#text.indexOf("\n", at);
    const text = this.#text.slice(start, end === -1 ? this.#text.length : end).replace(/\r$/, "");
    const column = at - start + 1;
    const issue = {
      code,
      severity: ISSUE_CODES[code].severity,
      path,
      file: this.file,
      line: this.#lineOf(at),
      column,
      message,
      excerpt: { text: maskCredentials(text), width: Math.max(1, Math.min(place.width, text.length - column + 1)) },
    };
    return hint === undefined ? issue : { ...issue, hint };
  }

  /** From 1, by bisection: a file of ten thousand mistakes asks ten thousand times. */
  #lineOf(offset: number): number {
    if (this.#lineStarts === null) {
      this.#lineStarts = [0];
      for (let at = this.#text.indexOf("\n"); at !== -1; at = this.#text.indexOf("\n", at + 1)) this.#lineStarts.push(at + 1);
    }
    let low = 0;
    let high = this.#lineStarts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((this.#lineStarts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  }
}

function toReason(error: unknown): string {
  return error instanceof RangeError ? "it is nested too deeply" : String(error instanceof Error ? error.message : error);
}

/** What a merge key was meant to do: it is refused, but that its map lacks those keys is not a second mistake. */
function mergeInto(map: Record<string, unknown>, merged: unknown): void {
  for (const source of Array.isArray(merged) ? merged : [merged]) {
    if (typeof source !== "object" || source === null) continue;
    for (const [key, value] of Object.entries(source)) if (!Object.hasOwn(map, key)) map[key] = value;
  }
}
