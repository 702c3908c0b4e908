// Memory of many requests at once over HTTP/2: an upstream that never answers holds them open. Each round starts a fresh process, because a
// heap that has grown once does not grow again.
import { setTimeout as sleep } from "node:timers/promises";
import { FRAME, H2Client, H2Upstream, type HPACK } from "../test/kit/index.ts";
import { checkPinned, isRunner, type Place, type Runner, type Skipped, startEntry } from "./field.ts";
import { STREAMS_JOB } from "./jobs.ts";
import type { Options } from "./options.ts";
import { readTreeMemory } from "./proc.ts";

export interface StreamsFigure {
  readonly contestant: string;
  readonly round: number;
  readonly baseRssKiB: number;
  /** With all streams open. */
  readonly rssKiB: number;
  /** Growth of the tree's RSS over the number of streams. */
  readonly kibPerStream: number;
}

export interface StreamsResult {
  readonly figures: readonly StreamsFigure[];
  readonly skipped: readonly Skipped[];
  readonly streams: number;
}

const ROUNDS = 2;
const SETTLE_MS = 2_000;
const OPEN_MS = 20_000;

export async function runStreamsJob(options: Options, place: Place): Promise<StreamsResult> {
  const upstream = new H2Upstream((peer) => peer.send(FRAME.settings([FRAME.SETTINGS_MAX_CONCURRENT_STREAMS, 1000])));
  await upstream.listen();
  const held = { ...place, upstream: { ...place.upstream, h2Port: upstream.port } };
  const entries = STREAMS_JOB.entries.filter((entry) => options.only === null || options.only.includes(entry.contestant));
  const figures: StreamsFigure[] = [];
  const skipped: Skipped[] = [];
  try {
    for (let round = 0; round < Math.min(ROUNDS, options.rounds); round++) {
      for (const entry of entries) {
        const one = await startEntry(entry, held);
        if (isRunner(one)) figures.push(await measureStreams(one, round, options, upstream));
        else if (round === 0) skipped.push(one);
      }
    }
  } finally {
    upstream.stop();
  }
  return { figures, skipped, streams: STREAMS_JOB.connections * STREAMS_JOB.streams };
}

async function measureStreams(runner: Runner, round: number, options: Options, upstream: H2Upstream): Promise<StreamsFigure> {
  const clients: H2Client[] = [];
  const count = STREAMS_JOB.connections * STREAMS_JOB.streams;
  const arrivedBefore = countRequests(upstream);
  try {
    checkPinned(runner, options.contestantCore);
    const base = readTreeMemory(runner.child.pid).rssKiB;
    for (let i = 0; i < STREAMS_JOB.connections; i++) {
      const client = await H2Client.open(runner.port);
      clients.push(client);
      for (let stream = 0; stream < STREAMS_JOB.streams; stream++) client.request(head(runner.port));
    }
    const deadline = performance.now() + OPEN_MS;
    while (countRequests(upstream) - arrivedBefore < count && performance.now() < deadline) await sleep(50);
    const arrived = countRequests(upstream) - arrivedBefore;
    if (arrived < count) throw new Error(`${runner.label} brought ${arrived} of ${count} requests to the upstream`);
    await sleep(SETTLE_MS);
    const full = readTreeMemory(runner.child.pid).rssKiB;
    const over = clients.reduce((sum, client) => sum + [...client.streams.values()].filter((stream) => stream.isOver).length, 0);
    if (over > 0) throw new Error(`${runner.label} ended ${over} of the held requests`);
    return { contestant: runner.label, round, baseRssKiB: base, rssKiB: full, kibPerStream: (full - base) / count };
  } finally {
    for (const client of clients) client.destroy();
    await runner.child.stop();
  }
}

function head(port: number): HPACK.H2Field[] {
  return [
    [":method", "GET"],
    [":scheme", "http"],
    [":path", "/held"],
    [":authority", `127.0.0.1:${port}`],
    ["user-agent", "bench/1"],
  ];
}

function countRequests(upstream: H2Upstream): number {
  return upstream.connections.reduce((sum, peer) => sum + (peer.counts[FRAME.HEADERS] ?? 0), 0);
}
