// CPU time and memory of a process tree, from Linux's /proc. Synchronous on purpose: also used while exiting.
// Not a sampler: read it while the tree is idle, before and after a slice, because the kernel adds the time of a
// running task to its schedstat only at the next tick or switch.
import { readdirSync, readFileSync } from "node:fs";

/** USER_HZ; 100 on every Linux that Node or Bun run on. */
export const TICK_MS = 10;

export interface TreeTimes {
  /** Nanoseconds on a CPU since birth, by thread id. Threads that have ended are not in it. */
  readonly nsByTask: ReadonlyMap<number, number>;
  /** utime + stime of the processes in ms, ended threads included, in steps of 10 ms a process: the check on the above. */
  readonly ticksMs: number;
}

export interface TreeMemory {
  readonly rssKiB: number;
  /** Shared pages divided by the number of their users: what a second process of the same kind would add. */
  readonly pssKiB: number;
}

export interface ProcessStat {
  readonly parent: number;
  readonly ticks: number;
}

/** Reads a line of /proc/PID/stat. The command name may hold blanks and parentheses, so fields are counted from the last `)`. */
export function parseProcessStat(line: string): ProcessStat {
  const fields = line.slice(line.lastIndexOf(")") + 2).split(" ");
  return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
}

/** First field of schedstat: nanoseconds spent on a CPU. */
export function parseSchedstatNs(text: string): number {
  return Number(text.split(" ", 1)[0]);
}

export function parseSmapsRollup(text: string): TreeMemory {
  return { rssKiB: Number(/^Rss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0), pssKiB: Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) };
}

/** Ticks that a core spent on anything but idling and waiting, from the text of /proc/stat; null when there is no such core. */
export function parseCoreBusyTicks(text: string, core: number): number | null {
  const line = new RegExp(`^cpu${core} (.*)$`, "m").exec(text)?.[1];
  if (line === undefined) return null;
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = line.split(" ").map(Number);
  return user + nice + system + irq + softirq;
}

/** Nanoseconds between two readings; `vanished` counts threads that ended in between and took their last part with them. */
export function cpuBetween(before: TreeTimes, after: TreeTimes): { readonly ns: number; readonly vanished: number } {
  let ns = 0;
  for (const [task, at] of after.nsByTask) ns += at - (before.nsByTask.get(task) ?? 0);
  let vanished = 0;
  for (const task of before.nsByTask.keys()) if (!after.nsByTask.has(task)) vanished++;
  return { ns, vanished };
}

/** The process and all its descendants; those that were adopted by init are not found. */
export function treePids(root: number): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const line = readOrNull(`/proc/${name}/stat`);
    if (line === null) continue;
    const parent = parseProcessStat(line).parent;
    const siblings = children.get(parent);
    if (siblings) siblings.push(Number(name));
    else children.set(parent, [Number(name)]);
  }
  const found = [root];
  for (let i = 0; i < found.length; i++) found.push(...(children.get(found[i] ?? 0) ?? []));
  return found;
}

export function readTreeTimes(root: number): TreeTimes {
  const nsByTask = new Map<number, number>();
  let ticks = 0;
  for (const pid of treePids(root)) {
    const stat = readOrNull(`/proc/${pid}/stat`);
    if (stat === null) continue;
    ticks += parseProcessStat(stat).ticks;
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const text = readOrNull(`/proc/${pid}/task/${task}/schedstat`);
      if (text !== null) nsByTask.set(Number(task), parseSchedstatNs(text));
    }
  }
  return { nsByTask, ticksMs: ticks * TICK_MS };
}

export function readTreeMemory(root: number): TreeMemory {
  let rssKiB = 0;
  let pssKiB = 0;
  for (const pid of treePids(root)) {
    const memory = parseSmapsRollup(readOrNull(`/proc/${pid}/smaps_rollup`) ?? "");
    rssKiB += memory.rssKiB;
    pssKiB += memory.pssKiB;
  }
  return { rssKiB, pssKiB };
}

/** The cores that the threads of the tree may run on, each spelling once: ["0"] when every thread is pinned to core 0. */
export function readTreeCores(root: number): string[] {
  const spellings = new Set<string>();
  for (const pid of treePids(root)) {
    for (const task of readdirSync(`/proc/${pid}/task`)) {
      const cores = /^Cpus_allowed_list:\s+(.*)$/m.exec(readOrNull(`/proc/${pid}/task/${task}/status`) ?? "")?.[1];
      if (cores !== undefined) spellings.add(cores);
    }
  }
  return [...spellings];
}

export function readCoreBusyMs(core: number): number {
  return (parseCoreBusyTicks(readFileSync("/proc/stat", "latin1"), core) ?? 0) * TICK_MS;
}

// A process or thread may end between listing and reading it.
function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "latin1");
  } catch {
    return null;
  }
}
