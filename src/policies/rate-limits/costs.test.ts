import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { valuesOf } from "../../../test/kit/index.ts";
import { get, PolicyStage, type StageOptions } from "../../../test/pipeline/policy-stage.ts";
import type { LimitCost, RateLimitConfig } from "../../config/index.ts";
import { Fields } from "../../http/index.ts";
import type { Policy } from "../../pipeline/index.ts";
import { readCost } from "./cost-header.ts";
import { authenticating, compileLimits, FakeStore, type Limited } from "./limit-fakes.ts";

const SAID: LimitCost = { kind: "responseHeader", name: "X-Cost", estimate: 2, most: 50 };
const HUNDRED = { kind: "fixedWindow", limit: 100, windowMs: 60_000 } as const;
const PRICED: Partial<RateLimitConfig> = { cost: SAID, rule: HUNDRED };

async function open(limited: Limited, fields: string, more: StageOptions = {}) {
  const { policies, listenerPolicies, metrics } = compileLimits(limited);
  const all = [authenticating(), ...policies, ...(more.policies ?? [])];
  const stage = await PolicyStage.create({ ...more, listenerPolicies, policies: all });
  stage.server.script = {
    onHead() {},
    onRequest: (connection) => connection.send(`HTTP/1.1 200 X\r\n${fields}X-Other: 1\r\nContent-Length: 0\r\n\r\n`),
  };
  return { stage, metrics };
}

/** What was charged after the estimate, and what the client read of it. */
async function charge(fields: string, limited: Partial<RateLimitConfig> = PRICED) {
  const store = new FakeStore();
  const { stage, metrics } = await open({ limits: [[limited, store]] }, fields);
  const answer = stage.send(get()).response();
  assert.equal(store.log[0], "take per-ip ip=127.0.0.1 2");
  assert.deepEqual([valuesOf(answer, "x-cost"), valuesOf(answer, "x-other")], [[], ["1"]]);
  stage.finish();
  const charged = store.log.slice(1).map((line) => Number(line.split(" ").at(-1)));
  return { charged, remaining: valuesOf(answer, "x-ratelimit-remaining")[0], seen: metrics.seen };
}

