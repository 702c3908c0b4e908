// Redis hangs, dies, comes back and fails over while requests come: none is lost, each limit does what its `onStoreFailure` says, and two
// seconds after the server is back the count is exact again.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { RedisSentinels, RedisServer, whyNoRedis, whyNoSentinel } from "../kit/redis-servers.ts";
import { Client, countStatuses, startLimitedGateways } from "./limited-gateways.ts";
import { type GatewayProcess, RUNTIME, Stage, sleep, tell, waitFor } from "./processes.ts";
import { RequestLoad } from "./request-load.ts";

const TIMEOUT_MS = 200;
/** On a machine that is busy with other tests, beside what is promised. */
const MARGIN_MS = 500;
const BACK_MS = 2000;
const WIDE = "slidingWindow: { limit: 1000000, window: 1m }, store: redis";
const LIMITS = {
  open: `{ key: ip, ${WIDE}, onStoreFailure: open }`,
  closed: `{ key: ip, ${WIDE}, onStoreFailure: closed }`,
  local: `{ key: ip, ${WIDE}, onStoreFailure: local }`,
  alone: "{ key: { header: X-Caller }, slidingWindow: { limit: 10, window: 1m }, store: redis, onStoreFailure: local }",
  exact: "{ key: { header: X-Caller }, slidingWindow: { limit: 10, window: 1m }, store: redis, onStoreFailure: closed }",
};
const MODES = ["open", "closed", "local"] as const;
const CLIENTS = 4;

describe(`limits whose store is in trouble, on ${RUNTIME}`, { skip: whyNoRedis() }, () => {
  const stage = new Stage();
  const client = new Client();
  let server: RedisServer;
  let gateways: readonly GatewayProcess[] = [];
  let callers = 0;

  before(async () => {
    stage.onStop(() => client.close());
    server = await RedisServer.start();
    stage.onStop(() => server.stop());
    const counters = `redis: { url: "${server.url}", timeout: ${TIMEOUT_MS}ms }`;
    gateways = await startLimitedGateways(stage, { gateways: 2, counters, limits: LIMITS });
  });
  after(() => stage.stop());

  const load = () =>
    MODES.map((mode) => ({
      mode,
      load: new RequestLoad({ port: gateways[0]!.port, path: `/${mode}`, clients: CLIENTS, headers: () => ({}) }),
    }));

  const countAdmitted = async (path: string) => {
    const caller = { "X-Caller": `caller-${++callers}` };
    const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => client.ask(gateways[i % 2]!, path, caller)));
    return countStatuses(answers);
  };

  const troubles = [
    { what: "hangs", begin: () => server.pause(), end: () => server.resume() },
    { what: "is killed and started again", begin: () => server.kill(), end: () => server.restart() },
  ];
  for (const { what, begin, end } of troubles) {
    it(`lose no request while the server ${what}, and hold to what each limit says of that`, async () => {
      assert.deepEqual(await countAdmitted("/exact"), { 200: 10, 429: 20 });
      const loads = load();
      await sleep(1000);
      const beganMs = performance.now();
      await begin();
      await sleep(1000);
      const settledMs = beganMs + TIMEOUT_MS + MARGIN_MS;
      assert.deepEqual(await countAdmitted("/exact"), { 503: 30 });
      // Each of the two counts alone.
      assert.deepEqual(await countAdmitted("/alone"), { 200: 20, 429: 10 });
      await sleep(500);
      const endedMs = performance.now();
      await end();
      await sleep(BACK_MS);
      const backMs = performance.now();
      assert.deepEqual(await countAdmitted("/exact"), { 200: 10, 429: 20 }, "exact again");
      await sleep(500);
      for (const { load } of loads) await load.stop();
      for (const { mode, load } of loads) {
        const during = load.outcomes(settledMs, endedMs);
        const told = JSON.stringify(during);
        assert.deepEqual(
          Object.keys(during),
          [mode === "closed" ? "503 SP_LIMIT_UNAVAILABLE" : "200"],
          `${mode} while it was away: ${told}`,
        );
        assert.deepEqual(Object.keys(load.outcomes(Number.NEGATIVE_INFINITY, beganMs - TIMEOUT_MS)), ["200"], `${mode} before`);
        assert.deepEqual(Object.keys(load.outcomes(backMs)), ["200"], `${mode} afterwards`);
        assert.equal(load.answers.filter(({ status }) => status === 0).length, 0, `${mode}: all have an answer`);
        const slowestMs = load.slowestMs(beganMs, endedMs);
        assert.ok(slowestMs < TIMEOUT_MS + MARGIN_MS, `${mode}: ${slowestMs} ms`);
        // Who came when it was known has waited for nothing.
        const waited = load.answers.filter(({ atMs, tookMs }) => atMs >= beganMs && atMs < endedMs && tookMs >= TIMEOUT_MS);
        assert.ok(waited.length <= CLIENTS, `${mode}: ${waited.length} have waited, ${CLIENTS} asked at once`);
        tell(`the server ${what}: ${mode}: ${load.answers.length} requests, none lost; the slowest ${slowestMs.toFixed(0)} ms`);
      }
    });
  }

  it("tell the operator once of each change", async () => {
    for (const { err } of gateways) {
      assert.equal(err.match(/counters in redis: away: /g)?.length, 2, err);
      assert.equal(err.match(/counters in redis: well again/g)?.length, 2, err);
    }
  });
});

describe(`limits under sentinels, on ${RUNTIME}`, { skip: whyNoSentinel() }, () => {
  it("are exact again when another server has taken over, and no request was lost", async () => {
    const stage = new Stage();
    const client = new Client();
    try {
      const sentinels = await RedisSentinels.start();
      stage.onStop(() => sentinels.stop());
      const nodes = sentinels.urls.map((url) => `"${url}"`).join(", ");
      const counters = `redis: { sentinel: { master: ${sentinels.master}, nodes: [${nodes}] }, timeout: ${TIMEOUT_MS}ms }`;
      const gateways = await startLimitedGateways(stage, { gateways: 2, counters, limits: LIMITS });
      const load = new RequestLoad({ port: gateways[0]!.port, path: "/open", clients: CLIENTS, headers: () => ({}) });
      await sleep(500);
      const [primary, replica] = sentinels.servers;
      await primary!.kill();
      const ask = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", sentinels.master] as const;
      const isKnown = async () => {
        const told = await Promise.all(sentinels.sentinels.map((sentinel) => sentinel.ask(...ask)));
        return told.every((address) => String(address).endsWith(`,${replica!.port}`));
      };
      await waitFor(isKnown, 20_000, "the sentinels tell of the replica");
      await sleep(BACK_MS);
      const caller = { "X-Caller": "caller" };
      const answers = await Promise.all(Array.from({ length: 30 }, (_, i) => client.ask(gateways[i % 2]!, "/exact", caller)));
      assert.deepEqual(countStatuses(answers), { 200: 10, 429: 20 });
      await load.stop();
      assert.deepEqual(Object.keys(load.outcomes()), ["200"]);
    } finally {
      client.close();
      await stage.stop();
    }
  });
});
