// Values in the spelling of the configuration language. Secrets are never among them.

import { Secret } from "../../base/index.ts";
import type { AddressConfig, PathTemplate, ValueTemplate } from "../../config/index.ts";

const SIZES = [
  ["GiB", 1024 ** 3],
  ["MiB", 1024 ** 2],
  ["KiB", 1024],
  ["B", 1],
] as const;
const DURATIONS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["m", 60_000],
  ["s", 1000],
  ["ms", 1],
] as const;
const SHOWN = 8;
const LONGEST = 80;

export function toSize(bytes: number | null): string {
  return inUnits(bytes, SIZES);
}

export function toRate(bytes: number | null): string {
  return bytes === null ? "off" : `${toSize(bytes)}/s`;
}

export function toDuration(ms: number | null): string {
  return inUnits(ms, DURATIONS);
}

export function toSeconds(seconds: number | null): string {
  return toDuration(seconds === null ? null : seconds * 1000);
}

export function toCount(count: number | null): string {
  return count === null ? "off" : String(count);
}

export function toDate(ms: number | null): string {
  return ms === null ? "none" : new Date(ms).toISOString().replace("T00:00:00.000Z", "");
}

export function toAddress(address: AddressConfig | null): string {
  if (address === null) return "off";
  if ("path" in address) return `unix:${address.path}`;
  return `${address.host.includes(":") ? `[${address.host}]` : address.host}:${address.port}`;
}

export function toPath(template: PathTemplate | null): string {
  if (template === null) return "as it was";
  return template.map((part) => (typeof part === "string" ? part : part.param === "*" ? "*" : `:${part.param}`)).join("");
}

/** Null where a secret stands in it. */
export function toValue(template: ValueTemplate): string | null {
  let text = "";
  for (const part of template) {
    if (part instanceof Secret) return null;
    text += typeof part === "string" ? part : "param" in part ? `\${param:${part.param}}` : `\${request:${part.request}}`;
  }
  return JSON.stringify(toShort(text));
}

export function toText(value: string | number | boolean | null): string {
  return value === null ? "none" : toShort(String(value));
}

export function toList(items: readonly string[]): string {
  const shown = items.slice(0, SHOWN).map(toShort).join(", ");
  return items.length <= SHOWN ? shown : `${shown} and ${items.length - SHOWN} more`;
}

function toShort(text: string): string {
  return text.length <= LONGEST ? text : `${text.slice(0, LONGEST)}…`;
}

/** The largest unit that needs no fraction. */
function inUnits(value: number | null, units: readonly (readonly [unit: string, size: number])[]): string {
  if (value === null) return "off";
  for (const [unit, size] of units) if (value >= size && value % size === 0) return `${value / size}${unit}`;
  return `${value}${units.at(-1)?.[0] ?? ""}`;
}
