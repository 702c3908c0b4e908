import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import type { LimitRule } from "../rule.ts";
import { type FleetMode, type FleetReport, type FleetRow, formatFleetReport, plotFleetReport, simulateFleet } from "./index.ts";

const RULES: readonly LimitRule[] = [
  { kind: "fixedWindow", limit: 2000, windowMs: 5000 },
  { kind: "slidingWindow", limit: 2000, windowMs: 5000 },
  { kind: "tokenBucket", ratePerMs: 0.4, burst: 400 },
];

function rowOf(report: FleetReport, algorithm: string, mode: FleetMode, outage: FleetRow["outage"] = null): FleetRow {
  const row = report.rows.find((each) => each.algorithm === algorithm && each.mode === mode && each.outage === outage);
  assert.ok(row !== undefined);
  return row;
}

describe("a simulated fleet", () => {
  let steps = 0;
  const options = { nodes: 8, requestsPerSecond: 6000, keys: 500, seconds: 10, rules: RULES };
  const simulated = simulateFleet({ ...options, onProgress: (done) => assert.equal(done, ++steps) });

  for (const { kind } of RULES) {
    it(`finds in each mode what that promises: ${kind}`, { timeout: 60_000 }, async () => {
      const report = await simulated;
      const exact = rowOf(report, kind, "exact");
      assert.deepEqual([exact.overPercent, exact.underPercent, exact.wronglyRefusedPercent], [0, 0, 0]);
      assert.equal(exact.callsPerRequest, 1);
      const approximate = rowOf(report, kind, "approximate");
      // The limit is a fifth of what one in a hundred is promised for.
      assert.ok(
        approximate.overPercent <= 2.5 && approximate.worstOverPercent <= 5,
        `${approximate.overPercent}, ${approximate.worstOverPercent}`,
      );
      assert.ok(approximate.underPercent <= 4 && approximate.wronglyRefusedPercent <= 0.5, `${approximate.underPercent}`);
      assert.ok(approximate.callsPerRequest <= 0.01, `${approximate.callsPerRequest}`);
      assert.ok(rowOf(report, kind, "local").overPercent > 50);
      const split = rowOf(report, kind, "split");
      assert.ok(split.underPercent + split.wronglyRefusedPercent > 1);
      for (const mode of ["exact", "approximate"] as const) {
        const alone = rowOf(report, kind, mode, "local");
        assert.ok(rowOf(report, kind, mode, "open").overPercent > 10);
        assert.ok(rowOf(report, kind, mode, "closed").wronglyRefusedPercent > 10);
        assert.ok(alone.wronglyRefusedPercent < 4, `${alone.wronglyRefusedPercent}`);
      }
    });
  }

  it("finds the same for the same seed", { timeout: 60_000 }, async () => {
    const few = { ...options, requestsPerSecond: 1000, rules: RULES.slice(0, 1) };
    const [one, again, other] = [await simulateFleet(few), await simulateFleet(few), await simulateFleet({ ...few, seed: 2 })];
    assert.deepEqual(one, again);
    assert.notDeepEqual(one.rows, other.rows);
  });

  it("is told as a table and as a picture", { timeout: 60_000 }, async () => {
    const report = await simulated;
    const lines = formatFleetReport(report).split("\n");
    assert.equal(lines.filter((line) => /^(fixedWindow|slidingWindow|tokenBucket) +\w/.test(line)).length, report.rows.length);
    const picture = plotFleetReport(report);
    for (const { kind } of RULES) assert.ok(picture.includes(`>${kind}</text>`));
    assert.ok(!/NaN|undefined|Infinity/.test(picture));
  });

  it("is shown in the guide as it was found", () => {
    const read = (name: string) => readFileSync(new URL(`../../../docs/${name}`, import.meta.url), "utf8");
    const report: FleetReport = JSON.parse(read("images/fleet-limits.json"));
    assert.equal(read("images/fleet-limits.svg"), plotFleetReport(report));
    const guide = read("guides/limits-in-a-fleet.md");
    for (const { algorithm, mode, outage, overPercent, underPercent, wronglyRefusedPercent, callsPerRequest } of report.rows) {
      const cells = [algorithm, mode, outage ?? "", overPercent.toFixed(2), underPercent.toFixed(2), wronglyRefusedPercent.toFixed(2)];
      const row = `| ${[...cells, callsPerRequest.toFixed(4)].join(" | ")} |`.replaceAll("  ", " ");
      assert.ok(guide.includes(row), row);
    }
  });
});
