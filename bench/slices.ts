// Sliced jobs: all contestants alive at once, one slice of load after another in a rotated order, CPU read around each.
// Alternating is the point: on a shared machine the same program costs half as much again a minute later, and
// only what was measured within seconds of each other can be compared.
import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { checkPinned, isRunner, type Place, type Runner, type Skipped, startEntry } from "./field.ts";
import { type H2Load, runH2load } from "./h2load.ts";
import { runHandshakes } from "./handshakes.ts";
import { type Entry, type SlicedJob, toLabel } from "./jobs.ts";
import type { Options } from "./options.ts";
import { probe } from "./probe.ts";
import { probeH2 } from "./probe-h2.ts";
import { cpuBetween, readCoreBusyMs, readTreeMemory, readTreeTimes, type TreeMemory } from "./proc.ts";
import { rotate } from "./stats.ts";
import { TLS_NAME } from "./tls-files.ts";
import { type Load, type LoadResult, runLoad } from "./wrk.ts";

export interface Slice {
  readonly contestant: string;
  readonly round: number;
  readonly requests: number;
  readonly cpuUsPerRequest: number;
  readonly requestsPerSecond: number;
  readonly p50Us: number;
  readonly p99Us: number;
  /** Share of the slice in which the contestant was on its core; near 1 means that it, not the load, was the limit. */
  readonly busy: number;
  /** Share of the slice in which anything else was on that core: neighbours. */
  readonly foreign: number;
  /** Threads that ended during the slice; their last part is missing in the CPU time. */
  readonly vanishedThreads: number;
}

export interface SlicedResult {
  readonly job: SlicedJob;
  readonly slices: readonly Slice[];
  readonly skipped: readonly Skipped[];
  /** After the last round. */
  readonly memory: Readonly<Record<string, TreeMemory>>;
  /** CPU by utime + stime over CPU by schedstat, over the whole job: 1 when both clocks agree. */
  readonly clockAgreement: Readonly<Record<string, number>>;
}

// Connections of the last slice are closed and the trees idle again, so that schedstat is up to date.
const SETTLE_MS = 60;
// JavaScript's compilers need some ten thousand requests; these slices do not count.
const WARM_UP_SLICES = 2;

/** Programs that generate load. */
export interface Tools {
  readonly wrk: string;
  /** "" when no job asks for it. */
  readonly h2load: string;
}

interface Racer {
  readonly runner: Runner;
  readonly load: () => Promise<LoadResult>;
  readonly check: () => Promise<number>;
  ns: number;
  ticksMs: number;
}

export async function runSlicedJob(job: SlicedJob, options: Options, place: Place, tools: Tools): Promise<SlicedResult> {
  const started: (Runner | Skipped)[] = [];
  const { bulkPort } = place.upstream;
  const reached = job.isBulk === true && bulkPort !== null ? { ...place, upstream: { ...place.upstream, h2Port: bulkPort } } : place;
  for (const entry of chosenEntries(job, options)) started.push(await startEntry(entry, reached, job.tls));
  const runners = started.filter(isRunner);
  try {
    if (!runners.some((runner) => runner.label === job.baseline))
      throw new Error(`${job.baseline} does not run: ${JSON.stringify(started)}`);
    const racers: Racer[] = [];
    for (const runner of runners) racers.push(await createRacer(runner, job, options, place, tools));
    for (let i = 0; i < WARM_UP_SLICES; i++) for (const racer of racers) await measure(racer, i, options);
    for (const racer of racers) racer.ns = racer.ticksMs = 0;
    const slices: Slice[] = [];
    for (let round = 0; round < options.rounds; round++) {
      for (const racer of rotate(racers, round)) slices.push(await measure(racer, round, options));
    }
    for (const racer of racers) {
      await racer.check();
      checkPinned(racer.runner, options.contestantCore);
      checkLogged(racer.runner, job, slices);
    }
    return {
      job,
      slices,
      skipped: started.filter((one): one is Skipped => !isRunner(one)),
      memory: Object.fromEntries(runners.map((runner) => [runner.label, readTreeMemory(runner.child.pid)])),
      clockAgreement: Object.fromEntries(racers.map((racer) => [racer.runner.label, (racer.ticksMs * 1e6) / racer.ns])),
    };
  } finally {
    for (const runner of runners) await runner.child.stop();
  }
}

