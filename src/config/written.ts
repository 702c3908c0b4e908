// How checks read a configuration as written, before the schema has judged it: what has the wrong type reads as absent, since the
// schema says so itself. Also the sentences that several checks share.

import { selectNearest } from "../base/index.ts";
import type { Finding, IssuePath } from "./issue.ts";
import { Refusal, type ValueParser } from "./refusal.ts";

export type Place = readonly [path: IssuePath, value: unknown];

export function asMap(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined;
}

export function has(value: unknown, key: string): boolean {
  const map = asMap(value);
  return map !== undefined && Object.hasOwn(map, key);
}

/** The value under a key, or under one inside of another. No rest parameter: it is asked a hundred times a route. */
export function get(value: unknown, key: string, second?: string, third?: string, fourth?: string): unknown {
  let held = own(value, key);
  if (second !== undefined) held = own(held, second);
  if (third !== undefined) held = own(held, third);
  return fourth === undefined ? held : own(held, fourth);
}

function own(value: unknown, key: string): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value) || !Object.hasOwn(value, key)) return undefined;
  return (value as Record<string, unknown>)[key];
}

export function keysOf(value: unknown): string[] {
  return Object.keys(asMap(value) ?? {});
}

export function texts(value: unknown): string[] | undefined {
  return Array.isArray(value) ? value.filter((item) => typeof item === "string") : undefined;
}

/** The entries of the list or map under `key`, each with its path. */
export function children(value: unknown, path: IssuePath, key: string): Place[] {
  const held = get(value, key);
  if (Array.isArray(held)) return held.map((item, index) => [[...path, key, index], item]);
  return Object.entries(asMap(held) ?? {}).map(([name, item]) => [[...path, key, name], item]);
}

/** Whether `value` is a text that `parse` takes. */
export function isWell(value: unknown, parse: ValueParser<unknown>): value is string {
  return typeof value === "string" && !(parse(value) instanceof Refusal);
}

/** The meaning of `value`, or undefined when it has none. */
export function parsed<Value>(value: unknown, parse: ValueParser<Value>): Value | undefined {
  const meaning = typeof value === "string" ? parse(value) : undefined;
  return meaning instanceof Refusal ? undefined : meaning;
}

export function toOrdinal(path: IssuePath): string {
  const number = Number(path.at(-1)) + 1;
  const tail = number % 100 >= 11 && number % 100 <= 13 ? "th" : (["th", "st", "nd", "rd"][number % 10] ?? "th");
  return `${number}${tail}`;
}

/** `a`, `b` or `c`. */
export function toChoice(words: readonly string[], last = "or"): string {
  const quoted = words.map((word) => `\`${word}\``);
  const end = quoted.pop() ?? "";
  return quoted.length === 0 ? end : `${quoted.join(", ")} ${last} ${end}`;
}

export function contradiction(path: IssuePath, at: "key" | "value", message: string, hint?: string): Finding {
  return { code: "SP_CONFIG_CONTRADICTION", path, at, message, hint };
}

const MAX_SUGGESTED = 8;
// 10,000 mistyped names beside 10,000 known ones would be compared for minutes.
const MAX_COMPARED = 2_000_000;
const nearestOf = new WeakMap<object, { readonly told: Map<string, string | undefined>; compared: number }>();

function toNearest(name: string, known: readonly string[] | ReadonlySet<string>, names: readonly string[]): string | undefined {
  const memory = nearestOf.get(known) ?? { told: new Map(), compared: 0 };
  nearestOf.set(known, memory);
  if (memory.told.has(name) || memory.compared > MAX_COMPARED) return memory.told.get(name);
  memory.compared += names.length;
  const nearest = selectNearest(name, names);
  memory.told.set(name, nearest);
  return nearest;
}

/** A name that is none of `known`; `kind` is `upstream`, `api`. */
export function unknownReference(path: IssuePath, kind: string, name: string, known: readonly string[] | ReadonlySet<string>): Finding {
  const names = [...known];
  const nearest = toNearest(name, known, names);
  const some = names.length === 0 ? `there is no ${kind} yet` : `known: ${names.slice(0, MAX_SUGGESTED).join(", ")}`;
  const hint = nearest === undefined ? some : `did you mean \`${nearest}\`?`;
  return { code: "SP_CONFIG_UNKNOWN_REFERENCE", path, at: "value", message: `no ${kind} is named \`${name}\``, hint };
}

export function duplicateEntry(path: IssuePath, entry: string, hint?: string): Finding {
  return { code: "SP_CONFIG_DUPLICATE_ENTRY", path, at: "value", message: `\`${entry}\` stands twice in this list`, hint };
}

/** A map with exactly one of these keys, whatever else it has; `why` begins the sentence. */
export function checkOne(written: unknown, path: IssuePath, keys: readonly string[], why: string, findings: Finding[]): void {
  if (asMap(written) === undefined) return;
  const [first, other] = keys.filter((key) => has(written, key));
  if (first === undefined) {
    const message = `${why}, and none is said: ${toChoice(keys)} is missing`;
    findings.push({ code: "SP_CONFIG_MISSING_KEY", path, at: "value", message, hint: `write one of ${toChoice(keys)}` });
  } else if (other !== undefined) {
    findings.push(contradiction([...path, other], "key", `${why}: \`${other}\` can't stand beside \`${first}\``, "keep one of the two"));
  }
}

/** A list of words; `fold` makes those equal that mean the same. */
export function checkEntries(value: unknown, path: IssuePath, findings: Finding[], fold: (entry: string) => string = toLower): void {
  if (!Array.isArray(value) || value.length < 2) return;
  const seen = new Set<string>();
  for (const [index, entry] of value.entries()) {
    if (typeof entry !== "string") continue;
    const folded = fold(entry);
    if (seen.has(folded)) findings.push(duplicateEntry([...path, index], entry));
    seen.add(folded);
  }
}

export function toLower(text: string): string {
  return text.toLowerCase();
}

export function toExact(text: string): string {
  return text;
}
