// One slice of load by wrk, and whether to believe it. wrk costs less per request than any generator in TypeScript, counts
// a response only when its parser has seen the whole of it, and counts statuses of 400 and above; that the bodies
// are whole is checked here by the bytes read.
import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);
const SCRIPT = new URL("wrk-summary.lua", import.meta.url).pathname;
const SCRIPT_OF_PATHS = new URL("wrk-paths.lua", import.meta.url).pathname;

export interface Load {
  readonly url: string;
  /** Asked in turn instead of the URL's own path; empty for that alone. */
  readonly paths: readonly string[];
  readonly connections: number;
  readonly seconds: number;
  readonly headers: readonly string[];
  /** Size of one whole response as a probe saw it. */
  readonly responseBytes: number;
}

export interface LoadResult {
  readonly seconds: number;
  readonly requests: number;
  readonly bytes: number;
  readonly errors: number;
  readonly p50Us: number;
  readonly p99Us: number;
}

/** Reads the line of wrk-summary.lua; null when there is none. */
export function parseSummary(output: string): LoadResult | null {
  const line = /^SUMMARY ([\d ]+)$/m.exec(output)?.[1];
  if (line === undefined) return null;
  const [durationUs = 0, requests = 0, bytes = 0, connect = 0, read = 0, write = 0, status = 0, timeout = 0, p50Us = 0, p99Us = 0] = line
    .split(" ")
    .map(Number);
  return { seconds: durationUs / 1e6, requests, bytes, errors: connect + read + write + status + timeout, p50Us, p99Us };
}

/** Why a result must not count; null when it may. Two per cent below the probe's size are allowed for fields that vary in length. */
export function refuseReason(result: LoadResult, responseBytes: number): string | null {
  if (result.errors > 0) return `${result.errors} errors`;
  if (result.requests === 0) return "no response";
  const mean = result.bytes / result.requests;
  if (mean < responseBytes * 0.98) return `${mean.toFixed(0)} bytes a response, ${responseBytes} expected`;
  return null;
}

/** Runs wrk with one thread on `core`. Throws when the result must not count. */
export async function runLoad(wrk: string, core: number, load: Load): Promise<LoadResult> {
  const args = [
    "-c",
    `${core}`,
    wrk,
    "-t1",
    `-c${load.connections}`,
    `-d${load.seconds}s`,
    "--timeout",
    "5s",
    "-s",
    load.paths.length === 0 ? SCRIPT : SCRIPT_OF_PATHS,
  ];
  for (const header of load.headers) args.push("-H", header);
  const { stdout } = await run("taskset", [...args, load.url, "--", ...load.paths]);
  const result = parseSummary(stdout);
  if (result === null) throw new Error(`wrk gave no summary: ${stdout}`);
  const reason = refuseReason(result, load.responseBytes);
  if (reason !== null) throw new Error(`${load.url}: ${reason}`);
  return result;
}