function chosenEntries(job: SlicedJob, { only }: Options): Entry[] {
  return job.entries.filter((entry) => only === null || toLabel(entry) === job.baseline || only.includes(entry.contestant));
}

async function createRacer(runner: Runner, job: SlicedJob, options: Options, place: Place, tools: Tools): Promise<Racer> {
  const keptAlive = job.headers.filter((header) => !header.startsWith("Connection:"));
  const ca = job.tls ? place.upstream.tls?.files.ca : undefined;
  const isH2 = job.entries.some((entry) => entry.wire !== undefined && toLabel(entry) === runner.label);
  const asked = { port: runner.port, path: job.probePath ?? job.path, headers: keptAlive, expectedBody: job.body };
  const check = (): Promise<number> => (isH2 ? probeH2(asked) : probe({ ...asked, ca }));
  const responseBytes = await check();
  const url = `${ca ? `https://${TLS_NAME}` : "http://127.0.0.1"}:${runner.port}${job.path}`;
  if (job.h2 !== undefined) {
    const h2Load: H2Load = {
      url,
      isHttp1: !isH2,
      connections: job.connections,
      streams: job.h2.streams,
      seconds: job.h2.requests === undefined ? options.sliceSeconds : null,
      requests: job.h2.requests ?? null,
      headers: job.headers,
      bodyBytes: job.bodyBytes ?? job.body.length,
      logFile: join(runner.folder, "h2load.log"),
    };
    const program = tools.h2load;
    return { runner, load: () => runH2load(program, options.loadCore, h2Load), check, ns: 0, ticksMs: 0 };
  }
  const load: Load = {
    url,
    paths: job.paths ?? [],
    connections: job.connections,
    seconds: options.sliceSeconds,
    headers: job.headers,
    responseBytes,
  };
  const run = (): Promise<LoadResult> =>
    job.handshakes && ca ? runHandshakes(ca, options.loadCore, load) : runLoad(tools.wrk, options.loadCore, load);
  return { runner, load: run, check, ns: 0, ticksMs: 0 };
}

async function measure(racer: Racer, round: number, options: Options): Promise<Slice> {
  const pid = racer.runner.child.pid;
  const before = readTreeTimes(pid);
  const busyBefore = readCoreBusyMs(options.contestantCore);
  const result = await racer.load();
  await sleep(SETTLE_MS);
  const after = readTreeTimes(pid);
  const coreBusyMs = readCoreBusyMs(options.contestantCore) - busyBefore;
  const { ns, vanished } = cpuBetween(before, after);
  racer.ns += ns;
  racer.ticksMs += after.ticksMs - before.ticksMs;
  return {
    contestant: racer.runner.label,
    round,
    requests: result.requests,
    cpuUsPerRequest: ns / 1e3 / result.requests,
    requestsPerSecond: result.requests / result.seconds,
    p50Us: result.p50Us,
    p99Us: result.p99Us,
    busy: ns / 1e9 / result.seconds,
    foreign: Math.max(0, coreBusyMs / 1e3 - ns / 1e9) / result.seconds,
    vanishedThreads: vanished,
  };
}

// A contestant that silently does not log would win the job with the log on.
function checkLogged(runner: Runner, job: SlicedJob, slices: readonly Slice[]): void {
  if (!job.entries.some((entry) => entry.accessLog && toLabel(entry) === runner.label)) return;
  let requests = 0;
  for (const slice of slices) if (slice.contestant === runner.label) requests += slice.requests;
  const bytes = statSync(runner.accessLogFile).size;
  if (bytes < requests * 80) throw new Error(`${runner.label} logged ${bytes} bytes for ${requests} requests`);
}
