// Gateways that count by themselves and tell each other every second: what they admit together is within one in a hundred of the limit.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { RedisServer, whyNoRedis } from "../kit/redis-servers.ts";
import { type Answer, Client, countStatuses, offerSteadily, startLimitedGateways } from "./limited-gateways.ts";
import { RUNTIME, Stage, sleep, tell } from "./processes.ts";

const LIMIT = 10_000;
/** Of these, the window is taken that begins first: windows begin at whole multiples of their length. */
const WINDOWS_MS = [13_000, 14_000, 15_000, 16_000, 17_000];
const SOON_MS = 500;
const NEXT_MS = 5000;
const PER_SECOND = 1000;
const START_MS = 2500;

describe(`gateways that count approximately, on ${RUNTIME}`, { skip: whyNoRedis() }, () => {
  const stage = new Stage();
  const client = new Client();
  after(async () => {
    client.close();
    await stage.stop();
  });

  it(`admit ${LIMIT} of what is offered steadily to four of them, to one in a hundred, with few calls`, async () => {
    const server = await RedisServer.start();
    stage.onStop(() => server.stop());
    // The gateways need as long as this to start.
    const windowMs = soonest(Date.now() + START_MS);
    const limit = `{ limit: ${LIMIT}, window: ${windowMs / 1000}s }`;
    const gateways = await startLimitedGateways(stage, {
      gateways: 4,
      counters: `redis: { url: "${server.url}", timeout: 1s }`,
      limits: { steady: `{ key: ip, slidingWindow: ${limit}, store: redis, mode: approximate, onStoreFailure: local }` },
    });
    // From the beginning of a window on: of one in whose middle it all began, the estimate would make more room in the next.
    await sleep(untilNext(windowMs));
    const beganMs = Math.round(Date.now() / windowMs) * windowMs;
    const callsBefore = await countCalls(server);
    const answers = await offerSteadily(client, gateways, { path: "/steady", perSecond: PER_SECOND, forMs: windowMs + NEXT_MS });
    const calls = (await countCalls(server)) - callsBefore;
    assert.deepEqual(Object.keys(countStatuses(answers)), ["200", "429"]);
    const admitted = answers.filter(({ status }) => status === 200);
    // Where the machine is busy, requests wait at the client: what counts is when a gateway answered, which it says to the second.
    const isOfFirst = ({ headers }: Answer) => Date.parse(String(headers["date"])) < beganMs + windowMs;
    const isOfNext = (answer: Answer) => !isOfFirst(answer) && Date.parse(String(answer.headers["date"])) < beganMs + windowMs + NEXT_MS;
    const first = admitted.filter(isOfFirst).length;
    const offered = answers.filter(isOfFirst).length;
    const next = admitted.filter(isOfNext).length;
    tell(`approximate: ${first} in a window of ${LIMIT}, ${next} in ${NEXT_MS} ms of the next; ${answers.length} offered, ${calls} calls`);
    assert.ok(first <= LIMIT * 1.01 && first >= Math.min(LIMIT, offered) * 0.99, `${first} of ${offered} in the first window`);
    // As much as the first window leaves of the sliding one, or as was offered, one in a hundred of the limit more or less.
    const room = Math.min(LIMIT - first * (1 - NEXT_MS / windowMs), answers.filter(isOfNext).length);
    assert.ok(Math.abs(next - room) <= LIMIT * 0.01, `${next} in the next, where there is room for ${room}`);
    assert.ok(calls * 100 <= answers.length, `${calls} calls for ${answers.length} requests`);
  });
});

const untilNext = (windowMs: number, fromMs = Date.now()) => windowMs - (fromMs % windowMs);

/** The window whose next one begins first, but for those that begin at once. */
function soonest(fromMs: number): number {
  const waits = WINDOWS_MS.map((windowMs) => ({ windowMs, ms: untilNext(windowMs, fromMs) })).filter(({ ms }) => ms >= SOON_MS);
  return waits.reduce((best, each) => (each.ms < best.ms ? each : best)).windowMs;
}

async function countCalls(server: RedisServer): Promise<number> {
  const told = String(await server.ask("INFO", "commandstats"));
  return [...told.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].reduce((sum, [, calls]) => sum + Number(calls), 0);
}
