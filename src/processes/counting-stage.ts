// Workers that count at one desk without processes, for tests: messages go as JSON, in order, when a turn of everybody's event loop ends.
import assert from "node:assert/strict";
import { FakeClock } from "../base/index.ts";
import { Ask, type Meter, Take } from "../limits/index.ts";
import { AskedCounters } from "./asked-counters.ts";
import { CounterDesk, type CountingWorker } from "./counter-desk.ts";
import { type CountedMessage, type CountingMessage, type CountMessage, readWorkerMessage } from "./messages.ts";
import type { OwnCounters } from "./own-counters.ts";

/** Counts up to the rule's limit, until something is given back: a window that never ends. */
export class PlainCounters implements OwnCounters {
  readonly units = new Map<string, number>();
  /** Ids of concurrency's. */
  readonly #busy = new Set<string>();
  readonly #limitOf: (meter: Meter) => number;
  takes = 0;
  isClosed = false;

  constructor(limitOf: (meter: Meter) => number = limitIn) {
    this.#limitOf = limitOf;
  }

  take(take: Take): boolean {
    this.takes++;
    for (const ask of take.asks) ask.isAdmitted = this.of(ask.meter, ask.key) + ask.cost <= this.#limitOf(ask.meter);
    for (const ask of take.asks) {
      const isCounted = take.isAdmitted && ask.isAdmitted;
      if (isCounted) this.hold(ask.meter, ask.key, ask.cost);
      ask.remaining = this.#limitOf(ask.meter) - this.of(ask.meter, ask.key);
      ask.resetMs = 5000;
      ask.retryMs = ask.isAdmitted || ask.meter.rule.kind === "concurrency" ? 0 : 5000;
      if (isCounted && ask.meter.rule.kind === "concurrency") ask.lease = this;
    }
    return true;
  }

  of(meter: Meter, key: string): number {
    return this.units.get(`${meter.id} ${key}`) ?? 0;
  }

  hold(meter: Meter, key: string, units: number): void {
    if (meter.rule.kind === "concurrency") this.#busy.add(meter.id);
    this.units.set(`${meter.id} ${key}`, this.of(meter, key) + units);
  }

  charge(meter: Meter, key: string, units: number): void {
    this.hold(meter, key, units);
  }

  release(ask: Ask): void {
    if (ask.lease === null) return;
    ask.lease = null;
    this.hold(ask.meter, ask.key, -ask.cost);
  }

  retain(ids: ReadonlySet<string>): void {
    for (const name of [...this.units.keys()]) {
      const id = name.slice(0, name.lastIndexOf(" "));
      if (!ids.has(id) && !this.#busy.has(id)) this.units.delete(name);
    }
  }

  close(): void {
    this.isClosed = true;
  }
}

function limitIn({ rule }: Meter): number {
  return "limit" in rule ? rule.limit : 0;
}

export function makeWindow(limit: number, more: Partial<Meter> = {}): Meter {
  return {
    limit: "window",
    tier: "",
    id: `window-${limit}`,
    rule: { kind: "fixedWindow", limit, windowMs: 60_000 },
    onStoreFailure: null,
    isDryRun: false,
    ...more,
  };
}

export function makeConcurrency(limit: number): Meter {
  return { ...makeWindow(limit), limit: "busy", id: `busy-${limit}`, rule: { kind: "concurrency", limit } };
}

export class StagedWorker implements CountingWorker {
  readonly #stage: CountingStage;
  readonly local: OwnCounters;
  readonly counters: AskedCounters;
  onCount: CountingWorker["onCount"] = null;
  readonly sent: CountMessage[] = [];
  readonly killedFor: string[] = [];
  /** In the order in which they were decided, the synchronous ones too. */
  readonly decided: Take[] = [];

  constructor(stage: CountingStage, local: OwnCounters) {
    this.#stage = stage;
    this.local = local;
    this.counters = new AskedCounters({
      local,
      clock: stage.clock,
      send: (message) => this.say(message),
      defer: (callback) => stage.defer(callback),
    });
  }

  say(message: CountMessage): void {
    this.sent.push(message);
    this.#stage.toDesk.push(() => {
      const heard = readWorkerMessage(JSON.parse(JSON.stringify(message)));
      assert.equal(heard.type, "count");
      this.onCount?.(heard);
    });
  }

  tellCounting(message: CountedMessage | CountingMessage): void {
    const heard = JSON.parse(JSON.stringify(message)) as CountedMessage | CountingMessage;
    this.#stage.toWorkers.push(() => {
      this.counters.receive(heard);
    });
  }

  kill(reason: string): void {
    this.killedFor.push(reason);
  }

  /** Whether it was decided at once is in `decided`. */
  ask(meter: Meter, key = "k", cost = 1): Ask {
    const ask = new Ask(meter, key, cost);
    this.take([ask]);
    return ask;
  }

  take(asks: readonly Ask[]): Take {
    const take = new Take(asks, { onDecided: (decided) => this.decided.push(decided) });
    if (this.counters.take(take)) this.decided.push(take);
    return take;
  }
}

export class CountingStage {
  readonly clock: FakeClock;
  readonly counters: OwnCounters;
  readonly desk: CounterDesk;
  readonly deferred: (() => void)[] = [];
  readonly toDesk: (() => void)[] = [];
  readonly toWorkers: (() => void)[] = [];
  /** The supervisor hears nothing. */
  isHung = false;
  /** Turns end by themselves. */
  isPrompt = false;
  readonly #make: () => OwnCounters;

  constructor(clock = new FakeClock(), make: () => OwnCounters = () => new PlainCounters()) {
    this.clock = clock;
    this.#make = make;
    this.counters = make();
    this.desk = new CounterDesk(this.counters, this.clock);
  }

  /** Starts a worker. */
  hire(): StagedWorker {
    const worker = new StagedWorker(this, this.#make());
    this.desk.attend(worker);
    worker.counters.greet();
    return worker;
  }

  /** At once, so that none of several was alone. */
  hireSome(count: number): StagedWorker[] {
    const workers = Array.from({ length: count }, () => this.hire());
    this.turn();
    // What they said to begin with.
    for (const { sent } of workers) sent.length = 0;
    return workers;
  }

  defer(callback: () => void): void {
    this.deferred.push(callback);
    if (this.isPrompt) setImmediate(() => this.turn());
  }

  /** Everything that waits for no clock happens. */
  turn(): void {
    for (;;) {
      const next = this.deferred.shift() ?? (this.isHung ? undefined : this.toDesk.shift()) ?? this.toWorkers.shift();
      if (next === undefined) return;
      next();
    }
  }

  pass(ms: number): void {
    this.clock.advance(ms);
    this.turn();
  }
}
