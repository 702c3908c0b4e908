// Memory per idle keep-alive connection: connections that were used once and then rest.
// Each round starts a fresh process, because a heap that has grown once does not grow again.
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { checkPinned, isRunner, type Place, type Runner, type Skipped, startEntry } from "./field.ts";
import { IDLE_JOB } from "./jobs.ts";
import type { Options } from "./options.ts";
import { requestHead, wholeSize } from "./probe.ts";
import { readTreeMemory } from "./proc.ts";
import { runLoad } from "./wrk.ts";

export interface IdleFigure {
  readonly contestant: string;
  readonly round: number;
  readonly basePssKiB: number;
  /** Growth of the tree's PSS over the number of connections; kernel memory of sockets is in no process and not in it. */
  readonly kibPerConnection: number;
  /** The same from the first half of the connections to all: free of what the first ones cost once. */
  readonly kibPerLaterConnection: number;
}

export interface IdleResult {
  readonly figures: readonly IdleFigure[];
  readonly skipped: readonly Skipped[];
  readonly connections: number;
}

const ROUNDS = 2;
const SETTLE_MS = 3_000;
const AT_ONCE = 50;
// Ten clients, not one, so that no bound on connections per address comes into play.
const SOURCES = 10;

export async function runIdleJob(options: Options, place: Place, wrk: string): Promise<IdleResult> {
  const entries = IDLE_JOB.entries.filter(
    (entry) => options.only === null || entry.contestant === "nginx" || options.only.includes(entry.contestant),
  );
  const figures: IdleFigure[] = [];
  const skipped: Skipped[] = [];
  for (let round = 0; round < Math.min(ROUNDS, options.rounds); round++) {
    for (const entry of entries) {
      const one = await startEntry(entry, place);
      if (isRunner(one)) figures.push(await measureIdle(one, round, options, wrk));
      else if (round === 0) skipped.push(one);
    }
  }
  return { figures, skipped, connections: IDLE_JOB.connections };
}

async function measureIdle(runner: Runner, round: number, options: Options, wrk: string): Promise<IdleFigure> {
  const sockets: Socket[] = [];
  const pssKiB = (): number => readTreeMemory(runner.child.pid).pssKiB;
  try {
    // Compilers and pools do their growing before the base is taken.
    const url = `http://127.0.0.1:${runner.port}/small`;
    await runLoad(wrk, options.loadCore, { url, connections: 16, seconds: 1, headers: [], paths: [], responseBytes: 1 });
    checkPinned(runner, options.contestantCore);
    await sleep(SETTLE_MS);
    const base = pssKiB();
    const half = IDLE_JOB.connections / 2;
    await openIdle(sockets, half, runner.port);
    await sleep(SETTLE_MS);
    const atHalf = pssKiB();
    await openIdle(sockets, IDLE_JOB.connections, runner.port);
    await sleep(SETTLE_MS);
    const atFull = pssKiB();
    const open = sockets.filter((socket) => socket.readyState === "open").length;
    if (open !== IDLE_JOB.connections) throw new Error(`${runner.label} kept ${open} of ${IDLE_JOB.connections} idle connections`);
    return {
      contestant: runner.label,
      round,
      basePssKiB: base,
      kibPerConnection: (atFull - base) / IDLE_JOB.connections,
      kibPerLaterConnection: (atFull - atHalf) / half,
    };
  } finally {
    for (const socket of sockets) socket.destroy();
    await runner.child.stop();
  }
}

async function openIdle(sockets: Socket[], upTo: number, port: number): Promise<void> {
  while (sockets.length < upTo) {
    const batch = Array.from({ length: Math.min(AT_ONCE, upTo - sockets.length) }, (_, i) => useOnce(port, `127.0.0.${2 + (i % SOURCES)}`));
    sockets.push(...(await Promise.all(batch)));
  }
}

function useOnce(port: number, localAddress: string): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", localAddress });
    let received = Buffer.alloc(0);
    socket.once("error", reject);
    socket.on("connect", () => socket.write(requestHead(port, "/small", [])));
    socket.on("data", (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (wholeSize(received) !== received.length) return;
      if (received.toString("latin1", 9, 12) === "200") resolve(socket);
      else reject(new Error(`idle connection got ${received.toString("latin1", 0, 200)}`));
    });
  });
}
