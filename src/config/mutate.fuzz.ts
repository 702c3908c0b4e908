// Damages a configuration as people and editors do. load.test.ts runs a short dose of it; run as a program, this file goes on for a
// minute (`FUZZ_SECONDS`) and prints the first text that throws.

import { readFileSync } from "node:fs";
import { parseConfig } from "./index.ts";

export const PIECES = [
  ...[": ", "- ", "[", "]", "{", "}", '"', "'", "\n", "\t", "  ", "#", ",", "|\n", "? "],
  ...["&a ", "*a", "!x ", "<<: ", "---\n", "%YAML 1.1\n", "__proto__: ", "constructor", "\u0000", "\ud800", "\u2028"],
  ...["off", "null", "~", "true", "-1", "0", "1e999", ".nan", "10s"],
  ...["auth: [x]", "redirect: {}", "https://x", "h2", "auto", "{}", "[]", "{ a: 1 }", "[a]", "x", `\${env:X}`],
];

/** `text` after each edit: what kind, where, and with which piece. */
export function mutate(text: string, edits: readonly (readonly [kind: number, place: number, piece: number])[]): string {
  let result = text;
  for (const [kind, place, pick] of edits) {
    const at = place % (result.length + 1);
    const piece = PIECES[pick % PIECES.length] ?? "";
    const length = (pick % 40) + 1;
    if (kind % 5 === 0) result = result.slice(0, at) + piece + result.slice(at);
    else if (kind % 5 === 1) result = result.slice(0, at) + result.slice(at + length);
    else if (kind % 5 === 2) result = result.slice(0, at) + piece + result.slice(at + piece.length);
    else if (kind % 5 === 3) result = result.slice(0, at) + result.slice(at, at + length) + result.slice(at);
    else result = replaceScalar(result, at, piece);
  }
  return result;
}

/** Puts `piece` where the next value after `at` stands. */
function replaceScalar(text: string, at: number, piece: string): string {
  const colon = text.indexOf(": ", at);
  if (colon === -1) return text;
  const rest = text.slice(colon + 2);
  return text.slice(0, colon + 2) + piece + rest.slice(rest.search(/[\n,}\]]|$/));
}

if (import.meta.main) {
  const original = readFileSync(new URL("./testdata/full.in.txt", import.meta.url), "utf8");
  const { FUZZ_SECONDS } = process.env;
  const end = performance.now() + Number(FUZZ_SECONDS ?? 60) * 1000;
  let runs = 0;
  let good = 0;
  const random = () => Math.floor(Math.random() * 2 ** 31);
  while (performance.now() < end) {
    const text = mutate(
      original,
      Array.from({ length: 1 + (runs % 4) }, () => [random(), random(), random()] as const),
    );
    try {
      if (parseConfig(text, "f.yaml").config !== null) good++;
    } catch (error) {
      process.stdout.write(`${JSON.stringify(text)}\n`);
      throw error;
    }
    runs++;
  }
  process.stdout.write(`${runs} configurations, ${good} of them good, none threw\n`);
}
