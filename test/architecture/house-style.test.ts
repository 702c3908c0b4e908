// Rules of the house that formatter and linter do not know: names, sizes, opening comments, escapes from the type system, the lock file.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { blankOut, isCompanion, lineOf, listFiles, listSourceFiles, ROOT } from "./source-files.ts";

const MAX_LINES = 500;
// A file that is longer stands here with the reason why it is one idea all the same.
const LONG_FILES: Readonly<Record<string, string>> = {};

const SAYS_NOTHING = /(^|\/)(utils?|helpers?|common|misc|types|managers?)(\.|\/)/;
const KEBAB_CASE = /^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/;

const FORBIDDEN: readonly { readonly pattern: RegExp; readonly instead: string }[] = [
  { pattern: /@ts-(ignore|expect-error|nocheck)|biome-ignore-all|eslint-disable/g, instead: "say in types what is true" },
  { pattern: /\b(TODO|FIXME|XXX)\b/g, instead: "file an issue, or do it" },
];
const FORBIDDEN_CODE: readonly { readonly pattern: RegExp; readonly instead: string }[] = [
  { pattern: /\bconsole\.\w+/g, instead: "the log sink; people are told things by cli/ alone" },
  { pattern: /\b(?:it|test|describe)\.only\(/g, instead: "run one file with npm test -- PATH" },
];
const USING = /^\s*(?:await\s+)?using\s+\w+\s*=/gm;

const files = listSourceFiles("src");
const all = [
  ...files,
  ...listSourceFiles("test"),
  ...listSourceFiles("bench"),
  ...listSourceFiles("examples"),
  ...listSourceFiles("scripts"),
];

describe("source files", () => {
  it("are found", () => assert.ok(files.length > 30));

  it("bear names that say what is in them, in kebab case", () => {
    const wrong = all.filter(({ path }) => SAYS_NOTHING.test(path) || path.split("/").some((part) => !KEBAB_CASE.test(part)));
    assert.deepEqual(
      wrong.map(({ path }) => path),
      [],
      "name a file for its one idea",
    );
  });

  it("open with a comment that says what the file is, but for doors and tests", () => {
    // A door is its list of exports, and the room's sentence stands in ARCHITECTURE.md; a test's titles say what it is about.
    const wrong = all.filter(({ path, text }) => !/(\/index|\.test)\.ts$/.test(path) && !/^(#![^\n]*\n)?(\/\/|\/\*)/.test(text));
    assert.deepEqual(
      wrong.map(({ path }) => path),
      [],
      "begin with what it is, what it is not, and the specification it follows",
    );
  });

  it(`have at most ${MAX_LINES} lines`, () => {
    const wrong = all.filter(
      ({ path, text }) => text.split("\n").length > MAX_LINES + 1 && LONG_FILES[path] === undefined && !isTable(path),
    );
    assert.deepEqual(
      wrong.map(({ path, text }) => `${path} (${text.split("\n").length - 1})`),
      [],
      "split it by ideas, or give the reason in LONG_FILES",
    );
    for (const path of Object.keys(LONG_FILES))
      assert.ok(
        all.some((file) => file.path === path),
        `${path} is gone: take it out of LONG_FILES`,
      );
  });

  it("do not get around the type checker, the issue tracker or the log", () => {
    const found: string[] = [];
    for (const { path, text } of files) {
      for (const { pattern, instead } of FORBIDDEN) found.push(...listMatches(path, text, pattern, instead));
      if (path.startsWith("src/cli/") || path.endsWith(".bench.ts")) continue;
      const code = blankOut(text, ["comment", "string", "regex"]);
      for (const { pattern, instead } of FORBIDDEN_CODE) found.push(...listMatches(path, code, pattern, instead));
      // Tests run on the runtimes that are pinned; what ships must load on the oldest that is taken.
      if (!isCompanion(path)) found.push(...listMatches(path, code, USING, "try and finally: Node 22 does not know the word"));
    }
    assert.deepEqual(found, []);
  });

  it("give a reason with every skipped test", () => {
    const found = all
      .filter(({ path }) => isCompanion(path))
      .flatMap(({ path, text }) =>
        listMatches(
          path,
          blankOut(text, ["comment"]),
          /\bskip:\s*true\b|\b(?:it|test|describe)\.skip\(/g,
          "skip: a sentence that says why",
        ),
      );
    assert.deepEqual(
      found.filter((line) => !line.startsWith("test/architecture/")),
      [],
    );
  });
});

describe("the project's files", () => {
  it("lock packages by version and digest, without a registry's address", () => {
    const lock = readFileSync(join(ROOT, "package-lock.json"), "utf8");
    assert.ok(!lock.includes('"resolved"'), "npm install with the project's .npmrc writes none");
    assert.ok(!/https?:\/\/[^"]*(npmjs|registry|mirror)/.test(lock));
  });

  it("name no path of the machine that they were written on", () => {
    const found = ["src", "test", "bench", "examples", "scripts", "bin", "docs"].flatMap(listFiles).filter((path) => {
      if (path.startsWith("test/architecture/") || !/\.(ts|mjs|md|sh|yaml|json)$/.test(path)) return false;
      return /\/(work|home|Users)\/[a-z]+\//.test(readFileSync(join(ROOT, path), "utf8"));
    });
    assert.deepEqual(found, []);
  });
});

// Tables of cases grow with what is known of attacks, not with complexity.
function isTable(path: string): boolean {
  return path.startsWith("test/conformance/") || /\.test\.ts$/.test(path);
}

function listMatches(path: string, text: string, pattern: RegExp, instead: string): string[] {
  return [...text.matchAll(pattern)].map((match) => `${path}:${lineOf(text, match.index)} "${match[0].trim()}": ${instead}`);
}
