// Gateways that count in one Redis, or in a cluster of them, admit what the limit says: not one more, not one less.

import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { RedisCluster, RedisServer, whyNoRedis } from "../kit/redis-servers.ts";
import { Client, countStatuses, haveRoomInWindow, startLimitedGateways } from "./limited-gateways.ts";
import { type GatewayProcess, RUNTIME, Stage } from "./processes.ts";

/** What is shown here is how much is admitted: a machine that is busy with other tests is waited for. */
const PATIENT = "timeout: 5s";
const MINUTE_MS = 60_000;
/** Of a minute that has passed in part, the sliding window makes room as the next goes on. */
const BURST_MS = 5000;
const LIMITS = {
  sliding: "{ key: ip, slidingWindow: { limit: 100, window: 1m }, store: redis, onStoreFailure: closed }",
  log: "{ key: ip, slidingWindowLog: { limit: 100, window: 1m }, store: redis, onStoreFailure: closed }",
  bucket: "{ key: ip, tokenBucket: { rate: 1/h, burst: 100 }, store: redis, onStoreFailure: closed }",
  each: "{ key: { header: X-Caller }, slidingWindow: { limit: 7, window: 1m }, store: redis, onStoreFailure: closed }",
};

describe(`four gateways with one count, on ${RUNTIME}`, { skip: whyNoRedis() }, () => {
  for (const kind of ["a single server", "a cluster of three masters"] as const) {
    describe(`in ${kind}`, () => {
      const stage = new Stage();
      const client = new Client();
      let gateways: readonly GatewayProcess[] = [];

      before(async () => {
        stage.onStop(() => client.close());
        gateways = await startLimitedGateways(stage, { gateways: 4, counters: await startServers(kind, stage), limits: LIMITS });
      });
      after(() => stage.stop());

      for (const path of ["sliding", "log", "bucket"]) {
        it(`admit exactly 100 of 400 that come at once to /${path}`, async () => {
          await haveRoomInWindow(MINUTE_MS, BURST_MS);
          const answers = await Promise.all(Array.from({ length: 400 }, (_, i) => client.ask(gateways[i % 4]!, `/${path}`)));
          assert.deepEqual(countStatuses(answers), { 200: 100, 429: 300 });
          const refused = answers.find(({ status }) => status === 429)!;
          const problem = JSON.parse(refused.body) as Record<string, unknown>;
          assert.deepEqual([problem["code"], problem["limit"], problem["key"]], ["SP_LIMIT_EXCEEDED", path, ["ip"]]);
          assert.ok(Number(refused.headers["retry-after"]) >= 1);
        });
      }

      it("count each key apart, wherever it is kept", async () => {
        await haveRoomInWindow(MINUTE_MS, BURST_MS);
        const callers = Array.from({ length: 40 }, (_, i) => `caller-${i}`);
        const asked = callers.flatMap((caller) =>
          Array.from({ length: 10 }, async (_, i) => ({
            caller,
            ...(await client.ask(gateways[i % 4]!, "/each", { "X-Caller": caller })),
          })),
        );
        const answers = await Promise.all(asked);
        for (const caller of callers) {
          const own = answers.filter((answer) => answer.caller === caller);
          assert.deepEqual([caller, countStatuses(own)], [caller, { 200: 7, 429: 3 }]);
        }
      });
    });
  }
});

async function startServers(kind: "a single server" | "a cluster of three masters", stage: Stage): Promise<string> {
  if (kind === "a single server") {
    const server = await RedisServer.start();
    stage.onStop(() => server.stop());
    return `redis: { url: "${server.url}", ${PATIENT} }`;
  }
  const cluster = await RedisCluster.start();
  stage.onStop(() => cluster.stop());
  return `redis: { cluster: [${cluster.servers.map(({ url }) => `"${url}"`).join(", ")}], ${PATIENT} }`;
}
