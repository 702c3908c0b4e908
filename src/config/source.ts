// YAML 1.2 text (JSON is a subset) as plain values, with the place of each in the text. Not the schema: any map is welcome here.
// Aliases are expanded within a budget, duplicate keys and merge keys are findings, and no text makes it throw.

import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type ParsedNode, parseDocument, type YAMLError } from "yaml";
import { type Finding, ISSUE_CODES, type Issue, type IssuePath, maskCredentials, toPathText } from "./issue.ts";

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
  readonly #lines = new LineCounter();
  readonly #places = new Map<object, Places>();
  readonly #anchors = new Map<string, Node>();
  /** Nodes being expanded now, to see circles. */
  readonly #open = new Set<Node>();
  #aliasedNodes = 0;
  #aliasDepth = 0;
  #syntaxErrorAt = -1;
  #rootPlace: Place = { offset: 0, width: 1 };

  constructor(text: string, file: string) {
    this.#text = text;
    this.file = file;
  }

  read(): void {
    let contents: ParsedNode | null;
    try {
      const document = parseDocument(this.#text, {
        version: "1.2",
        schema: "core",
        merge: false,
        stringKeys: true,
        // Checked below: the library compares every pair of keys, which 10,000 upstreams would feel.
        uniqueKeys: false,
        resolveKnownTags: false,
        prettyErrors: false,
        logLevel: "silent",
        lineCounter: this.#lines,
      });
      contents = document.contents;
      for (const error of [...document.errors, ...document.warnings]) this.#reportSyntax(error);
    } catch (error) {
      // The library promises errors as data; a stack overflow on absurd nesting is the known exception.
      this.#report({ offset: 0, width: 1 }, "", "SP_CONFIG_YAML_SYNTAX", `the text can't be read as YAML: ${toReason(error)}`);
      return;
    }
    if (this.issues.length > 0) return;
    if (contents === null || (isScalar(contents) && contents.value === null)) {
      this.#report({ offset: 0, width: 1 }, "", "SP_CONFIG_MISSING_KEY", "the file says nothing", "begin with `version: 1`");
      return;
    }
    this.#rootPlace = toPlace(contents);
    this.value = this.#toValue(contents, []);
  }

  locate(finding: Finding): Issue {
    let place = this.#rootPlace;
    let container: unknown = this.value;
    for (const [depth, part] of finding.path.entries()) {
      if (typeof container !== "object" || container === null) break;
      const places = this.#places.get(container);
      const atKey = finding.at === "key" && depth === finding.path.length - 1;
      const next = (atKey ? places?.keys.get(part) : undefined) ?? places?.values.get(part);
      if (next === undefined) break;
      place = next;
      container = (container as Record<string | number, unknown>)[part];
    }
    return this.#toIssue(place, toPathText(finding.path), finding.code, finding.message, finding.hint);
  }

  #toValue(node: Node | null, path: IssuePath): unknown {
    if (node === null) return null;
    if (path.length > MAX_DEPTH) {
      this.#report(toPlace(node), toPathText(path), "SP_CONFIG_YAML_DEPTH", `nested deeper than ${MAX_DEPTH} levels`);
      return null;
    }
    if (this.#aliasDepth > 0 && ++this.#aliasedNodes > MAX_ALIASED_NODES) return null;
    if (isAlias(node)) return this.#toAliased(node.source, toPlace(node), path);
    if (node.anchor !== undefined) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return node.value;
    this.#open.add(node);
    const value = isMap(node) ? this.#toMap(node.items, path) : isSeq(node) ? this.#toList(node.items, path) : null;
    this.#open.delete(node);
    return value;
  }

  #toAliased(name: string, place: Place, path: IssuePath): unknown {
    const target = this.#anchors.get(name);
    if (target === undefined || this.#open.has(target)) {
      const what = target === undefined ? "stands for nothing above it" : "stands inside what it stands for";
      this.#report(place, toPathText(path), "SP_CONFIG_YAML_ALIASES", `the alias \`*${name}\` ${what}`);
      return null;
    }
    const within = this.#aliasedNodes <= MAX_ALIASED_NODES;
    this.#aliasDepth++;
    const value = this.#toValue(target, path);
    this.#aliasDepth--;
    if (within && this.#aliasedNodes > MAX_ALIASED_NODES && this.#aliasDepth === 0) {
      const message = `aliases expand to more than ${MAX_ALIASED_NODES} values; \`*${name}\` is the one too many`;
      this.#report(place, toPathText(path), "SP_CONFIG_YAML_ALIASES", message);
    }
    return value;
  }

  #toMap(pairs: readonly { key: unknown; value: unknown }[], path: IssuePath): unknown {
    const map: Record<string, unknown> = Object.create(null);
    const places: Places = { keys: new Map(), values: new Map() };
    this.#places.set(map, places);
    for (const pair of pairs) {
      const keyNode = pair.key as Node;
      const key = isScalar(keyNode) ? String(keyNode.value) : String(keyNode);
      const keyPlace = toPlace(keyNode);
      const childPath = [...path, key];
      const first = places.keys.get(key);
      if (key === "<<") {
        this.#report(keyPlace, toPathText(childPath), "SP_CONFIG_YAML_MERGE_KEY", "YAML 1.2 has no merge key `<<`", "write the keys out");
      } else if (first !== undefined) {
        const line = this.#lines.linePos(first.offset).line;
        const message = `the key \`${key}\` stands twice in this map, first at line ${line}`;
        this.#report(keyPlace, toPathText(childPath), "SP_CONFIG_DUPLICATE_KEY", message, "keep one of the two");
      } else if (key === "__proto__") {
        this.#report(keyPlace, toPathText(childPath), "SP_CONFIG_UNKNOWN_KEY", "`__proto__` is not a known key");
      } else {
        const valueNode = (pair.value ?? null) as Node | null;
        places.keys.set(key, keyPlace);
        places.values.set(key, valueNode === null || isEmpty(valueNode) ? keyPlace : toPlace(valueNode));
        map[key] = this.#toValue(valueNode, childPath);
      }
    }
    return map;
  }

  #toList(items: readonly unknown[], path: IssuePath): unknown {
    const list: unknown[] = [];
    const places: Places = { keys: new Map(), values: new Map() };
    this.#places.set(list, places);
    for (const [index, item] of items.entries()) {
      places.values.set(index, toPlace(item as Node));
      list.push(this.#toValue(item as Node, [...path, index]));
    }
    return list;
  }

  #reportSyntax(error: YAMLError): void {
    const [start, end] = error.pos;
    // One open quote or bracket is a mistake of everything around it as well; the first word about a place is the true one.
    if (this.#syntaxErrorAt === start) return;
    this.#syntaxErrorAt = start;
    const place = { offset: start, width: Math.max(1, end - start) };
    const line = this.#lineAt(start).text;
    this.#report(place, "", "SP_CONFIG_YAML_SYNTAX", `not YAML: ${error.message}`, toSyntaxHint(error, line));
  }

  #report(place: Place, path: string, code: Issue["code"], message: string, hint?: string): void {
    this.issues.push(this.#toIssue(place, path, code, message, hint));
  }

  #toIssue(place: Place, path: string, code: Issue["code"], message: string, hint: string | undefined): Issue {
    const { text, line, column } = this.#lineAt(place.offset);
    const width = Math.max(1, Math.min(place.width, text.length - column + 1));
    const issue = {
      code,
      severity: ISSUE_CODES[code].severity,
      path,
      file: this.file,
      line,
      column,
      message,
      excerpt: { text: maskCredentials(text), width },
    };
    return hint === undefined ? issue : { ...issue, hint };
  }

  #lineAt(offset: number): { text: string; line: number; column: number } {
    // A library error may point one past the end.
    const at = Math.min(offset, this.#text.length);
    const start = at === 0 ? 0 : this.#text.lastIndexOf("\n", at - 1) + 1;
    const end = this.#text.indexOf("\n", at);
    const text = this.#text.slice(start, end === -1 ? this.#text.length : end).replace(/\r$/, "");
    const position = this.#lines.linePos(at);
    return { text, line: Math.max(1, position.line), column: at - start + 1 };
  }
}

