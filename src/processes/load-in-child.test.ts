import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
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
});
