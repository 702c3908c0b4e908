// docs/guides/simulating-limits.md shows a configuration, a log and what the command finds in it. The command must find just that.
// `GOLDEN=write` writes it.

import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, it } from "node:test";
import { main } from "../../src/cli/index.ts";
import { createTerminal } from "../../src/cli/terminal.ts";
import { ROOT } from "./source-files.ts";

const GUIDE = join(ROOT, "docs/guides/simulating-limits.md");
const FILE = /^```(?:yaml|jsonl) (\S+)\n(.*?)^```$/gms;
const EXAMPLE = /^```console\n\$ sallyport ([^\n]+)\n(.*?)^```$/gms;

const folder = mkdtempSync(join(tmpdir(), "sallyport-guide-"));
after(() => rmSync(folder, { recursive: true }));

async function run(command: string): Promise<string> {
  let printed = "";
  const stream = {
    write(text: string) {
      printed += text;
    },
  };
  const words = command.split(" ").map((word) => (/^[\w-]+\.\w+$/.test(word) ? join(folder, word) : word));
  assert.equal(await main(words, createTerminal(stream, stream, {})), 0);
  return printed.replaceAll(`${folder}/`, "");
}

it("the guide to simulating limits shows what the command prints", async () => {
  const text = readFileSync(GUIDE, "utf8");
  for (const [, name = "", content = ""] of text.matchAll(FILE)) writeFileSync(join(folder, name), content);
  const examples = [...text.matchAll(EXAMPLE)];
  assert.ok(examples.length > 0);
  let written = text;
  for (const [whole, command = "", shown = ""] of examples) {
    const printed = await run(command);
    if (process.env["GOLDEN"] === "write")
      written = written.replace(whole, () => `\`\`\`console\n$ sallyport ${command}\n${printed}\`\`\``);
    else assert.equal(printed, shown);
  }
  if (written !== text) writeFileSync(GUIDE, written);
});
