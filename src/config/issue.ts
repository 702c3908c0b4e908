// An issue: one mistake in a configuration, as a value with its place and its cure. Never thrown.
// The table of codes is permanent; each becomes a page in docs/reference/issues.md.

/** What each code stands for, in the words of its page. */
export const ISSUE_CODES = {
  SP_CONFIG_FILE_UNREADABLE: "The file is missing, is a directory, or may not be read.",
  SP_CONFIG_FILE_TOO_LARGE: "The file is larger than any configuration needs to be.",
  SP_CONFIG_YAML_SYNTAX: "The text is not YAML 1.2.",
  SP_CONFIG_YAML_ALIASES: "Aliases form a circle, or expand to more than a configuration needs.",
  SP_CONFIG_YAML_DEPTH: "Maps and lists are nested deeper than any configuration needs.",
  SP_CONFIG_YAML_MERGE_KEY: "The key `<<` merges maps in YAML 1.1; YAML 1.2 has no such thing.",
  SP_CONFIG_DUPLICATE_KEY: "A key stands twice in one map.",
  SP_CONFIG_UNKNOWN_KEY: "A key that means nothing here.",
  SP_CONFIG_MISSING_KEY: "A key that must be written is not.",
  SP_CONFIG_WRONG_TYPE: "A value of another type than the key takes.",
  SP_CONFIG_BAD_VALUE: "A value outside what the key takes.",
  SP_CONFIG_BAD_DURATION: "A time that is not a whole number with a unit.",
  SP_CONFIG_BAD_SIZE: "A size or rate that is not a whole number with a unit.",
  SP_CONFIG_BAD_ADDRESS: "An address, URL or CIDR block that is not in its one strict form.",
  SP_CONFIG_BAD_PATTERN: "A host or path pattern that is not in its one strict form.",
  SP_CONFIG_BAD_NAME: "A name that could not stand in logs and metrics as it is.",
  SP_CONFIG_BAD_HEADER: "A header field name or value that RFC 9110 does not allow.",
  SP_CONFIG_HEADER_REFUSED: "A header field that the gateway keeps for itself.",
  SP_CONFIG_HEADER_CONFLICT: "One header field is edited twice in ways that contradict each other.",
  SP_CONFIG_UNKNOWN_REFERENCE: "A name that nothing in the configuration bears.",
  SP_CONFIG_DUPLICATE_NAME: "Two things of one kind bear the same name.",
  SP_CONFIG_DUPLICATE_ADDRESS: "Two listeners, or a listener and admin, want the same address.",
  SP_CONFIG_DUPLICATE_ENTRY: "A list says the same thing twice.",
  SP_CONFIG_NO_ACCESS: "A route says neither `public: true` nor who may use it.",
  SP_CONFIG_REWRITE_MISMATCH: "A prefix to strip that the route's path does not begin with.",
  SP_CONFIG_NOT_BUILT: "A part of the language that this version does not do yet.",
} as const;

export type IssueCode = keyof typeof ISSUE_CODES;

/** Keys and list indices from the root to the value; empty for the root. */
export type IssuePath = readonly (string | number)[];

export interface Issue {
  readonly code: IssueCode;
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
  if (typeof value === "string" && /^(?:true|false|null|[0-9.]+)$/.test(value)) return `\`"${value}"\` (text)`;
  if (typeof value === "string") return value === "" ? "an empty string" : `\`${cutShort(maskCredentials(value))}\``;
  return `\`${String(value)}\` (${typeof value})`;
}

function cutShort(text: string): string {
  const line = text.replaceAll(/\p{Cc}/gu, " ");
  return line.length <= MAX_SHOWN ? line : `${line.slice(0, MAX_SHOWN)}…`;
}

/** The same text with a URL's user and password starred out, unit for unit, so that columns stay true. */
export function maskCredentials(text: string): string {
  return text.replaceAll(/(:\/\/)([^\s@/"']+)(?=@)/g, (_, start: string, secret: string) => start + "*".repeat(secret.length));
}
