// docs/guides/mistakes.md shows files and what is said to them: the second must be what the first brings about.
// `GOLDEN=write` writes it.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { describe, it } from "node:test";
import { formatIssues, parseConfig, systemConfigHost } from "./index.ts";

const { GOLDEN } = process.env;
const GUIDE = new URL("../../docs/guides/mistakes.md", import.meta.url);
const EXAMPLE = /(## \d+\. ([^\n]+)\n[^#]*?```yaml\n)(.*?)(```\n\n```text\n)(.*?)```/gs;

/** No variable is set, whatever the shell of the test has. */
const HOST = { ...systemConfigHost(), env: {} };

function judge(text: string): string {
  const { issues } = parseConfig(text, "gateway.yaml", HOST);
  return formatIssues(issues, { colour: false });
}

if (GOLDEN === "write") {
  const written = readFileSync(GUIDE, "utf8");
  writeFileSync(
    GUIDE,
    written.replaceAll(EXAMPLE, (_, start: string, _title, text: string, middle: string) => `${start}${text}${middle}${judge(text)}\`\`\``),
  );
}

const guide = readFileSync(GUIDE, "utf8");
const examples = [...guide.matchAll(EXAMPLE)];

describe("the guide to mistakes", () => {
  it("shows at least ten, each under its heading", () => {
    assert.ok(examples.length >= 10);
    assert.equal(examples.length, guide.match(/^## /gm)?.length);
  });

  for (const [, , title, text, , said] of examples) {
    it(`tells what is said: ${title}`, () => assert.equal(said, judge(text ?? "")));
    it(`says to each how to mend it: ${title}`, () => {
      const { issues } = parseConfig(text ?? "", "gateway.yaml", HOST);
      assert.ok(issues.length > 0);
      for (const { hint, message } of issues) assert.ok(hint !== undefined || /must be/.test(message), message);
    });
  }
});
