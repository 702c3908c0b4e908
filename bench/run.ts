// The benchmark against other gateways: one command, any of the jobs, a table or JSON, optionally a gate.
// How to read it and what spoils it: README.md. Steps inside the process: micro.ts.
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePorts, pinSelf } from "./child.ts";
import { checkLimits, type Results } from "./gate.ts";
import { type IdleResult, runIdleJob } from "./idle.ts";
import { SLICED_JOBS, STEADY_JOB, STREAMS_JOB } from "./jobs.ts";
import { readMachine } from "./machine.ts";
import { type Options, parseOptions, USAGE } from "./options.ts";
import { startRedis } from "./redis-of-bench.ts";
import { toIdleTable, toSlicedTable, toSteadyTable, toStreamsTable, toVerdictLines } from "./report.ts";
import { runSlicedJob, type SlicedResult } from "./slices.ts";
import { runSteadyJob, type SteadyResult } from "./steady.ts";
import { runStreamsJob, type StreamsResult } from "./streams.ts";
import { makeTlsFiles } from "./tls-files.ts";
import { needProgram } from "./tools.ts";
import { startBulkUpstream, startUpstream } from "./upstream.ts";

async function runJobs(options: Options, show: (text: string) => void): Promise<Results> {
  const nginx = needProgram("nginx", "nginx-light");
  const wrk = needProgram("wrk", "wrk");
  pinSelf(options.loadCore);
  const root = mkdtempSync(join(tmpdir(), "sallyport-bench-"));
  process.on("exit", () => rmSync(root, { recursive: true, force: true }));
  const [port = 0, tlsPort = 0, h2Port = 0, freePort = 0, redisPort = 0] = await freePorts(5);
  const upstreamFolder = join(root, "upstream");
  mkdirSync(upstreamFolder);
  const isTls = SLICED_JOBS.some((job) => job.tls && options.jobs.includes(job.name));
  const bulkPort = SLICED_JOBS.some((job) => job.isBulk === true && options.jobs.includes(job.name)) ? freePort : null;
  const address = {
    port,
    h2Port,
    bulkPort,
    tls: isTls ? { port: tlsPort, files: makeTlsFiles(needProgram("openssl", "openssl"), root) } : null,
  };
  const upstreams = [await startUpstream(nginx, upstreamFolder, options.loadCore, address)];
  if (bulkPort !== null) {
    upstreams.push(await startBulkUpstream(needProgram("nghttpd", "nghttp2-server"), upstreamFolder, options.loadCore, bulkPort));
  }
  const needsRedis =
    options.jobs.includes(STEADY_JOB.name) || SLICED_JOBS.some((job) => job.needsRedis === true && options.jobs.includes(job.name));
  if (needsRedis) {
    const out = join(root, "redis.out");
    upstreams.push(await startRedis(needProgram("redis-server", "redis-server"), out, options.loadCore, redisPort));
  }
  const place = { folder: root, upstream: address, core: options.contestantCore };
  const asksH2 = SLICED_JOBS.some((job) => job.h2 !== undefined && options.jobs.includes(job.name));
  const tools = { wrk, h2load: asksH2 ? needProgram("h2load", "nghttp2-client") : "" };
  const sliced: SlicedResult[] = [];
  let idle: IdleResult | null = null;
  let streams: StreamsResult | null = null;
  let steady: SteadyResult | null = null;
  try {
    for (const job of SLICED_JOBS) {
      if (!options.jobs.includes(job.name)) continue;
      const result = await runSlicedJob(job, options, place, tools);
      sliced.push(result);
      show(`\n${toSlicedTable(result)}`);
    }
    if (options.jobs.includes("idle")) {
      idle = await runIdleJob(options, place, wrk);
      show(`\n${toIdleTable(idle)}`);
    }
    if (options.jobs.includes(STREAMS_JOB.name)) {
      streams = await runStreamsJob(options, place);
      show(`\n${toStreamsTable(streams)}`);
    }
    if (options.jobs.includes(STEADY_JOB.name)) {
      steady = await runSteadyJob(options, place);
      show(`\n${toSteadyTable(steady)}`);
    }
  } finally {
    for (const upstream of upstreams) await upstream.stop();
  }
  return { sliced, idle, streams, steady };
}

async function main(): Promise<number> {
  const options = parseOptions(process.argv.slice(2));
  if (options === "help") {
    process.stdout.write(USAGE);
    return 0;
  }
  const show = (text: string): void => {
    (options.json ? process.stderr : process.stdout).write(text);
  };
  const machine = readMachine();
  show(`${machine.cores} × ${machine.cpu}, Linux ${machine.kernel}, load ${machine.loadAverage[0]?.toFixed(2)}\n`);
  show(
    `${Object.entries(machine.versions)
      .map((pair) => pair.join(" "))
      .join(", ")}\n`,
  );
  const results = await runJobs(options, show);
  const verdicts = checkLimits(results, options.jobs);
  show(`\n${toVerdictLines(verdicts)}`);
  if (options.json) process.stdout.write(`${JSON.stringify({ machine, options, ...results, verdicts }, toPlain)}\n`);
  return options.gate && verdicts.some((verdict) => !verdict.kept) ? 1 : 0;
}

// A megabyte of body is no part of a result.
function toPlain(key: string, value: unknown): unknown {
  return key === "body" ? undefined : value;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`bench: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
