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

/** Every file below `folder`, by its path from the root; none when the folder is not there. */
export function listFiles(folder: string): string[] {
  const found: string[] = [];
  for (const entry of readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    const path = relative(ROOT, join(entry.parentPath, entry.name)).split(sep).join("/");
    if (!path.includes("node_modules/")) found.push(path);
  }
  return found.sort();
}

export function lineOf(text: string, offset: number): number {
  return text.slice(0, offset).split("\n").length;
}

// In this order at each position: comments, strings, templates (without those nested in their holes), regular expressions.
const TOKENS =
  /(?<comment>\/\/[^\n]*|\/\*[\s\S]*?\*\/)|(?<string>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?<template>`(?:[^`\\]|\\[\s\S])*`)|(?<=(?:^|[=(,:;[!&|?{}+]|=>|\breturn)\s*)(?<regex>\/(?![*/])(?:[^/\\\n[]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[dgimsuvy]*)/g;

export type BlankedPart = "comment" | "string" | "regex";

/** The text with the named parts turned into spaces, line for line and column for column the same. */
export function blankOut(text: string, parts: readonly BlankedPart[]): string {
  return text.replace(TOKENS, (token: string, ...rest: unknown[]) => {
    const groups = rest.at(-1) as Record<string, string | undefined>;
    if (groups["comment"] !== undefined) return parts.includes("comment") ? spaces(token) : token;
    if (groups["regex"] !== undefined) return parts.includes("regex") ? spaces(token) : token;
    if (!parts.includes("string")) return token;
    // What stands in a template's holes is code.
    return groups["template"] === undefined ? spaces(token) : token.replace(/(^|\})[^{}]*?(\$\{|$)/g, spaces);
  });
}

/** Positions of regular-expression literals. */
export function listRegexLiterals(text: string): number[] {
  return [...text.matchAll(TOKENS)].filter((match) => match.groups?.["regex"] !== undefined).map((match) => match.index);
}

function spaces(token: string): string {
  return token.replace(/[^\n]/g, " ");
}
