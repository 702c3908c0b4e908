// docs/guides/command-line.md shows files, commands and what these print. The real command, run on these files, must print just that.
// `GOLDEN=write` writes it. Ids of requests, generations and the time are the only things that may differ.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { COMMANDS } from "../../src/cli/commands.ts";
import { RUNTIME } from "./processes.ts";

const { GOLDEN } = process.env;
const GUIDE = new URL("../../docs/guides/command-line.md", import.meta.url);
const LAUNCHER = fileURLToPath(new URL("../../bin/sallyport.mjs", import.meta.url));
const FILE = /^```yaml (\S+)\n(.*?)^```$/gms;
const EXAMPLE = /^```console\n\$ (sallyport [^\n]+)\n(.*?)^```$/gms;
const ENV = { PATH: process.env["PATH"] ?? "", SALLYPORT_RUNTIME: RUNTIME, ORDERS_KEY: "hunter2" };

const folder = mkdtempSync(join(tmpdir(), "sallyport-guide-"));
after(() => rmSync(folder, { recursive: true }));

const text = readFileSync(GUIDE, "utf8");
for (const [, name = "", content = ""] of text.matchAll(FILE)) writeFileSync(join(folder, name), content);

interface Ran {
  readonly printed: string;
  readonly exitCode: number | null;
}

function run(command: string, input = ""): Ran {
  const { stdout, stderr, status } = spawnSync(process.execPath, [LAUNCHER, ...split(command)], {
    cwd: folder,
    env: ENV,
    input,
    encoding: "utf8",
  });
  return { printed: `${stdout}${stderr}`, exitCode: status };
}

/** Words as a shell takes them, where only single quotes stand. */
function split(command: string): string[] {
  return [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? "").slice(1);
}

/** As the guide shows it: ids and dates are one and the same, and a code that is not 0 stands below. */
function toShown({ printed, exitCode }: Ran): string {
  const steady = printed
    .replaceAll(/[0-9a-f]{16}(?=-\d\d)/g, "6f1d0c2b9a8e7d35")
    .replaceAll(/generation [0-9a-f]{16}/g, "generation 3f2a9c417be0d586")
    .replaceAll(/\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT/g, "Tue, 24 Nov 2026 12:00:00 GMT");
  return `${steady.trimEnd()}\n${exitCode === 0 ? "" : `# exit code ${exitCode}\n`}`;
}

if (GOLDEN === "write") {
  writeFileSync(
    GUIDE,
    text.replaceAll(EXAMPLE, (_, command: string) => `\`\`\`console\n$ ${command}\n${toShown(run(command))}\`\`\``),
  );
}

const examples = [...readFileSync(GUIDE, "utf8").matchAll(EXAMPLE)].map(([, command = "", shown = ""]) => ({ command, shown }));

describe(`the guide to the command line, on ${RUNTIME}`, () => {
  it("shows a run of each command that prints what a file does", () => {
    for (const name of ["check", "explain", "routes", "diff", "test"]) {
      assert.ok(
        examples.some(({ command }) => command.startsWith(`sallyport ${name} `)),
        name,
      );
    }
    for (const { name } of COMMANDS) assert.ok(text.includes(`sallyport ${name}`) || name === "version", name);
  });

  for (const { command, shown } of examples) {
    it(`shows what is printed: ${command}`, () => assert.equal(toShown(run(command)), shown));
  }

  it("closes the gate for a change that comes through a pipe", () => {
    const old = readFileSync(join(folder, "gateway.yaml"), "utf8");
    assert.equal(run("sallyport diff - next.yaml --deny loosens", old).exitCode, 5);
    assert.equal(run("sallyport diff - gateway.yaml --deny any", old).exitCode, 0);
  });

  it("prints no secret", () => {
    for (const { shown } of examples) assert.ok(!shown.includes("hunter2"));
    assert.ok(!run("sallyport explain GET /orders/1 --from 10.1.2.3 --json").printed.includes("hunter2"));
  });
});