describe("a cost that the upstream says", () => {
  it("is charged beyond the estimate, or given back below it, and the client sees nothing of it but what is left", async () => {
    assert.deepEqual(await charge("X-Cost: 12\r\n"), { charged: [10], remaining: "88", seen: ["per-ip admitted"] });
    assert.deepEqual(await charge("x-COST:0\r\n"), { charged: [-2], remaining: "100", seen: ["per-ip admitted"] });
    assert.deepEqual(await charge("X-Cost: 2\r\n"), { charged: [], remaining: "98", seen: ["per-ip admitted"] });
  });

  it("is at most what it may be", async () => {
    assert.deepEqual((await charge("X-Cost: 50\r\n")).charged, [48]);
    assert.deepEqual((await charge("X-Cost: 999999\r\n")).charged, [48]);
  });

  it("that is missing, or no plain number, leaves the estimate as it is, and is counted", async () => {
    const seen = ["per-ip admitted", "per-ip estimated"];
    for (const value of [
      "",
      "X-Cost:\r\n",
      "X-Cost: -1\r\n",
      "X-Cost: 1.5\r\n",
      "X-Cost: 1e2\r\n",
      "X-Cost: 0x10\r\n",
      "X-Cost: 1 2\r\n",
    ]) {
      assert.deepEqual(await charge(value), { charged: [], remaining: "98", seen }, value);
    }
    assert.deepEqual((await charge("X-Cost: 1\r\nX-Cost: 1\r\n")).seen, seen);
    assert.deepEqual((await charge("X_Cost: 1\r\n")).seen, seen);
    assert.deepEqual((await charge(`X-Cost: ${"9".repeat(16)}\r\n`)).seen, seen);
  });

  it("is read of an error that another policy puts another answer in the place of", async () => {
    const store = new FakeStore();
    const replacing: Policy = { name: "errors", phase: "transform", response: (exchange) => exchange.answer(500, new Fields(""), null) };
    const { stage } = await open({ limits: [[PRICED, store]] }, "X-Cost: 12\r\n", { policies: [replacing] });
    assert.equal(stage.send(get()).status, 500);
    assert.equal(store.log[1], "charge per-ip ip=127.0.0.1 10");
    stage.finish();
  });

  it("stays the estimate where no response comes", async () => {
    const store = new FakeStore();
    const { stage, metrics } = await open({ limits: [[PRICED, store]] }, "");
    stage.server.script = { onHead() {}, onRequest() {} };
    const client = stage.send(get());
    client.leave();
    stage.server.stop();
    stage.pump();
    assert.deepEqual([store.log.length, metrics.seen], [1, ["per-ip admitted"]]);
    stage.finish();
  });

  it("is the listener's limits' too, one field for several", async () => {
    const [inner, outer] = [new FakeStore(), new FakeStore()];
    const all: Partial<RateLimitConfig> = { ...PRICED, name: "all", key: [{ kind: "global" }] };
    for (const limits of [[], [[PRICED, inner]] as const]) {
      const { stage } = await open(
        {
          limits,
          outer: [
            [all, outer],
            [{ ...all, name: "more" }, outer],
          ],
        },
        "X-Cost: 3\r\n",
      );
      assert.deepEqual(valuesOf(stage.send(get()).response(), "x-cost"), []);
      assert.deepEqual(outer.log.splice(0).slice(1), ["charge all global 1", "charge more global 1"]);
      stage.finish();
    }
    assert.deepEqual(inner.log.slice(1), ["charge per-ip ip=127.0.0.1 1"]);
  });

  it("is hidden from callers who are exempt, and costs them nothing", async () => {
    const store = new FakeStore();
    const exempt = { from: ["127.0.0.1"], users: [], roles: [], plans: [] };
    const { stage } = await open({ limits: [[{ ...PRICED, exempt }, store]] }, "X-Cost: 12\r\n");
    assert.deepEqual(valuesOf(stage.send(get()).response(), "x-cost"), []);
    assert.deepEqual(store.log, []);
    stage.finish();
  });

  it("is charged to a limit that only reports as far as that has counted the request", async () => {
    const store = new FakeStore();
    const rule = { ...HUNDRED, limit: 4 };
    const { stage } = await open({ limits: [[{ ...PRICED, rule, dryRun: true }, store]] }, "X-Cost: 3\r\n");
    stage.send(get());
    stage.send(get());
    assert.equal(store.log.filter((line) => line.startsWith("charge")).length, 1);
    stage.finish();
  });

  it("is not asked for where the route says itself what it costs", async () => {
    const store = new FakeStore();
    const { stage } = await open({ limits: [[PRICED, store, 7]] }, "X-Cost: 3\r\n");
    assert.deepEqual(valuesOf(stage.send(get()).response(), "x-cost"), ["3"]);
    assert.deepEqual(store.log, ["take per-ip ip=127.0.0.1 7"]);
    stage.finish();
  });

  it("is not charged where the store was away", async () => {
    for (const onStoreFailure of ["open", "local"] as const) {
      const store = Object.assign(new FakeStore(), { isDown: true });
      const { stage } = await open({ limits: [[{ ...PRICED, onStoreFailure }, store]] }, "X-Cost: 12\r\n");
      assert.equal(stage.send(get()).status, 200);
      assert.equal(store.log.length, 1);
      stage.finish();
    }
  });

  it("is read strictly", () => {
    assert.deepEqual(
      ["0", "007", "50", "51", "", " 1", "1 ", "+1", "١", null].map((text) => readCost(text, 50)),
      [0, 7, 50, 50, -1, -1, -1, -1, -1, -1],
    );
  });
});
