// Latency at a steady rate, below what the contestants can do: requests are sent when they are due, whatever has become of those before, so
// that waiting counts. All contestants of a runtime run side by side and are asked in turn; a figure is the difference to the one without.
import { connect, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { checkPinned, isRunner, type Place, type Runner, type Skipped, startEntry } from "./field.ts";
import { STEADY_JOB } from "./jobs.ts";
import type { Options } from "./options.ts";

export interface SteadyFigure {
  readonly contestant: string;
  readonly round: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** Beyond the p50 of the one without, in the same round. */
  readonly addedMs: number;
}

export interface SteadyResult {
  readonly figures: readonly SteadyFigure[];
  readonly skipped: readonly Skipped[];
}

/** Timers are no finer. */
const TICK_MS = 1;
const LATE_MS = 5000;
const END_OF_HEAD = "\r\n\r\n";

export async function runSteadyJob(options: Options, place: Place): Promise<SteadyResult> {
  const figures: SteadyFigure[] = [];
  const skipped: Skipped[] = [];
  for (const [baseline, entries] of STEADY_JOB.fields) {
    const chosen = entries.filter(
      ({ contestant }) => options.only === null || contestant === baseline || options.only.includes(contestant),
    );
    if (chosen.length < 2) continue;
    const runners: Runner[] = [];
    try {
      for (const entry of chosen) {
        const one = await startEntry(entry, place);
        if (isRunner(one)) runners.push(one);
        else skipped.push(one);
      }
      for (const runner of runners) await measure(runner.port, options.sliceSeconds);
      for (let round = 0; round < options.rounds; round++) figures.push(...(await runRound(runners, baseline, round, options)));
    } finally {
      for (const { child } of runners) await child.stop();
    }
  }
  return { figures, skipped };
}

async function runRound(runners: readonly Runner[], baseline: string, round: number, options: Options): Promise<SteadyFigure[]> {
  const order = round % 2 === 0 ? runners : runners.toReversed();
  const measured = new Map<string, readonly number[]>();
  for (const runner of order) {
    checkPinned(runner, options.contestantCore);
    measured.set(runner.label, await measure(runner.port, options.sliceSeconds));
  }
  const base = at(measured.get(baseline) ?? [], 0.5);
  return [...measured].map(([contestant, latencies]) => {
    const p50Ms = at(latencies, 0.5);
    return { contestant, round, p50Ms, p99Ms: at(latencies, 0.99), addedMs: p50Ms - base };
  });
}

/** Latencies in ms, in order. Rejects when an answer is not a 200 or does not come. */
async function measure(port: number, seconds: number): Promise<readonly number[]> {
  const clients = Array.from({ length: STEADY_JOB.connections }, () => new Asker(port));
  await Promise.all(clients.map(({ opened }) => opened));
  const count = STEADY_JOB.perSecond * seconds;
  const beganMs = performance.now();
  for (let sent = 0; sent < count; ) {
    const due = Math.min(count, Math.floor(((performance.now() - beganMs) / 1000) * STEADY_JOB.perSecond));
    for (; sent < due; sent++) clients[sent % clients.length]!.ask();
    await sleep(TICK_MS);
  }
  const deadline = performance.now() + LATE_MS;
  while (clients.some(({ isWaiting }) => isWaiting)) {
    if (performance.now() > deadline) throw new Error(`not all requests were answered within ${LATE_MS} ms`);
    await sleep(TICK_MS);
  }
  const failure = clients.find(({ problem }) => problem !== null)?.problem ?? null;
  for (const client of clients) client.close();
  if (failure !== null) throw new Error(failure);
  return clients.flatMap(({ latencies }) => latencies).sort((a, b) => a - b);
}

/** One connection. What is due while an answer is out is sent behind it, and its wait counts. */
class Asker {
  readonly latencies: number[] = [];
  readonly opened: Promise<void>;
  problem: string | null = null;
  readonly #socket: Socket;
  readonly #request: string;
  readonly #due: number[] = [];
  #text = "";

  constructor(port: number) {
    this.#request = `GET ${STEADY_JOB.path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nUser-Agent: bench/1\r\n\r\n`;
    this.#socket = connect({ host: "127.0.0.1", port, noDelay: true });
    this.opened = new Promise((resolve, reject) => {
      this.#socket.once("connect", resolve);
      this.#socket.once("error", reject);
    });
    this.#socket.setEncoding("latin1").on("data", (text: string) => this.#read(text));
    this.#socket.on("close", () => {
      if (this.isWaiting) this.problem ??= "a connection was closed with requests under way";
      this.#due.length = 0;
    });
  }

  get isWaiting(): boolean {
    return this.#due.length > 0;
  }

  ask(): void {
    this.#due.push(performance.now());
    if (this.#due.length === 1) this.#socket.write(this.#request);
  }

  close(): void {
    this.#socket.destroy();
  }

  #read(text: string): void {
    this.#text += text;
    const end = this.#text.indexOf(END_OF_HEAD);
    if (end < 0) return;
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(this.#text.slice(0, end + 2))?.[1] ?? 0);
    if (this.#text.length < end + END_OF_HEAD.length + length) return;
    if (!this.#text.startsWith("HTTP/1.1 200 ")) this.problem ??= `an answer of ${this.#text.slice(0, 40)}`;
    this.#text = this.#text.slice(end + END_OF_HEAD.length + length);
    this.latencies.push(performance.now() - this.#due.shift()!);
    if (this.#due.length > 0) this.#socket.write(this.#request);
  }
}

function at(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
