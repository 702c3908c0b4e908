// Puts in what `${env:NAME}` and `${file:PATH}` stand for, everywhere in a configuration as written, and remembers where: what came from
// elsewhere is never shown. Keys are left alone.

import { dirname, resolve } from "node:path";
import { type ConfigHost, toReason } from "./config-host.ts";
import type { Finding, IssuePath } from "./issue.ts";
import { toPathText } from "./issue.ts";
import { PathSet } from "./path-set.ts";
import { hasReference, splitReferences, type TextPart } from "./references-text.ts";

const MAX_BYTES = 64 * 1024;

export interface Resolved {
  /** With what the references stand for. Equal to the value as written where there is none. */
  readonly value: unknown;
  /** The same for checks: header and query values stand as written, since they are no templates any more. */
  readonly checked: unknown;
  readonly findings: readonly Finding[];
  /** Where a reference stands. */
  readonly places: PathSet;
  /** Each text that came from a reference. */
  readonly texts: readonly string[];
  /** What routes' conditions on headers and queries compare with and came, whole or in part, from a reference: keys that callers know. */
  readonly conditionTexts: readonly string[];
}

export interface ReferenceReader {
  readonly host: ConfigHost;
  /** Hears of each file that is read. */
  readonly onFile: (path: string) => void;
}

/** `covered` are places where nothing is read; those of references that lead nowhere are added. */
export function resolveReferences(written: unknown, file: string, reader: ReferenceReader, covered: PathSet): Resolved {
  const walk = new ReferenceWalk(dirname(resolve(file)), reader, covered);
  const { value, checked } = walk.visit(written, 0);
  return { value, checked, findings: walk.findings, places: walk.places, texts: walk.texts, conditionTexts: walk.conditionTexts };
}

interface Pair {
  readonly value: unknown;
  readonly checked: unknown;
}

class ReferenceWalk {
  readonly findings: Finding[] = [];
  readonly places = new PathSet();
  readonly texts: string[] = [];
  readonly conditionTexts: string[] = [];
  readonly #folder: string;
  readonly #reader: ReferenceReader;
  readonly #covered: PathSet;
  readonly #path: (string | number)[] = [];
  readonly #files = new Map<string, string | { readonly reason: string }>();

  constructor(folder: string, reader: ReferenceReader, covered: PathSet) {
    this.#folder = folder;
    this.#reader = reader;
    this.#covered = covered;
  }

  visit(value: unknown, depth: number): Pair {
    if (typeof value === "string") return hasReference(value) ? this.#visitText(value) : { value, checked: value };
    if (typeof value !== "object" || value === null) return { value, checked: value };
    if (this.#path.length > depth) this.#path.length = depth;
    let copy: Record<string | number, unknown> | null = null;
    let checkedCopy: Record<string | number, unknown> | null = null;
    const map = value as Readonly<Record<string | number, unknown>>;
    const keys = Array.isArray(value) ? value.keys() : Object.keys(value);
    for (const key of keys) {
      const held = map[key];
      if (held === null || (typeof held !== "object" && typeof held !== "string")) continue;
      this.#path[depth] = key;
      this.#path.length = depth + 1;
      const pair = this.visit(held, depth + 1);
      if (pair.value !== held) {
        copy ??= shallowCopy(value);
        copy[key] = pair.value;
      }
      if (pair.checked !== held) {
        checkedCopy ??= shallowCopy(value);
        checkedCopy[key] = pair.checked;
      }
    }
    this.#path.length = depth;
    return { value: copy ?? value, checked: checkedCopy ?? value };
  }

  #visitText(text: string): Pair {
    const path = [...this.#path];
    if (this.#covered.covers(path)) return { value: text, checked: text };
    const isTemplate = isTemplatePath(path);
    const parts = splitReferences(text, isTemplate);
    if ("wrong" in parts) {
      const message = `\`${toPathText(path)}\` has ${parts.wrong}`;
      this.#refuse({ code: "SP_CONFIG_BAD_TEMPLATE", path, at: "value", message, hint: parts.hint });
      return { value: text, checked: text };
    }
    const before = this.findings.length;
    const texts = parts.map((part) => (typeof part === "string" ? part : this.#read(part, path)));
    if (this.findings.length > before) return { value: text, checked: text };
    const value = texts.join("");
    if (parts.every((part) => typeof part === "string")) return { value, checked: value };
    this.places.add(path);
    if (isConditionPath(path)) this.conditionTexts.push(value);
    return { value, checked: isTemplate ? text : value };
  }

  #read(part: Exclude<TextPart, string>, path: IssuePath): string {
    const found = part.source === "env" ? this.#readVariable(part.name, path) : this.#readFile(part.name, path);
    if (found !== "") this.texts.push(found);
    return found;
  }

  #readVariable(name: string, path: IssuePath): string {
    const { env } = this.#reader.host;
    const value = Object.hasOwn(env, name) ? env[name] : undefined;
    if (value !== undefined && value !== "") return value;
    const message = `the variable \`${name}\` is ${value === undefined ? "not set" : "empty"}, and \`${toPathText(path)}\` needs it`;
    const hint = "set it for the process that reads the configuration; `check` needs it as well as `start`";
    this.#refuse({ code: "SP_CONFIG_ENV_MISSING", path, at: "value", message, hint });
    return "";
  }

  #readFile(name: string, path: IssuePath): string {
    const file = resolve(this.#folder, name);
    let found = this.#files.get(file);
    if (found === undefined) {
      this.#reader.onFile(file);
      found = readReferencedText(this.#reader.host, file);
      this.#files.set(file, found);
    }
    if (typeof found === "string") return found;
    const message = `the file \`${name}\` can't be used for \`${toPathText(path)}\`: ${found.reason}`;
    const hint = "paths are relative to the file that they stand in";
    this.#refuse({ code: "SP_CONFIG_REFERENCED_FILE", path, at: "value", message, hint });
    return "";
  }

  #refuse(finding: Finding): void {
    this.findings.push(finding);
    this.#covered.add(finding.path);
  }
}

function readReferencedText(host: ConfigHost, file: string): string | { readonly reason: string } {
  let bytes: Uint8Array;
  try {
    bytes = host.readFile(file, MAX_BYTES);
  } catch (error) {
    return { reason: toReason(error) };
  }
  if (bytes.length > MAX_BYTES) return { reason: "it is larger than 64 KiB" };
  if (bytes.includes(0)) return { reason: "it is not text: it holds a NUL" };
  try {
    // One newline at the end is how editors and `echo` end a file.
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes).replace(/\r?\n$/, "");
  } catch {
    return { reason: "it is not UTF-8 text" };
  }
}

function isConditionPath(path: IssuePath): boolean {
  return path[0] === "routes" && path[2] === "match" && (path[3] === "headers" || path[3] === "query");
}

/** Whether a value of templates.ts stands there: a header to set or add, a query parameter to set. */
export function isTemplatePath(path: IssuePath): boolean {
  const start = path[0] === "defaults" ? 1 : path[0] === "routes" ? 2 : path.length;
  if (path[start] === "headers") {
    const isDirection = path[start + 1] === "request" || path[start + 1] === "response";
    return isDirection && (path[start + 2] === "set" || path[start + 2] === "add") && path.length > start + 3;
  }
  return path[start] === "rewrite" && path[start + 1] === "query" && path[start + 2] === "set" && path.length > start + 3;
}

function shallowCopy(value: object): Record<string | number, unknown> {
  if (Array.isArray(value)) return [...value] as unknown as Record<string | number, unknown>;
  return Object.assign(Object.create(null) as Record<string | number, unknown>, value);
}
