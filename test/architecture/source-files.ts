// The project's source files as the architecture tests see them: path, text, and the text with comments and literals blanked out.
// Not a parser of TypeScript: just enough of its lexical grammar to tell code from comments, strings and regular expressions.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, sep } from "node:path";
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../..", import.meta.url));

export interface SourceFile {
  /** From the root of the project, with `/`. */
  readonly path: string;
  readonly text: string;
}

// What stands beside the code and does not ship: it may reach further than the code it is about.
const COMPANION = /\.(test|fuzz|bench|contract|e2e|soak)\.ts$/;

export function isCompanion(path: string): boolean {
  return COMPANION.test(path);
}

/** Every TypeScript file below `folder`, by path. */
export function listSourceFiles(folder: string): SourceFile[] {
  return listFiles(folder)
    .filter((path) => path.endsWith(".ts"))
    .map((path) => ({ path, text: readFileSync(join(ROOT, path), "utf8") }));
}

// Packages, and what examples keep while they run: not the project's own.
const FOREIGN = /(?:^|\/)(?:node_modules|state)\//;

/** Every file below `folder`, by its path from the root; none when the folder is not there. */
export function listFiles(folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join("/");
    if (!FOREIGN.test(path)) found.push(path);
  }
  return found.sort();
}

export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

export type BlankedPart = "comment" | "string" | "regex";

interface Token {
  readonly kind: BlankedPart;
  readonly from: number;
  readonly to: number;
}

/** The text with the named parts turned into spaces, line for line and column for column the same. */
export function blankOut(text: string, parts: readonly BlankedPart[]): string {
  let blanked = "";
  let at = 0;
  for (const { kind, from, to } of listTokens(text)) {
    if (!parts.includes(kind)) continue;
    blanked += text.slice(at, from) + text.slice(from, to).replace(/[^\n]/g, " ");
    at = to;
  }
  return blanked + text.slice(at);
}

/** Positions of regular-expression literals. */
export function listRegexLiterals(text: string): number[] {
  return listTokens(text)
    .filter(({ kind }) => kind === "regex")
    .map(({ from }) => from);
}

const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const STRING = /"(?:[^"\\\n]|\\[\s\S])*"|'(?:[^'\\\n]|\\[\s\S])*'/y;
const REGEX = /\/(?![*/])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[dgimsuvy]*/y;
// A template's text from its backtick or from the end of a hole, up to the next hole or the closing backtick.
const TEMPLATE_TEXT = /[`}](?:[^`\\$]|\\[\s\S]|\$(?!\{))*(?:`|\$\{)/y;
// After these a slash begins a regular expression; after anything else it divides.
const BEFORE_REGEX = /(?:^|[=(,:;[!&|?{}+]|\breturn|\bcase)\s*$/;

/** Comments, strings (what stands in a template's holes is code) and regular expressions, in order. */
function listTokens(text: string): Token[] {
  const tokens: Token[] = [];
  // For each template that is open: how many braces are open in its hole.
  const holes: number[] = [];
  let at = 0;
  function take(kind: BlankedPart, pattern: RegExp): boolean {
    pattern.lastIndex = at;
    const match = pattern.exec(text);
    if (match === null) return false;
    tokens.push({ kind, from: at, to: at + match[0].length });
    at += match[0].length;
    return true;
  }
  while (at < text.length) {
    const character = text[at];
    if (character === "/") {
      if (take("comment", COMMENT)) continue;
      if (BEFORE_REGEX.test(text.slice(Math.max(0, at - 20), at)) && take("regex", REGEX)) continue;
    } else if (character === '"' || character === "'") {
      if (take("string", STRING)) continue;
    } else if (character === "`" || (character === "}" && holes.at(-1) === 0)) {
      if (character === "}") holes.pop();
      if (take("string", TEMPLATE_TEXT)) {
        if (text[at - 1] === "{") holes.push(0);
        continue;
      }
    } else if (holes.length > 0 && (character === "{" || character === "}")) {
      holes.push((holes.pop() ?? 0) + (character === "{" ? 1 : -1));
    }
    at++;
  }
  return tokens;
}
