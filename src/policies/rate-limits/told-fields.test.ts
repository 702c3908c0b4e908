import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { RateLimitConfig } from "../../config/index.ts";
import { FieldBlock, Fields, fieldName } from "../../http/index.ts";
import { Take } from "../../limits/index.ts";
import type { Exchange } from "../../pipeline/index.ts";
import { AppliedLimit, type LimitAsk } from "./applied-limit.ts";
import { bind, FakeMetrics, FakeStore, toLimit, toPrincipal } from "./limit-fakes.ts";
import { tellLimits } from "./told-fields.ts";

const MINUTE_MS = 60_000;
const NAMES = ["x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset", "ratelimit-policy", "ratelimit", "x-quota-warning"];

/** What the store says of each, in place of what it would. */
type Said = Partial<Pick<LimitAsk, "isAdmitted" | "remaining" | "resetMs" | "retryMs" | "used">>;

function tell(limits: readonly (readonly [Partial<RateLimitConfig>, Said])[], fields = new Fields(""), plan: string | null = null) {
  const exchange = { clientAddress: "192.0.2.7", principal: toPrincipal({ plan }) } as unknown as Exchange;
  const asks = limits.map(([config, said]) => {
    const store = new FakeStore();
    const limit = new AppliedLimit({ limit: "x", cost: null }, bind(toLimit(config), store), "orders", new FakeMetrics());
    const ask = limit.ask(exchange) ?? assert.fail();
    store.take(new Take([ask], { onDecided: () => undefined }));
    return Object.assign(ask, said);
  });
  tellLimits(fields, asks);
  return Object.fromEntries(NAMES.map((name) => [name, fields.getCombined(fieldName(name))]));
}

const rule = (rule: RateLimitConfig["rule"]) => tell([[{ rule }, {}]]);

