// Why a text is not YAML, in words a user can mend it by. The reader (source.ts) stops at the first offence and says little of it; only
// when there is one, a second library, several times slower and a better teacher, reads the text again.

import { createRequire } from "node:module";

// Loaded when it is needed, which in a text without mistakes it is not: it takes a tenth of the time that a start takes.
const require = createRequire(import.meta.url);

export interface YamlMistake {
  readonly offset: number;
  readonly width: number;
  readonly message: string;
  readonly hint: string | undefined;
}

const BARE_IPV6 = /(^|[\s,{:])\[[0-9A-Fa-f:.]*:[0-9A-Fa-f:.]*\]/;

/** Every mistake that can be told apart; `offset` and `reason` are the reader's own finding, for when the other sees none. */
export function diagnoseYaml(text: string, offset: number, reason: string): YamlMistake[] {
  const found = readErrors(text);
  if (found.length === 0) return [{ offset, width: 1, message: reason, hint: toHint("", reason, lineAt(text, offset)) }];
  const mistakes: YamlMistake[] = [];
  for (const { code, message, pos } of found) {
    // One open quote or bracket is a mistake of everything around it as well; the first word about a place is the true one.
    if (mistakes.at(-1)?.offset === pos[0]) continue;
    mistakes.push({ offset: pos[0], width: Math.max(1, pos[1] - pos[0]), message, hint: toHint(code, message, lineAt(text, pos[0])) });
  }
  return mistakes;
}

function readErrors(text: string): readonly { readonly code: string; readonly message: string; readonly pos: readonly [number, number] }[] {
  const { parseDocument } = require("yaml") as typeof import("yaml");
  try {
    const document = parseDocument(text, { version: "1.2", schema: "core", prettyErrors: false, logLevel: "silent", uniqueKeys: false });
    return document.errors;
  } catch {
    // It promises errors as data; a stack overflow on absurd nesting is the known exception.
    return [];
  }
}

function lineAt(text: string, offset: number): string {
  const start = offset === 0 ? 0 : text.lastIndexOf("\n", offset - 1) + 1;
  const end = text.indexOf("\n", start);
  return text.slice(start, end === -1 ? text.length : end);
}

function toHint(code: string, message: string, line: string): string | undefined {
  if (code === "TAB_AS_INDENT" || /^\s*\t/.test(line)) return "indent with spaces, never with tabs";
  if (BARE_IPV6.test(line)) return 'a value that begins with `[` is a list; quote the address: "[::1]:8080"';
  if (message.startsWith("Missing closing") && message.includes("quote")) return "a quote that opens further up is never closed";
  if (message.includes("same column") || code === "BLOCK_AS_IMPLICIT_KEY") return "keys of one map start in the same column";
  return undefined;
}