function toPlace(node: Node): Place {
  const range = node.range ?? [0, 1, 1];
  return { offset: range[0], width: isScalar(node) || isAlias(node) ? Math.max(1, range[1] - range[0]) : 1 };
}

function isEmpty(node: Node): boolean {
  return isScalar(node) && node.range !== undefined && node.range !== null && node.range[0] === node.range[1];
}

const BARE_IPV6 = /(^|[\s,{:])\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]/;

function toSyntaxHint({ code, message }: YAMLError, line: string): string | undefined {
  if (code === "TAB_AS_INDENT" || /^\s*\t/.test(line)) return "indent with spaces, never with tabs";
  if (BARE_IPV6.test(line)) return 'a value that begins with `[` is a list; quote the address: "[::1]:8080"';
  if (message.startsWith("Missing closing") && message.includes("quote")) return "a quote that opens further up is never closed";
  if (code === "MULTIPLE_DOCS") return "one file is one document: remove the `---` between them";
  if (code === "TAG_RESOLVE_FAILED") return "remove the tag; the schema knows each value's type";
  if (message.includes("same column") || code === "BLOCK_AS_IMPLICIT_KEY") return "keys of one map start in the same column";
  return undefined;
}

function toReason(error: unknown): string {
  return error instanceof RangeError ? "it is nested too deeply" : String(error instanceof Error ? error.message : error);
}