describe("what callers are told of a limit", () => {
  it("is how much it has and in which time, for each way of counting", () => {
    for (const kind of ["fixedWindow", "slidingWindow", "slidingLog"] as const) {
      assert.equal(rule({ kind, limit: 100, windowMs: MINUTE_MS })["ratelimit-policy"], '"per-ip";q=100;w=60');
    }
    assert.equal(rule({ kind: "fixedWindow", limit: 1, windowMs: 1 })["ratelimit-policy"], '"per-ip";q=1;w=1');
    assert.equal(rule({ kind: "tokenBucket", ratePerMs: 0.05, burst: 100 })["ratelimit-policy"], '"per-ip";q=100;w=2');
    assert.equal(rule({ kind: "leakyBucket", ratePerMs: 0.01, maxDelayMs: 2000 })["ratelimit-policy"], '"per-ip";q=21;w=3');
    assert.equal(rule({ kind: "leakyBucket", ratePerMs: 0.003, maxDelayMs: 1000 })["ratelimit-policy"], '"per-ip";q=4;w=2');
    assert.equal(rule({ kind: "concurrency", limit: 5 })["ratelimit-policy"], '"per-ip";q=5;qu="concurrent-requests"');
    const quota = (per: "hour" | "day" | "month") => rule({ kind: "quota", limit: 1000, per, timeZone: "UTC" })["ratelimit-policy"];
    assert.deepEqual(
      [quota("hour"), quota("day"), quota("month")],
      ['"per-ip";q=1000;w=3600', '"per-ip";q=1000;w=86400', '"per-ip";q=1000'],
    );
  });

  it("is in whole seconds, rounded up, and says no time that nobody knows", () => {
    const said = (resetMs: number) => tell([[{}, { remaining: 1, resetMs }]]);
    assert.deepEqual([said(1)["ratelimit"], said(1)["x-ratelimit-reset"]], ['"per-ip";r=1;t=1', "1"]);
    assert.deepEqual([said(1000)["ratelimit"], said(1001)["ratelimit"]], ['"per-ip";r=1;t=1', '"per-ip";r=1;t=2']);
    assert.deepEqual([said(0)["ratelimit"], said(0)["x-ratelimit-reset"]], ['"per-ip";r=1', null]);
  });

  it("has the tightest one first, by the share that is left, and of two as tight the first", () => {
    const limit = (name: string, limit: number) => ({ name, rule: { kind: "fixedWindow", limit, windowMs: MINUTE_MS } }) as const;
    const told = tell([
      [limit("a", 100), { remaining: 50 }],
      [limit("b", 10), { remaining: 5 }],
      [limit("c", 1000), { remaining: 100 }],
      [limit("d", 10), { remaining: 9 }],
    ]);
    assert.equal(told["ratelimit"], '"c";r=100;t=60, "a";r=50;t=60, "b";r=5;t=60, "d";r=9;t=60');
    assert.equal(told["ratelimit-policy"], '"c";q=1000;w=60, "a";q=100;w=60, "b";q=10;w=60, "d";q=10;w=60');
    assert.deepEqual([told["x-ratelimit-limit"], told["x-ratelimit-remaining"]], ["1000", "100"]);
  });

  it("has who refuses before all others, the longest wait first", () => {
    const told = tell([
      [{ name: "a" }, { remaining: 0 }],
      [{ name: "b" }, { remaining: 1, isAdmitted: false, retryMs: 5 }],
      [{ name: "c" }, { remaining: 1, isAdmitted: false, retryMs: 9 }],
    ]);
    assert.equal(told["ratelimit"], '"c";r=1;t=60, "b";r=1;t=60, "a";r=0;t=60');
  });

  it("is the tier's numbers to who is in it", () => {
    const gold = { kind: "fixedWindow", limit: 1000, windowMs: MINUTE_MS } as const;
    const tiers = { by: { kind: "plan" }, of: [["gold", gold]] } as const;
    assert.equal(tell([[{ tiers }, {}]], new Fields(""), "gold")["ratelimit-policy"], '"per-ip";q=1000;w=60');
    assert.equal(tell([[{ tiers }, {}]], new Fields(""), "lead")["ratelimit-policy"], '"per-ip";q=2;w=60');
  });

  it("never is more than all of it", () => assert.equal(tell([[{}, { remaining: 7 }]])["x-ratelimit-remaining"], "2"));

  it("takes the place of every line by those names, wherever it comes from", () => {
    const fields = new Fields("");
    fields.addBlock(new FieldBlock(["RateLimit", "block", "Other", "kept"]));
    fields.add(fieldName("X-RateLimit-Limit"), "added");
    fields.add(fieldName("X-Quota-Warning"), "added");
    const told = tell([[{}, {}]], fields);
    assert.deepEqual([told["ratelimit"], told["x-ratelimit-limit"], told["x-quota-warning"]], ['"per-ip";r=1;t=60', "2", null]);
    assert.equal(fields.get(fieldName("Other")), "kept");
  });

  it("is nothing where only dry runs count, and then others' lines stay", () => {
    const fields = new Fields("");
    fields.add(fieldName("RateLimit"), "theirs");
    assert.equal(tell([[{ dryRun: true }, {}]], fields)["ratelimit"], "theirs");
    assert.equal(tell([], fields)["ratelimit"], "theirs");
  });
});

describe("the warning of a quota", () => {
  const quota = (name: string, used: number, warnAt: readonly number[] = [0.8, 0.95], limit = 1000) => {
    const config = { name, warnAt, rule: { kind: "quota", limit, per: "month", timeZone: "UTC" } } as const;
    return [config, { used, remaining: Math.max(0, limit - used) }] as const;
  };
  const warning = (...limits: Parameters<typeof tell>[0]) => tell(limits)["x-quota-warning"];

  it("begins with the first share that is used, and says how much that is", () => {
    assert.equal(warning(quota("monthly", 799)), null);
    assert.equal(warning(quota("monthly", 800)), '"monthly";used=80');
    assert.equal(warning(quota("monthly", 999)), '"monthly";used=99');
    assert.equal(warning(quota("monthly", 29, [0.29], 100)), '"monthly";used=29');
    assert.equal(warning(quota("monthly", 1000)), '"monthly";used=100');
    assert.equal(warning(quota("monthly", 1010)), '"monthly";used=100');
    assert.equal(warning(quota("monthly", 1000, [])), null);
  });

  it("names each quota that is far enough", () => {
    assert.equal(warning(quota("a", 10), quota("b", 810), quota("c", 900)), '"c";used=90, "b";used=81');
  });
});
