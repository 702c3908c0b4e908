// Each configuration in testdata/ (`.in.txt`, since formatters would mend what must stay wrong) beside what comes of it:
// `.config.txt` when it is good, `.issues.txt` when something is to be said. Of a good one stands there what differs from `plain`,
// of `plain` and `full` everything.
// `GOLDEN=write` writes what comes of them now; the difference is for a person to judge.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { toCompactText, toDifference } from "./golden-text.ts";
import { formatIssues, ISSUE_CODES, parseConfig } from "./index.ts";

const { GOLDEN } = process.env;
const folder = new URL("./testdata/", import.meta.url);
const inputs = readdirSync(folder)
  .filter((name) => name.endsWith(".in.txt"))
  .sort();
const plain = load("plain.in.txt").config;

function read(name: string): string {
  return readFileSync(new URL(name, folder), "utf8");
}

/** Nothing in the expectation depends on where the checkout lies. */
function load(name: string) {
  return parseConfig(read(name), `/etc/sallyport/${name.replace(".in.txt", ".yaml")}`);
}

describe("golden configurations", () => {
  for (const input of inputs) {
    it(`${input} comes out as written beside it`, () => {
      const { config, issues } = load(input);
      const isWhole = input === "plain.in.txt" || input === "full.in.txt";
      const output = input.replace(".in.txt", issues.length > 0 ? ".issues.txt" : ".config.txt");
      const text =
        issues.length > 0 ? formatIssues(issues, { colour: false }) : toCompactText(isWhole ? config : toDifference(config, plain));
      if (GOLDEN === "write") writeFileSync(new URL(output, folder), text);
      assert.equal(text, read(output));
      assert.equal(
        config === null,
        issues.some((issue) => issue.severity === "error"),
      );
    });
  }

  it("has no expectation without its configuration", () => {
    const names = new Set(inputs.map((name) => name.replace(".in.txt", "")));
    const orphans = readdirSync(folder).filter(
      (name) => /\.(?:config|issues)\.txt$/.test(name) && !names.has(name.replace(/\.(?:config|issues)\.txt$/, "")),
    );
    assert.deepEqual(orphans, []);
  });

  it("knows every word of the language: what is not built is refused as that and nothing else", () => {
    const others = load("example.in.txt").issues.filter((issue) => !["SP_CONFIG_NOT_BUILT", "SP_CONFIG_TEAM_INCLUDE"].includes(issue.code));
    assert.deepEqual(others, []);
  });

  it("shows every code that text can bring about", () => {
    const seen = new Set(inputs.flatMap((input) => load(input).issues.map((issue) => issue.code)));
    const fromFiles = ["SP_CONFIG_FILE_UNREADABLE", "SP_CONFIG_FILE_TOO_LARGE"];
    const missing = Object.keys(ISSUE_CODES).filter((code) => !fromFiles.includes(code) && !seen.has(code as never));
    assert.deepEqual(missing, []);
  });
});
