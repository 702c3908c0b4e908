// What operators are told of stores of counters over reloads: of those that the serving configuration counts in, and once.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MetricRegistry } from "../telemetry/index.ts";
import { GatewayLimitMetrics } from "./limit-metrics.ts";

function stage() {
  const lines: string[] = [];
  const registry = new MetricRegistry();
  const metrics = new GatewayLimitMetrics(registry, (line) => lines.push(line));
  const told = () => lines.splice(0);
  const shown = (name: string) => registry.expose().match(new RegExp(`^sallyport_counter_store_${name}.*$`, "gm")) ?? [];
  return { metrics, told, shown };
}

const UP = 'up{store="redis"}';

describe("what is told of stores of counters", () => {
  it("is that they went away and why, and that they are back, once each", () => {
    const { metrics, told, shown } = stage();
    const redis = metrics.createReport("redis");
    redis.onStore("redis", "up", "");
    metrics.showStores([redis]);
    assert.deepEqual(told(), []);
    redis.onStore("redis", "down", "no answer within 50 ms");
    redis.onStore("redis", "down", "no answer within 50 ms");
    assert.deepEqual(told(), ["counters in redis: away: no answer within 50 ms; each limit's `onStoreFailure` holds"]);
    assert.deepEqual(metrics.storesAway, [{ name: "redis", reason: "no answer within 50 ms" }]);
    assert.deepEqual(shown(UP), [`sallyport_counter_store_${UP} 0`]);
    redis.onReason("redis", "WRONGPASS invalid username-password pair");
    assert.deepEqual(told(), ["counters in redis: still away: WRONGPASS invalid username-password pair"]);
    redis.onStore("redis", "up", "");
    assert.deepEqual([told(), metrics.storesAway], [["counters in redis: well again"], []]);
    assert.deepEqual(shown("changes_total"), [
      'sallyport_counter_store_changes_total{store="redis",state="down"} 1',
      'sallyport_counter_store_changes_total{store="redis",state="up"} 1',
    ]);
  });

  it("is nothing of a server that a configuration would have used that was not taken, nor of one that is not used any more", () => {
    const { metrics, told, shown } = stage();
    const serving = metrics.createReport("redis");
    serving.onStore("redis", "up", "");
    metrics.showStores([serving]);
    const tried = metrics.createReport("redis");
    tried.onStore("redis", "down", "connect ECONNREFUSED 127.0.0.1:1");
    assert.deepEqual([told(), shown(UP)], [[], [`sallyport_counter_store_${UP} 1`]]);
    metrics.showStores([tried]);
    assert.deepEqual(told(), ["counters in redis: away: connect ECONNREFUSED 127.0.0.1:1; each limit's `onStoreFailure` holds"]);
    const next = metrics.createReport("redis");
    metrics.showStores([next]);
    next.onStore("redis", "up", "");
    serving.onStore("redis", "down", "Socket closed unexpectedly");
    assert.deepEqual([told(), shown(UP)], [["counters in redis: well again"], [`sallyport_counter_store_${UP} 1`]]);
    metrics.showStores([]);
    next.onStore("redis", "down", "Socket closed unexpectedly");
    assert.deepEqual([told(), shown(UP)], [[], []]);
  });
});
