// Which field names have an index of their own, and which carry secrets. @hot

import { hashFolded, isSameName } from "../../http/index.ts";
import { STATIC_LENGTH, STATIC_TABLE } from "./static-table.ts";

/** What a name is in a header block. */
export interface NameCode {
  /** As HTTP/2 spells it: in lower case (RFC 9113 8.2). */
  readonly lower: string;
  /** In the static table, 0 for none; the first when it stands there with several values. */
  readonly index: number;
  /** The last line of the static table with this name, if these have values; otherwise 0. */
  readonly lastIndex: number;
  /** Its values are credentials: no hop may keep them in a table, or their bytes could be guessed piece by piece (RFC 7541 7.1.3). */
  readonly isSecret: boolean;
}

/** In lower case. What came as never indexed is secret as well, whatever its name. */
export const SECRET_NAMES: readonly string[] = [
  "authorization",
  "cookie",
  "set-cookie",
  "proxy-authorization",
  "x-api-key",
  "x-internal-token",
];
/** Names that the gateway's own lines have are few and constant. More than that are not kept. */
const MAX_CODES = 1024;
const SLOTS = 256;

/** By the spelling that callers use. */
const codes = new Map<string, NameCode>();
/** By folded hash, for names that stand in a received text; a name goes into the next slot that is free. */
const slots: (NameCode | null)[] = new Array<NameCode | null>(SLOTS).fill(null);
const hashes = new Int32Array(SLOTS);

for (let index = 1; index <= STATIC_LENGTH; index++) define(STATIC_TABLE[index]!.name, index);
for (let i = 0; i < SECRET_NAMES.length; i++) define(SECRET_NAMES[i]!, 0);

function define(lower: string, index: number): void {
  if (codes.has(lower)) return;
  let lastIndex = 0;
  for (let i = index; i <= STATIC_LENGTH && i > 0 && STATIC_TABLE[i]!.name === lower && STATIC_TABLE[i]!.value !== ""; i++) lastIndex = i;
  const code = Object.freeze({ lower, index, lastIndex, isSecret: SECRET_NAMES.includes(lower) });
  codes.set(lower, code);
  const hash = hashFolded(lower, 0, lower.length);
  let slot = slotOf(hash);
  while (slots[slot] !== null) slot = (slot + 1) % SLOTS;
  slots[slot] = code;
  hashes[slot] = hash;
}

/** The code of a name in any spelling of its letters. */
export function codeOf(name: string): NameCode {
  return codes.get(name) ?? learn(name);
}

/** The code of the name `text[from, to)`, whose folded hash is `hash`; null when nothing is known of it. */
export function findCode(hash: number, text: string, from: number, to: number): NameCode | null {
  for (let slot = slotOf(hash); slots[slot] !== null; slot = (slot + 1) % SLOTS) {
    if (hashes[slot] === hash && isSameName(text, from, to, slots[slot]!.lower)) return slots[slot]!;
  }
  return null;
}

/** `lower` is in lower case. */
export function isSecretName(lower: string): boolean {
  const code = codes.get(lower);
  return code?.isSecret === true;
}

function learn(name: string): NameCode {
  const lower = name.toLowerCase();
  const code = codes.get(lower) ?? Object.freeze({ lower, index: 0, lastIndex: 0, isSecret: false });
  if (codes.size < MAX_CODES) codes.set(name, code);
  return code;
}

function slotOf(hash: number): number {
  return (hash ^ (hash >>> 15)) & (SLOTS - 1);
}
