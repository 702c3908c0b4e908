// What the processes of a gateway hold, asked of look-probe.ts in them, and whether that grew.

import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { toMiB, waitFor } from "../e2e/processes.ts";
import type { GatewayFixture } from "./gateway-fixture.ts";

export interface Held {
  /** Without garbage. */
  readonly heapBytes: number;
  readonly rssBytes: number;
  readonly timers: number;
  readonly descriptors: number;
}

const PROBE = fileURLToPath(new URL("./look-probe.ts", import.meta.url));
const ANSWER_MS = 60_000;

/** For `skip`: why nobody can look here, else false. */
export function cannotLook(): string | false {
  return process.platform === "linux" ? false : "descriptors are counted in /proc";
}

/** For the environment of a gateway. */
export function lookEnvironment(folder: string): Record<string, string> {
  return { SALLYPORT_LOOK_FOLDER: folder, NODE_OPTIONS: `--import=${PROBE}`, BUN_OPTIONS: `--preload=${PROBE}` };
}

/** By process: `supervisor`, `worker 0`. */
export async function lookAt(gateway: GatewayFixture, folder: string): Promise<ReadonlyMap<string, Held>> {
  const { pid, workers } = await gateway.status();
  const held = new Map<string, Held>([["supervisor", await ask(pid, folder)]]);
  for (const worker of workers) held.set(`worker ${worker.slot}`, await ask(worker.pid, folder));
  return held;
}

async function ask(pid: number, folder: string): Promise<Held> {
  const file = `${folder}/held-${pid}`;
  rmSync(file, { force: true });
  writeFileSync(`${folder}/look-${pid}`, "");
  await waitFor(() => existsSync(file), ANSWER_MS, `what process ${pid} holds`);
  return JSON.parse(readFileSync(file, "utf8")) as Held;
}

export interface Bounds {
  readonly heapBytes: number;
  readonly rssBytes: number;
  readonly timers: number;
  readonly descriptors: number;
}

/** What grew by more than it may, in words. */
export function findGrowth(before: ReadonlyMap<string, Held>, after: ReadonlyMap<string, Held>, most: Bounds): string[] {
  const found: string[] = [];
  for (const [name, now] of after) {
    const then = before.get(name);
    if (then === undefined) found.push(`${name} is another`);
    else
      for (const key of ["heapBytes", "rssBytes", "timers", "descriptors"] as const) {
        if (now[key] - then[key] > most[key]) found.push(`${name}: ${key} from ${then[key]} to ${now[key]}`);
      }
  }
  return found;
}

export function toHeldText(held: ReadonlyMap<string, Held>): string {
  return [...held]
    .map(
      ([name, one]) =>
        `${name}: heap ${toMiB(one.heapBytes)}, resident ${toMiB(one.rssBytes)}, ${one.timers} timers, ${one.descriptors} descriptors`,
    )
    .join("; ");
}
