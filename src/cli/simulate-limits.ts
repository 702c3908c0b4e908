// `sallyport simulate limits`: access logs against the limits of a configuration.

import { createReadStream, statSync } from "node:fs";
import { BlueprintError } from "../gateway/index.ts";
import { type AccessLog, simulateLimits } from "../inspect/index.ts";
import { toPlainText } from "./admin-json.ts";
import type { CommandLine } from "./commands.ts";
import { EXIT_CONFIG, EXIT_OK } from "./exit-codes.ts";
import { findConfiguration, loadOrTell, NO_CONFIGURATION } from "./load.ts";
import { readLogLines } from "./log-lines.ts";
import { Progress } from "./progress.ts";
import { formatLimitSimulation } from "./simulate-text.ts";
import type { Terminal } from "./terminal.ts";

const CHUNK_BYTES = 256 * 1024;
const DATE = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:Z|[+-]\d\d:\d\d))?$/;
const DEFAULT_TOP = 5;

interface Wanted {
  readonly logs: readonly string[];
  readonly top: number;
  readonly limit: string | undefined;
  readonly fromMs: number | undefined;
  readonly untilMs: number | undefined;
}

export async function simulateLimitsOf(
  values: CommandLine["values"],
  terminal: Terminal,
  refuse: (problem: string) => number,
  openInput: () => AsyncIterable<Uint8Array> = () => process.stdin,
): Promise<number> {
  const isJson = values["json"] === true;
  const wanted = readWanted(values);
  if (typeof wanted === "string") return refuse(wanted);
  const file = findConfiguration(values["config"]);
  if (file === null) return refuse(NO_CONFIGURATION);
  const loaded = await loadOrTell(file, terminal, isJson);
  if (loaded === null) return EXIT_CONFIG;
  const { rateLimits } = loaded.config;
  const names = rateLimits.map(({ name }) => name);
  const { limit, top, fromMs, untilMs } = wanted;
  if (names.length === 0) return refuse(`${file} has no \`rateLimits\`: there is nothing to simulate`);
  if (limit !== undefined && !names.includes(limit)) return refuse(`${file} has no limit "${limit}"; there are ${names.join(", ")}`);
  const progress = new Progress(terminal, "lines");
  const logs = openLogs(wanted.logs, openInput, progress);
  if (typeof logs === "string") return refuse(logs);
  try {
    const simulation = await simulateLimits(loaded.config, logs, {
      top,
      ...(limit !== undefined && { limit }),
      ...(fromMs !== undefined && { fromMs }),
      ...(untilMs !== undefined && { untilMs }),
    });
    progress.end();
    const { read, bad, firstBad } = simulation.lines;
    if (read > 0 && bad === read && firstBad !== null)
      return refuse(
        `${firstBad.log} is no access log: none of ${read} lines is one of a gateway's; telemetry.accessLog.to says where it is`,
      );
    if (isJson) terminal.out(JSON.stringify({ ok: true, ...simulation }));
    else for (const line of formatLimitSimulation(toPlainText(simulation), terminal.outPaint)) terminal.out(line);
    return EXIT_OK;
  } catch (error) {
    progress.end();
    if (error instanceof BlueprintError) return tellClash(error, file, terminal, isJson);
    if (error instanceof Error && "syscall" in error) return refuse(`a log can't be read: ${error.message}`);
    throw error;
  }
}

function readWanted(values: CommandLine["values"]): Wanted | string {
  const { log, top, limit, from, until } = values;
  const logs = Array.isArray(log) ? log.map(String) : [];
  if (logs.length === 0) return "name the access log with --log FILE; --log - reads standard input";
  if (logs.filter((name) => name === "-").length > 1) return "--log - can be given once";
  if (top !== undefined && !/^(?:[1-9]\d{0,2}|1000)$/.test(String(top))) return `--top takes a number from 1 to 1000, got "${top}"`;
  const [fromMs, untilMs] = [readDate(from), readDate(until)];
  if (fromMs === null) return `--from takes a date such as 2026-01-31 or 2026-01-31T12:00:00Z, got "${from}"`;
  if (untilMs === null) return `--until takes a date such as 2026-01-31 or 2026-01-31T12:00:00Z, got "${until}"`;
  if (fromMs !== undefined && untilMs !== undefined && fromMs >= untilMs) return "--from must be before --until";
  return {
    logs,
    top: top === undefined ? DEFAULT_TOP : Number(top),
    limit: limit === undefined ? undefined : String(limit),
    fromMs,
    untilMs,
  };
}

/** Undefined: nothing was said. Null: it is no date. */
function readDate(value: CommandLine["values"][string]): number | undefined | null {
  if (value === undefined) return undefined;
  const ms = DATE.test(String(value)) ? Date.parse(String(value)) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

/** A sentence where one is no file. */
function openLogs(names: readonly string[], openInput: () => AsyncIterable<Uint8Array>, progress: Progress): AccessLog[] | string {
  const read = { bytes: 0, lines: 0 };
  let totalBytes: number | null = 0;
  for (const name of names) {
    if (name === "-") {
      totalBytes = null;
      continue;
    }
    try {
      const stat = statSync(name);
      if (stat.isDirectory()) return `--log ${name} is a folder: name the files in it`;
      // What is no plain file (a pipe) does not say how much it has.
      totalBytes = totalBytes === null || !stat.isFile() ? null : totalBytes + stat.size;
    } catch (error) {
      return `--log ${name} can't be read: ${error instanceof Error ? error.message : String(error)}`;
    }
  }
  const onRead = (bytes: number, lines: number) => {
    read.bytes += bytes;
    read.lines += lines;
    progress.show({ share: totalBytes === null || totalBytes === 0 ? null : Math.min(1, read.bytes / totalBytes), count: read.lines });
  };
  return names.map((name) =>
    name === "-" ? readLogLines("standard input", openInput(), onRead) : readLogLines(name, openLater(name), onRead),
  );
}

/** Opened when it is read, so that whoever reads hears of it when it can't be. */
async function* openLater(name: string): AsyncGenerator<Uint8Array> {
  yield* createReadStream(name, { highWaterMark: CHUNK_BYTES }) as AsyncIterable<Uint8Array>;
}

function tellClash({ messages }: BlueprintError, file: string, terminal: Terminal, isJson: boolean): number {
  if (isJson) terminal.out(JSON.stringify({ ok: false, error: messages.join("\n") }));
  else for (const message of messages) terminal.err(`${terminal.paint.bad(`${file}:`)} ${message}`);
  return EXIT_CONFIG;
}
