// One slice of load by h2load, for jobs over HTTP/2: it is to those what wrk is to the others, and for one large body it speaks HTTP/1.1 too.
// Bodies are judged by their bytes; percentiles come from its log, which it writes behind the slice's own work.
import { execFile } from "node:child_process";
import { readFileSync, rmSync } from "node:fs";
import { promisify } from "node:util";
import { quantile } from "./stats.ts";
import type { LoadResult } from "./wrk.ts";

const run = promisify(execFile);
const TIMEOUT_MS = 120_000;

export interface H2Load {
  readonly url: string;
  readonly isHttp1: boolean;
  readonly connections: number;
  /** Requests at once on each connection. */
  readonly streams: number;
  /** For so long, or so many requests. */
  readonly seconds: number | null;
  readonly requests: number | null;
  readonly headers: readonly string[];
  readonly bodyBytes: number;
  /** Where h2load may write its log. */
  readonly logFile: string;
}

export interface H2LoadSummary {
  readonly seconds: number;
  readonly requests: number;
  readonly errors: number;
  readonly bodyBytes: number;
}

const UNITS: Readonly<Record<string, number>> = { us: 1e-6, ms: 1e-3, s: 1 };

/** Reads what h2load prints at its end; null when that is not there. */
export function parseH2load(output: string): H2LoadSummary | null {
  const [, time = "", unit = ""] = /^finished in ([\d.]+)(us|ms|s),/m.exec(output) ?? [];
  const [, done, failed, errored, late] =
    /^requests: .*?(\d+) done, \d+ succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/m.exec(output) ?? [];
  const [, good] = /^status codes: (\d+) 2xx/m.exec(output) ?? [];
  const [, bytes] = /\((\d+)\) data$/m.exec(output) ?? [];
  if (time === "" || done === undefined || good === undefined || bytes === undefined) return null;
  const errors = Number(failed) + Number(errored) + Number(late) + Math.max(0, Number(done) - Number(good));
  return { seconds: Number(time) * (UNITS[unit] ?? Number.NaN), requests: Number(done), errors, bodyBytes: Number(bytes) };
}

/** Why a result must not count; null when it may. A slice ends with answers half-way, which have bytes and no end: never less than whole ones. */
export function refuseH2load(summary: H2LoadSummary, bodyBytes: number): string | null {
  if (summary.errors > 0) return `${summary.errors} errors`;
  if (summary.requests === 0) return "no response";
  const mean = summary.bodyBytes / summary.requests;
  return mean < bodyBytes ? `${mean.toFixed(0)} bytes a body, ${bodyBytes} expected` : null;
}

/** Runs h2load with one thread on `core`. Throws when the result must not count. */
export async function runH2load(program: string, core: number, load: H2Load): Promise<LoadResult> {
  const amount = load.seconds !== null ? [`-D${load.seconds}`] : [`-n${load.requests}`];
  const wire = load.isHttp1 ? ["--h1"] : [];
  const args = ["-c", `${core}`, program, "-t1", `-c${load.connections}`, `-m${load.streams}`, ...amount, ...wire];
  for (const header of load.headers) args.push("-H", header);
  rmSync(load.logFile, { force: true });
  const { stdout } = await run("taskset", [...args, `--log-file=${load.logFile}`, load.url], { timeout: TIMEOUT_MS });
  const summary = parseH2load(stdout);
  if (summary === null) throw new Error(`h2load gave no summary: ${stdout}`);
  const reason = refuseH2load(summary, load.bodyBytes);
  if (reason !== null) throw new Error(`${load.url}: ${reason}`);
  const times = readTimes(readFileSync(load.logFile, "latin1"));
  const { seconds, requests, errors, bodyBytes } = summary;
  return { seconds, requests, bytes: bodyBytes, errors, p50Us: quantile(times, 0.5), p99Us: quantile(times, 0.99) };
}

/** Microseconds of each request, sorted: the third column. */
function readTimes(log: string): number[] {
  const times = log.split("\n").map((line) => Number(line.slice(line.lastIndexOf("\t") + 1)));
  return times.filter((time) => time > 0).toSorted((a, b) => a - b);
}
