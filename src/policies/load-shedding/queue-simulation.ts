// A service with a queue, and clients that do not wait for ever: what load shedding is tried on. Deterministic: its own clock and random numbers.
//
// Requests arrive at random (Poisson). The service works on `workers` of them at once, for an exponentially distributed time each, and keeps
// the others in the order in which they came (M/M/c). It does not hear of clients that left: it works for them too.

import { FakeClock } from "../../base/index.ts";
import { PRIORITIES, type Priority, type SheddingConfig } from "../../config/index.ts";
import { LoadShedder } from "./load-shedder.ts";
import type { UsualLatency } from "./usual-latency.ts";

export interface RouteOfLoad {
  readonly name: string;
  readonly priority: Priority;
  /** Of all requests. */
  readonly share: number;
  /** Mean time that a worker takes for one, at `speed` 1. */
  readonly workMs: number;
}

/** What holds from `fromMs` on. */
export interface Phase {
  readonly fromMs: number;
  readonly perSecond: number;
  /** Of the service: 0.1 takes ten times as long. */
  readonly speed: number;
}

export interface Scenario {
  readonly workers: number;
  readonly routes: readonly RouteOfLoad[];
  readonly phases: readonly Phase[];
  readonly untilMs: number;
  /** How long clients wait. */
  readonly patienceMs: number;
  /** Null: everybody is let in. */
  readonly shedding: SheddingConfig | null;
  /** Machines or workers that send to the service, each with a shedder of its own. */
  readonly senders?: number;
  readonly seed?: number;
}

/** What happened in one second. */
export interface Second {
  offered: number;
  shed: number;
  /** Answered while the client was there. */
  good: number;
  late: number;
  /** Of all senders; 0 where nothing is shed. */
  limit: number;
  /** Under way at the second's end. */
  inFlight: number;
  readonly latenciesMs: number[];
}

export interface ClassCount {
  offered: number;
  shed: number;
  good: number;
}

export interface Outcome {
  readonly seconds: readonly Second[];
  readonly byPriority: Readonly<Record<Priority, ClassCount>>;
  readonly byRoute: ReadonlyMap<string, ClassCount>;
  /** Limit and requests under way, each 100 ms. */
  readonly trace: readonly { readonly atMs: number; readonly limit: number; readonly inFlight: number }[];
}

interface Sender {
  readonly shedder: LoadShedder;
  readonly usual: ReadonlyMap<RouteOfLoad, UsualLatency>;
}

interface Job {
  readonly route: RouteOfLoad;
  readonly sender: Sender | null;
  readonly arrivedMs: number;
  endsMs: number;
}

