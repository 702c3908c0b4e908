// Limits as they are served: the policy and the counters of this process, on one clock.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { valuesOf } from "../../../test/kit/index.ts";
import { get, PolicyStage } from "../../../test/pipeline/policy-stage.ts";
import { FakeClock } from "../../base/index.ts";
import type { LimitRule } from "../../limits/index.ts";
import { LocalCounters } from "../../limits/local/index.ts";
import { authenticating, compileLimits, type Limited } from "./limit-fakes.ts";

const WALL = Date.UTC(2026, 0, 1);

async function open(toLimited: (counters: LocalCounters) => Limited) {
  // The stage brings a clock of its own that begins at the same time; both are moved together.
  const clock = new FakeClock(1000, WALL);
  const counters = new LocalCounters({ clock, seed: 42 });
  const { policies, listenerPolicies } = compileLimits(toLimited(counters));
  const stage = await PolicyStage.create({ listenerPolicies, policies: [authenticating(), ...policies] });
  const pass = (ms: number) => {
    clock.advance(ms);
    stage.advance(ms);
  };
  const statuses = (count: number) => Array.from({ length: count }, () => stage.send(get()).status);
  return { stage, pass, statuses };
}

const byRule = (rule: LimitRule) => open((counters) => ({ limits: [[{ rule }, counters]] }));

describe("limits that this process counts", () => {
  it("refuse in time what is told to come again, and admit it then", async () => {
    const rules: readonly LimitRule[] = [
      { kind: "fixedWindow", limit: 3, windowMs: 10_000 },
      { kind: "slidingWindow", limit: 3, windowMs: 10_000 },
      { kind: "slidingLog", limit: 3, windowMs: 10_000 },
      { kind: "tokenBucket", ratePerMs: 0.001, burst: 3 },
    ];
    for (const rule of rules) {
      const { stage, pass, statuses } = await byRule(rule);
      assert.deepEqual(statuses(3), [200, 200, 200], rule.kind);
      const answer = stage.send(get()).response();
      assert.match(answer.startLine, / 429 /);
      const seconds = Number(valuesOf(answer, "retry-after")[0]);
      assert.ok(seconds >= 1 && seconds <= 20, `${rule.kind}: ${seconds} s`);
      pass(seconds * 1000);
      assert.deepEqual(statuses(1), [200], rule.kind);
      stage.finish();
    }
  });

  it("let a burst pass on both sides of a window's boundary when it is fixed, and not when it slides", async () => {
    const burst = async (kind: "fixedWindow" | "slidingWindow") => {
      const { stage, pass, statuses } = await byRule({ kind, limit: 100, windowMs: 60_000 });
      pass(59_000);
      const before = statuses(100).filter((status) => status === 200).length;
      pass(1000);
      const after = statuses(100).filter((status) => status === 200).length;
      stage.finish();
      return [before, after];
    };
    assert.deepEqual(await burst("fixedWindow"), [100, 100]);
    assert.deepEqual(await burst("slidingWindow"), [100, 0]);
  });

  it("space requests out, one behind the other", async () => {
    const { stage, pass } = await byRule({ kind: "leakyBucket", ratePerMs: 0.01, maxDelayMs: 1000 });
    const clients = Array.from({ length: 5 }, () => stage.send(get()));
    const done = () => clients.filter(({ status }) => status === 200).length;
    const seen = [done()];
    for (let i = 0; i < 4; i++) {
      pass(110);
      seen.push(done());
    }
    assert.deepEqual(seen, [1, 2, 3, 4, 5]);
    stage.finish();
  });

  it("have as many under way as they may, through listener and route", async () => {
    const AT_ONCE = (limit: number): LimitRule => ({ kind: "concurrency", limit });
    const { stage, statuses } = await open((counters) => ({
      outer: [[{ name: "all", key: [{ kind: "global" }], rule: AT_ONCE(3) }, counters]],
      limits: [[{ rule: AT_ONCE(2) }, counters]],
    }));
    stage.server.script = { onHead() {}, onRequest() {} };
    const held = [stage.send(get()), stage.send(get())];
    assert.deepEqual(statuses(1), [429]);
    const elsewhere = stage.connect("192.0.2.1").send(get());
    const answer = stage.connect("192.0.2.2").send(get()).response();
    assert.deepEqual(valuesOf(answer, "ratelimit"), ['"all";r=0']);
    assert.equal((JSON.parse(answer.body) as { limit: string }).limit, "all");
    for (const client of [...held, elsewhere]) client.leave();
    stage.server.script = { onHead() {}, onRequest: (record) => record.send("HTTP/1.1 204 X\r\n\r\n") };
    assert.deepEqual(statuses(5), [204, 204, 204, 204, 204]);
    stage.finish();
  });
});
