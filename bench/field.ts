// The contestants of a job, started and proven to answer. One that can't start is skipped with its reason;
// one that answers wrongly fails the run, because its figures would be of another job.
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { type Child, freePorts, startPinned } from "./child.ts";
import { CONTESTANTS, type Setting } from "./contestants/index.ts";
import { type Entry, type TlsWay, toLabel, type Wire } from "./jobs.ts";
import { readTreeCores } from "./proc.ts";
import type { Upstream } from "./upstream.ts";

export interface Runner {
  readonly label: string;
  readonly folder: string;
  readonly accessLogFile: string;
  readonly port: number;
  readonly child: Child;
}

export interface Skipped {
  readonly label: string;
  readonly reason: string;
}

export interface Place {
  readonly folder: string;
  readonly upstream: Upstream;
  readonly core: number;
}

/** Starts one contestant pinned to the place's core; a Skipped when it can't take part here. */
export async function startEntry(entry: Entry, place: Place, way: TlsWay = "plain"): Promise<Runner | Skipped> {
  const label = toLabel(entry);
  const contestant = CONTESTANTS.find((one) => one.name === entry.contestant);
  if (contestant === undefined) throw new Error(`there is no contestant ${entry.contestant}`);
  const [port = 0, adminPort = 0] = await freePorts(2);
  const folder = join(place.folder, `${label}-${port}`);
  mkdirSync(folder, { recursive: true });
  const command = contestant.prepare({
    folder,
    port,
    adminPort,
    ...toUpstream(place, way, entry.wire ?? null),
    accessLog: entry.accessLog,
  });
  if (command instanceof Error) return { label, reason: command.message };
  const out = join(folder, "out");
  try {
    const child = await startPinned(command, place.core, port, out);
    return { label, folder, accessLogFile: contestant.accessLogFile ? join(folder, contestant.accessLogFile) : out, port, child };
  } catch (error) {
    return { label, reason: error instanceof Error ? error.message : String(error) };
  }
}

function toUpstream({ upstream }: Place, way: TlsWay, wire: Wire | null): Pick<Setting, "upstreamPort" | "wire" | "tls"> {
  if (way === "plain") return { upstreamPort: wire === "h2-h2" ? upstream.h2Port : upstream.port, wire, tls: null };
  if (upstream.tls === null) throw new Error("the upstream was started without TLS");
  const { files, port } = upstream.tls;
  return way === "in"
    ? { upstreamPort: upstream.port, wire, tls: { files, upstream: false } }
    : { upstreamPort: port, wire, tls: { files, upstream: true } };
}

export function isRunner(one: Runner | Skipped): one is Runner {
  return "child" in one;
}

/** Throws when any thread of the contestant may leave the core: some programs set their own affinity. */
export function checkPinned(runner: Runner, core: number): void {
  const cores = readTreeCores(runner.child.pid);
  if (cores.some((spelling) => spelling !== `${core}`))
    throw new Error(`${runner.label} runs on cores ${cores.join(" and ")}, not ${core} alone`);
}
