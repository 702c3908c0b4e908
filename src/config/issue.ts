// An issue: one mistake in a configuration, as a value with its place and its cure. Never thrown.
// The codes stand in issue-codes.ts.

import type { IssueCode } from "./issue-codes.ts";

export { ISSUE_CODES, type IssueCode } from "./issue-codes.ts";

/** Keys and list indices from the root to the value; empty for the root. */
export type IssuePath = readonly (string | number)[];

/** Of what other rooms find in files that a configuration names. What each means stands there. */
export type OutsideCode = `SP_TLS_${string}`;

/** Such a finding before its place is known; `path` is that of the resolved configuration, but with an upstream's name for its index. */
export interface OutsideFinding {
  readonly code: OutsideCode;
  readonly severity: "error" | "warning";
  readonly path: IssuePath;
  readonly message: string;
  readonly hint: string;
}

export interface Issue {
  readonly code: IssueCode | OutsideCode;
  /** Of the code. */
  readonly severity: "error" | "warning";
  /** `routes[2].match.path`; empty for the whole file. */
  readonly path: string;
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in UTF-16 units. */
  readonly column: number;
  /** One sentence: what is wrong, what was expected, what came. */
  readonly message: string;
  /** What to write instead, when that can be told. */
  readonly hint?: string;
  /** The line of the file that the issue points into, and how many units of it. */
  readonly excerpt?: { readonly text: string; readonly width: number };
}

/** An issue before its place in a file is known; `at` says whether to point at the key or at the value. */
export interface Finding {
  readonly code: IssueCode;
  readonly path: IssuePath;
  readonly at: "key" | "value";
  readonly message: string;
  readonly hint?: string | undefined;
}

const PLAIN_KEY = /^[A-Za-z_][\w-]*$/;

/** `["routes", 2, "match"]` as `routes[2].match`; keys that are not plain words stand quoted in brackets. */
export function toPathText(path: IssuePath): string {
  let text = "";
  for (const part of path) {
    if (typeof part === "number") text += `[${part}]`;
    else if (!PLAIN_KEY.test(part)) text += `[${JSON.stringify(part)}]`;
    else text += text === "" ? part : `.${part}`;
  }
  return text;
}

const MAX_SHOWN = 60;

/** A value as it stands in a message: quoted, cut short, with its type where the type may be the mistake. */
export function toShown(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return Object.keys(value).length === 0 ? "an empty map" : "a map";
  // Text that looks like something else: the quotes are the mistake.
  if (typeof value === "string" && /^(?:true|false|null|[0-9]+(?:\.[0-9]+)?)$/.test(value)) return `\`"${value}"\` (text)`;
  if (typeof value === "string") return value === "" ? "an empty string" : `\`${cutShort(maskCredentials(value))}\``;
  return `\`${String(value)}\` (${typeof value})`;
}

function cutShort(text: string): string {
  const line = text.replaceAll(/\p{Cc}/gu, " ");
  return line.length <= MAX_SHOWN ? line : `${line.slice(0, MAX_SHOWN)}…`;
}

/** The same text with a URL's user and password starred out, and what stands behind words such as `token:`, unit for unit, so that columns stay true. */
export function maskCredentials(text: string): string {
  const star = (_: string, start: string, secret: string) => start + "*".repeat(secret.length);
  const starred = text
    .replaceAll(REDIS, star)
    .replaceAll(/(:\/\/)([^\s@/"']+)(?=@)/g, star)
    .replaceAll(SECRET, star);
  return starred.replaceAll(KEY, (key) => "*".repeat(key.length));
}

/** Passwords in these are often written with what would have to be percent-encoded. */
const REDIS = /(rediss?:\/\/)(.+)(?=@)/gs;
/** 32 bytes in hexadecimal, wherever they stand. */
const KEY = /\b[0-9a-fA-F]{64,}\b/g;
/** A reference is none, nor is a map. */
const SECRET =
  /\b((?:token|hmacKey|clientSecret|secret|password)["']?[ \t]*:[ \t]*)(?!["']?\$\{(?:env|file):|\{)("[^"]*"?|'[^']*'?|[^\s,}"']+)/g;
