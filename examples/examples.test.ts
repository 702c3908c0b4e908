// Every example's configuration passes `check`, and every file of route tests beside one passes `test`.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { formatIssues, loadConfig } from "../src/config/index.ts";
import { runRouteTests } from "../src/inspect/index.ts";

const folder = fileURLToPath(new URL(".", import.meta.url));
const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).map((name) => join(folder, name));
const tests = files.filter((file) => file.endsWith(".test.yaml"));
const gateways = files.filter((file) => /\.yaml$/.test(file) && !tests.includes(file) && /^listeners:/m.test(readFileSync(file, "utf8")));

describe("the examples", () => {
  it("are found", () => assert.ok(gateways.length >= 7 && tests.length >= 7));

  for (const file of [...gateways, join(folder, "edge-bff/mobile.ts")]) {
    it(`${file.slice(folder.length)} has nothing to mend, not even a warning`, async () => {
      const { config, issues } = await loadConfig(file);
      assert.equal(formatIssues(issues, { colour: false }), "");
      assert.ok(config !== null);
    });
  }

  for (const file of tests) {
    it(`${file.slice(folder.length)} passes`, async () => {
      const { issues, results } = await runRouteTests(readFileSync(file, "utf8"), file);
      assert.equal(formatIssues(issues, { colour: false }), "");
      assert.ok(results.length > 0);
      for (const { name, failures } of results) assert.deepEqual(failures, [], name);
    });
  }
});