/** mulberry32: the same numbers on every machine. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

class Simulation {
  readonly #scenario: Scenario;
  readonly #clock = new FakeClock(1000);
  readonly #originMs = this.#clock.now();
  readonly #senders: readonly Sender[];
  readonly #random: () => number;
  /** By when they end: a heap would be quicker, and is not needed. */
  readonly #working: Job[] = [];
  readonly #queue: Job[] = [];
  #queueAt = 0;
  #inFlight = 0;
  readonly #seconds: Second[] = [];
  readonly #byPriority: Record<Priority, ClassCount>;
  readonly #byRoute = new Map<string, ClassCount>();
  readonly #trace: { atMs: number; limit: number; inFlight: number }[] = [];

  constructor(scenario: Scenario) {
    this.#scenario = scenario;
    this.#random = randomOf(scenario.seed ?? 1);
    const { routes, shedding, senders = 1 } = scenario;
    const create = (settings: SheddingConfig): Sender => {
      const shedder = new LoadShedder(settings, this.#clock);
      return { shedder, usual: new Map(routes.map((route) => [route, shedder.usualOf(route.name)])) };
    };
    this.#senders = shedding === null ? [] : Array.from({ length: senders }, () => create(shedding));
    const counts = PRIORITIES.map((priority) => [priority, { offered: 0, shed: 0, good: 0 }] as const);
    this.#byPriority = Object.fromEntries(counts) as Record<Priority, ClassCount>;
    for (const { name } of routes) this.#byRoute.set(name, { offered: 0, shed: 0, good: 0 });
  }

  get #nowMs(): number {
    return this.#clock.now() - this.#originMs;
  }

  run(): Outcome {
    const { untilMs } = this.#scenario;
    let nextArrivalMs = this.#wait(1000 / this.#phase().perSecond);
    let nextLookMs = 0;
    for (;;) {
      const nextEndMs = this.#working[0]?.endsMs ?? Number.POSITIVE_INFINITY;
      const atMs = Math.min(nextArrivalMs, nextEndMs, nextLookMs);
      if (atMs >= untilMs) break;
      this.#clock.advance(atMs - this.#nowMs);
      if (atMs === nextLookMs) {
        this.#look();
        nextLookMs += 100;
      } else if (atMs === nextEndMs) this.#end();
      else {
        this.#arrive();
        nextArrivalMs = atMs + this.#wait(1000 / this.#phase().perSecond);
      }
    }
    return { seconds: this.#seconds, byPriority: this.#byPriority, byRoute: this.#byRoute, trace: this.#trace };
  }

  #wait(meanMs: number): number {
    return -Math.log(1 - this.#random()) * meanMs;
  }

  #phase(): Phase {
    const begun = this.#scenario.phases.filter(({ fromMs }) => fromMs <= this.#nowMs);
    return begun[begun.length - 1] as Phase;
  }

  #second(): Second {
    const index = Math.floor(this.#nowMs / 1000);
    while (this.#seconds.length <= index) {
      this.#seconds.push({ offered: 0, shed: 0, good: 0, late: 0, limit: 0, inFlight: 0, latenciesMs: [] });
    }
    return this.#seconds[index] as Second;
  }

  #look(): void {
    const second = this.#second();
    second.limit = this.#senders.reduce((sum, { shedder }) => sum + shedder.limit, 0);
    second.inFlight = this.#inFlight;
    this.#trace.push({ atMs: this.#nowMs, limit: second.limit, inFlight: this.#inFlight });
  }

  #counts(route: RouteOfLoad): readonly ClassCount[] {
    return [this.#byPriority[route.priority], this.#byRoute.get(route.name) as ClassCount];
  }

  #pick(): RouteOfLoad {
    const { routes } = this.#scenario;
    let at = this.#random();
    for (const route of routes) {
      at -= route.share;
      if (at < 0) return route;
    }
    return routes[routes.length - 1] as RouteOfLoad;
  }

  #arrive(): void {
    const route = this.#pick();
    const second = this.#second();
    second.offered++;
    for (const count of this.#counts(route)) count.offered++;
    const sender = this.#senders[Math.floor(this.#random() * this.#senders.length)] ?? null;
    if (sender?.shedder.admit(PRIORITIES.indexOf(route.priority), this.#clock.now()) === false) {
      second.shed++;
      for (const count of this.#counts(route)) count.shed++;
      return;
    }
    this.#inFlight++;
    const job: Job = { route, sender, arrivedMs: this.#nowMs, endsMs: 0 };
    if (this.#working.length < this.#scenario.workers) this.#begin(job);
    else this.#queue.push(job);
  }

  #begin(job: Job): void {
    job.endsMs = this.#nowMs + this.#wait(job.route.workMs / this.#phase().speed);
    let at = this.#working.length;
    while (at > 0 && (this.#working[at - 1] as Job).endsMs > job.endsMs) at--;
    this.#working.splice(at, 0, job);
  }

  #end(): void {
    const { route, sender, arrivedMs } = this.#working.shift() as Job;
    this.#inFlight--;
    const tookMs = this.#nowMs - arrivedMs;
    const second = this.#second();
    if (tookMs > this.#scenario.patienceMs) second.late++;
    else {
      second.good++;
      second.latenciesMs.push(tookMs);
      for (const count of this.#counts(route)) count.good++;
    }
    sender?.shedder.releaseAnswered(sender.usual.get(route) as UsualLatency, arrivedMs + this.#originMs, this.#clock.now());
    if (this.#queueAt < this.#queue.length) this.#begin(this.#queue[this.#queueAt++] as Job);
  }
}

export function simulate(scenario: Scenario): Outcome {
  return new Simulation(scenario).run();
}

/** Of seconds `from` to before `to`, each second's mean; `p99Ms` of those that were answered in time. */
export function summarise(
  { seconds }: Outcome,
  from: number,
  to: number,
): { good: number; shed: number; late: number; p50Ms: number; p99Ms: number } {
  const chosen = seconds.slice(from, to);
  const mean = (read: (second: Second) => number) => chosen.reduce((sum, second) => sum + read(second), 0) / chosen.length;
  const latencies = chosen.flatMap(({ latenciesMs }) => latenciesMs).sort((a, b) => a - b);
  const quantile = (share: number) => latencies[Math.floor(latencies.length * share)] ?? Number.POSITIVE_INFINITY;
  return {
    good: mean(({ good }) => good),
    shed: mean(({ shed }) => shed),
    late: mean(({ late }) => late),
    p50Ms: quantile(0.5),
    p99Ms: quantile(0.99),
  };
}
