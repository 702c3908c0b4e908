// What a file marked @hot must not contain: it runs for each request or chunk, and each of these costs an allocation, a promise or a
// slower shape there. `// hot-exception: reason, bench file` on the line or the one above it lets one through.
import * as nodeModule from "node:module";
import { blankOut, lineOf, listRegexLiterals } from "./source-files.ts";

interface Rule {
  readonly pattern: RegExp;
  readonly name: string;
  /** Whether it is harmless outside functions, where it happens once, when the module loads. */
  readonly onlyInFunctions: boolean;
}

const RULES: readonly Rule[] = [
  { pattern: /\basync\b|\bawait\b/g, name: "async or await", onlyInFunctions: false },
  { pattern: /=>/g, name: "a closure", onlyInFunctions: true },
  { pattern: /\bfunction\b/g, name: "a function made inside a function", onlyInFunctions: true },
  { pattern: /\.\.\./g, name: "spread or rest", onlyInFunctions: true },
  { pattern: /\bJSON\s*\./g, name: "JSON", onlyInFunctions: true },
  { pattern: /\bfor\s*\([^;)]*\b(?:of|in)\b/g, name: "for…of or for…in", onlyInFunctions: true },
  { pattern: /\bnew\s+(?:Map|Set|WeakMap|Date|URL|RegExp|Promise)\b/g, name: "a costly object", onlyInFunctions: true },
  { pattern: /\.bind\s*\(/g, name: "a bound function", onlyInFunctions: true },
];

export type StripTypes = (code: string) => string;

/** Absent on Bun, and on Node before 22.13. */
export const stripTypes: StripTypes | undefined = (nodeModule as unknown as { stripTypeScriptTypes?: StripTypes }).stripTypeScriptTypes;

/** Whether the file's opening comment marks it. */
export function isHot(text: string): boolean {
  const opening = /^(?:\/\/[^\n]*\n|\/\*[\s\S]*?\*\/\n?|\s*\n)*/.exec(text)?.[0] ?? "";
  return opening.includes("@hot");
}

/** Each forbidden construct of the file as `line: what`. */
export function checkHotPath(text: string, strip: StripTypes): string[] {
  const lines = text.split("\n");
  // Types look like closures: (chunk: Uint8Array) => void. Stripping leaves spaces in their place.
  const code = blankOut(strip(text), ["comment", "string", "regex"]);
  const inFunction = markFunctions(code);
  const found = RULES.flatMap((rule) =>
    [...code.matchAll(rule.pattern)]
      .filter((match) => !rule.onlyInFunctions || inFunction[match.index] === 1)
      .map((match) => ({ at: match.index, name: rule.name })),
  );
  for (const at of listRegexLiterals(blankOut(text, ["comment"]))) found.push({ at, name: "a regular expression" });
  return (
    found
      .map(({ at, name }) => ({ line: lineOf(code, at), name }))
      // Throwing is for bugs: what it costs to say which does not matter.
      .filter(({ line }) => !/\bthrow new\b/.test(lines[line - 1] ?? ""))
      .filter(({ line }) => ![lines[line - 1], lines[line - 2]].some((candidate) => candidate?.includes("hot-exception:")))
      .sort((a, b) => a.line - b.line)
      .map(({ line, name }) => `${line}: ${name}`)
  );
}

/** One byte per character of the code: 1 where a function's body runs. */
function markFunctions(code: string): Uint8Array {
  const marks = new Uint8Array(code.length);
  const blocks: boolean[] = [];
  let depth = 0;
  for (let at = 0; at < code.length; at++) {
    const character = code[at];
    if (character === "{") {
      const opens = depth > 0 || opensFunction(code, at);
      blocks.push(opens);
      if (opens) depth++;
    }
    if (depth > 0) marks[at] = 1;
    if (character === "}" && blocks.pop() === true) depth--;
  }
  return marks;
}

function opensFunction(code: string, brace: number): boolean {
  const before = code.slice(0, brace).trimEnd();
  if (before.endsWith("=>")) return true;
  if (!before.endsWith(")")) return false;
  let depth = 0;
  let at = before.length - 1;
  for (; at >= 0; at--) {
    if (before[at] === ")") depth++;
    if (before[at] === "(" && --depth === 0) break;
  }
  return !/\b(?:if|for|while|switch|catch|with)\s*$/.test(before.slice(Math.max(0, at - 12), at));
}
