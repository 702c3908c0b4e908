// From claims and requests to values of Cedar, which has texts, whole numbers, truth, sets and records, and neither fractions nor null:
// what it can't hold is left out.

import type { CedarValueJson } from "@cedar-policy/cedar-wasm/nodejs";

/** Deeper ones are left out: the engine reads them by recursion. */
const MOST_LEVELS = 16;
/** Members by which the JSON form names entities and calls functions: a claim must not become one. */
const MARKERS = new Set(["__entity", "__extn", "__expr"]);

/** Undefined: Cedar has no such value. */
export function toCedarValue(value: unknown, levels = MOST_LEVELS): CedarValueJson | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return value;
    case "number":
      return Number.isSafeInteger(value) ? value : undefined;
    case "object":
      if (value === null || levels === 0) return undefined;
      return Array.isArray(value) ? toSet(value, levels - 1) : toRecord(value as Readonly<Record<string, unknown>>, levels - 1);
    default:
      return undefined;
  }
}

function toSet(list: readonly unknown[], levels: number): CedarValueJson[] {
  return list.map((each) => toCedarValue(each, levels)).filter((each) => each !== undefined);
}

export function toRecord(members: Readonly<Record<string, unknown>>, levels = MOST_LEVELS): Record<string, CedarValueJson> {
  const record: Record<string, CedarValueJson> = Object.create(null);
  for (const [name, member] of Object.entries(members)) {
    if (MARKERS.has(name)) continue;
    const value = toCedarValue(member, levels);
    if (value !== undefined) record[name] = value;
  }
  return record;
}

/** A call of one of the language's own functions. */
export function toExtension(fn: "ip" | "datetime", arg: string): CedarValueJson {
  return { __extn: { fn, arg } };
}
