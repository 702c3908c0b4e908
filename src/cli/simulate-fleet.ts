// `sallyport simulate fleet`: what limits that many gateways share admit, by algorithm and mode, with a store that goes away now and then.

import { writeFileSync } from "node:fs";
import { type FleetOptions, formatFleetReport, plotFleetReport, simulateFleet } from "../limits/fleet/index.ts";
import type { CommandLine } from "./commands.ts";
import { EXIT_OK } from "./exit-codes.ts";
import { Progress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

/** What all requests together may be: they are held in memory. */
const MOST_REQUESTS = 50_000_000;

const NUMBERS = [
  ["nodes", 1, 1000],
  ["rate", 1, 10_000_000],
  ["seconds", 10, 3600],
  ["seed", 0, 2 ** 31 - 1],
] as const;

export async function simulateFleetOf(
  values: CommandLine["values"],
  terminal: Terminal,
  refuse: (problem: string) => number,
): Promise<number> {
  const options = readOptions(values);
  if (typeof options === "string") return refuse(options);
  const progress = new Progress(terminal, "scenarios");
  const report = await simulateFleet({
    ...options,
    onProgress: (done, scenarios) => progress.show({ share: done / scenarios, count: done }),
  });
  progress.end();
  const { svg } = values;
  if (typeof svg === "string") {
    try {
      writeFileSync(svg, plotFleetReport(report));
    } catch (error) {
      return refuse(`--svg ${svg} can't be written: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  if (values["json"] === true) terminal.out(JSON.stringify({ ok: true, ...report }));
  else terminal.out(formatFleetReport(report).trimEnd());
  return EXIT_OK;
}

function readOptions(values: CommandLine["values"]): FleetOptions | string {
  const read: Partial<Record<(typeof NUMBERS)[number][0], number>> = {};
  for (const [name, least, most] of NUMBERS) {
    const text = values[name];
    if (text === undefined) continue;
    const value = /^\d{1,10}$/.test(String(text)) ? Number(text) : Number.NaN;
    if (!(value >= least && value <= most)) return `--${name} takes a whole number from ${least} to ${most}, got "${text}"`;
    read[name] = value;
  }
  const { rate = 100_000, seconds = 10, nodes, seed } = read;
  if (rate * seconds > MOST_REQUESTS) return `--rate and --seconds make ${rate * seconds} requests; ${MOST_REQUESTS} fit into memory`;
  return {
    requestsPerSecond: rate,
    seconds,
    ...(nodes !== undefined && { nodes }),
    ...(seed !== undefined && { seed }),
  };
}
