// From what people and programs ask for, as JSON has it, to a request that means something. Unknown members are refused: a scope that was
// misspelt would else make a key without bounds.

import { KeyRefusal } from "./key-refusal.ts";
import type { NewKey, Rotation } from "./operations.ts";

const MOST_TEXT = 200;
const MOST_NOTE = 1000;
const MOST_WORDS = 100;
/** Longer than anybody plans. */
const MOST_YEARS_MS = 100 * 366 * 86_400_000;

const UNITS: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const DURATION = /^(\d{1,9})(s|m|h|d)$/;
const DATE = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/;

type Members = Readonly<Record<string, unknown>>;

/** Throws a KeyRefusal. */
export function parseNewKey(body: unknown, nowMs: number): NewKey {
  const members = toMembers(body, ["owner", "identity", "tenant", "roles", "scopes", "plan", "expires", "note"]);
  const owner = readText(members, "owner", MOST_TEXT);
  if (owner === null) throw new KeyRefusal("invalid", "`owner` is missing: who the key belongs to");
  return {
    owner,
    identity: readText(members, "identity", MOST_TEXT),
    tenant: readText(members, "tenant", MOST_TEXT),
    roles: readWords(members, "roles"),
    scopes: readWords(members, "scopes"),
    plan: readText(members, "plan", MOST_TEXT),
    note: readText(members, "note", MOST_NOTE),
    expiresAtMs: readEnd(members, nowMs),
  };
}

/** Throws a KeyRefusal. */
export function parseRotation(body: unknown): Rotation {
  const members = toMembers(body, ["overlap"]);
  const { overlap } = members;
  if (overlap === undefined || overlap === null) return { overlapMs: null };
  const overlapMs = typeof overlap === "string" ? readDuration(overlap) : null;
  if (overlapMs === null)
    throw new KeyRefusal("invalid", "`overlap` is a duration with its unit, such as `24h`; `0s` ends the old key at once");
  return { overlapMs };
}

function toMembers(body: unknown, known: readonly string[]): Members {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw new KeyRefusal("invalid", "a JSON object is expected");
  const unknown = Object.keys(body).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new KeyRefusal("invalid", `\`${unknown.slice(0, 40)}\` means nothing here; there are ${known.join(", ")}`);
  }
  return body as Members;
}

function readText(members: Members, name: string, most: number): string | null {
  const value = members[name];
  if (value === undefined || value === null) return null;
  if (!isText(value, most)) {
    throw new KeyRefusal("invalid", `\`${name}\` is a text of 1 to ${most} characters without control characters`);
  }
  return value;
}

/** Words: who lists them parts them by spaces or commas. */
function readWords(members: Members, name: string): readonly string[] {
  const value = members[name] ?? [];
  const isGood =
    Array.isArray(value) && value.length <= MOST_WORDS && value.every((word) => isText(word, MOST_TEXT) && !/[\s,]/.test(word));
  if (!isGood) {
    throw new KeyRefusal(
      "invalid",
      `\`${name}\` is a list of at most ${MOST_WORDS} texts of 1 to ${MOST_TEXT} characters, without spaces and commas`,
    );
  }
  return [...new Set(value as string[])];
}

function readEnd(members: Members, nowMs: number): number | null {
  const { expires } = members;
  if (expires === undefined || expires === null) return null;
  const duration = typeof expires === "string" ? readDuration(expires) : null;
  const atMs = duration !== null ? nowMs + duration : typeof expires === "string" && DATE.test(expires) ? Date.parse(expires) : Number.NaN;
  if (Number.isNaN(atMs) || atMs > nowMs + MOST_YEARS_MS) {
    throw new KeyRefusal("invalid", "`expires` is a time such as `2027-01-31` or `2027-01-31T12:00:00Z`, or a duration such as `90d`");
  }
  if (atMs <= nowMs) throw new KeyRefusal("invalid", "`expires` is in the past");
  return atMs;
}

function readDuration(text: string): number | null {
  const [, count = "", unit = ""] = DURATION.exec(text) ?? [];
  const ms = Number(count) * (UNITS[unit] ?? Number.NaN);
  return Number.isNaN(ms) || count === "" ? null : ms;
}

/** A lone surrogate is no character, and no database takes it. */
function isText(value: unknown, most: number): value is string {
  return typeof value === "string" && value.trim() !== "" && value.length <= most && !/\p{Cc}/u.test(value) && value.isWellFormed();
}
