import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { setTimeout } from "node:timers/promises";
import { loadInChild } from "./load-in-child.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-load-"));
after(() => rmSync(folder, { recursive: true }));

describe("loading in a process of its own", () => {
  it("says how the process ended that something else killed, and not that it took long", async () => {
    const file = join(folder, "gateway.mjs");
    writeFileSync(file, 'process.kill(process.pid, "SIGKILL");\nexport default {};\n');
    const outcome = await loadInChild(file);
    assert.deepEqual(outcome, {
      revision: null,
      issues: [],
      messages: ["the configuration was not loaded: its process ended with SIGKILL"],
      files: [],
    });
  });

  it("leaves no process behind, also when the configuration holds on to something", async () => {
    const file = join(folder, "holding.mjs");
    const told = join(folder, "pid");
    const hold = `import { writeFileSync } from "node:fs";
writeFileSync(${JSON.stringify(told)}, String(process.pid));
setInterval(() => {}, 1000);
export default { version: 1, listeners: [], routes: [] };
`;
    writeFileSync(file, hold);
    await loadInChild(file);
    const pid = Number(readFileSync(told, "utf8"));
    for (let tries = 0; isAlive(pid); tries++) {
      assert.ok(tries < 500, "the loader is still there");
      await setTimeout(10);
    }
  });
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
