// Durations, sizes and rates: whole numbers that carry their unit. Zero is refused everywhere: what is off is written `off`.

import { Refusal } from "./refusal.ts";

// Maps, not objects: `constructor` is no unit.
const DURATION_UNITS = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
]);
const SIZE_UNITS = new Map([
  ["B", 1],
  ["KiB", 1024],
  ["MiB", 1024 ** 2],
  ["GiB", 1024 ** 3],
]);
const QUANTITY = /^([0-9]{1,15})([A-Za-z]*)$/;
const SLOPPY = /^([0-9.]+)\s*([A-Za-z]*)(?:\/s)?$/;

/** What users write for the same unit elsewhere, in lower case. */
const FOREIGN_UNITS = new Map([
  ...["sec", "secs", "second", "seconds"].map((word) => [word, "s"] as const),
  ...["min", "mins", "minute", "minutes"].map((word) => [word, "m"] as const),
  ...["hour", "hours"].map((word) => [word, "h"] as const),
  ...["day", "days"].map((word) => [word, "d"] as const),
  ["b", "B"],
  ...["k", "kb", "kib"].map((word) => [word, "KiB"] as const),
  ...["mb", "mib"].map((word) => [word, "MiB"] as const),
  ...["g", "gb", "gib"].map((word) => [word, "GiB"] as const),
]);

export interface QuantityForm {
  /** Stands in messages: `10s`. */
  readonly example: string;
  /** Whether `off` may be written; it parses to null. */
  readonly off: boolean;
  /** The most that may be written: `1h`. */
  readonly max: string;
}

type Parsed<Form extends QuantityForm> = Form["off"] extends false ? number : number | null;
type Kind = "duration" | "size" | "rate";

/** `250ms`, `10s`, `5m`, `1h`, `1d` to milliseconds; `off` to null where the form allows it. */
export function parseDuration<Form extends QuantityForm>(text: string, form: Form): Parsed<Form> | Refusal {
  return parseQuantity(text, form, "duration");
}

/** `512B`, `8KiB`, `10MiB`, `1GiB` to bytes; `off` to null where the form allows it. */
export function parseSize<Form extends QuantityForm>(text: string, form: Form): Parsed<Form> | Refusal {
  return parseQuantity(text, form, "size");
}

/** `256B/s` to bytes a second; `off` to null where the form allows it. */
export function parseRate<Form extends QuantityForm>(text: string, form: Form): Parsed<Form> | Refusal {
  return parseQuantity(text, form, "rate");
}

/** The words that end "… must be" for a quantity of this form. */
export function toQuantityExpectation(form: QuantityForm, kind: Kind): string {
  return `a ${kind} with its unit, such as \`${form.example}\`${form.off ? ", or `off`" : ""}`;
}

function parseQuantity<Form extends QuantityForm>(text: string, form: Form, kind: Kind): Parsed<Form> | Refusal {
  if (text === "off" && form.off) return null as Parsed<Form>;
  const value = toNumber(text, kind);
  if (value === undefined) return refuse(form, kind, toUnitHint(text, kind));
  if (value === 0) return refuse(form, kind, form.off ? "zero never means off: write `off`" : "it can't be zero");
  if (value > (toNumber(form.max, kind) ?? 0)) return refuse(form, kind, `the most is \`${form.max}\``);
  return value as Parsed<Form>;
}

function toNumber(text: string, kind: Kind): number | undefined {
  if (kind === "rate" && !text.endsWith("/s")) return undefined;
  const found = QUANTITY.exec(kind === "rate" ? text.slice(0, -2) : text);
  const unit = toUnits(kind).get(found?.[2] ?? "");
  return found === null || unit === undefined ? undefined : Number(found[1]) * unit;
}

function toUnits(kind: Kind): ReadonlyMap<string, number> {
  return kind === "duration" ? DURATION_UNITS : SIZE_UNITS;
}

function refuse(form: QuantityForm, kind: Kind, hint: string | undefined): Refusal {
  const code = kind === "duration" ? "SP_CONFIG_BAD_DURATION" : "SP_CONFIG_BAD_SIZE";
  return new Refusal(code, toQuantityExpectation(form, kind), hint);
}

/** How to write what was probably meant. */
function toUnitHint(text: string, kind: Kind): string | undefined {
  const units = toUnits(kind);
  const tail = kind === "rate" ? "/s" : "";
  const found = SLOPPY.exec(text);
  if (found === null) return text === "off" ? "this can't be switched off" : undefined;
  const [, amount = "", written = ""] = found;
  if (written === "")
    return kind === "duration" ? `\`${amount}s\` or \`${amount}ms\`?` : `\`${amount}B${tail}\` or \`${amount}KiB${tail}\`?`;
  const unit = [written, written.toLowerCase(), FOREIGN_UNITS.get(written.toLowerCase()) ?? ""].find((word) => units.has(word));
  if (unit === undefined) return `the units are ${[...units.keys()].join(", ")}`;
  if (amount.includes(".")) return `whole numbers only: choose a smaller unit than \`${unit}\``;
  return `write \`${amount}${unit}${tail}\``;
}
