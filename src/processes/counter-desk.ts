// Counts for all workers: a limit with `store: local` holds for the gateway, however many processes it has, and over the life of each one.

import type { Clock } from "../base/index.ts";
import { Ask, type LimitRule, type Meter, type QuotaPeriod, Take, type TakeOwner } from "../limits/index.ts";
import type { CountedMessage, CountingMessage, CountMessage } from "./messages.ts";
import { MeterUses } from "./meter-uses.ts";
import type { OwnCounters } from "./own-counters.ts";

/** Who counts, as WorkerHandle does. */
export interface CountingWorker {
  onCount: ((message: CountMessage) => void) | null;
  tellCounting(message: CountedMessage | CountingMessage): void;
  /** It says what none should. */
  kill(reason: string): void;
}

/** What one worker has told, and what it holds. */
interface Attended {
  readonly meters: Meter[];
  /** Nothing that has not said a word yet can have counted. */
  isHeard: boolean;
  /** Units of concurrency, by the meter's id and the key. */
  readonly held: Map<string, Map<string, HeldUnits>>;
}

interface HeldUnits {
  readonly meter: Meter;
  units: number;
}

/** A message that waits. */
interface Held {
  readonly worker: CountingWorker;
  readonly message: CountMessage;
  readonly attended: Attended;
}

/** A worker's numbers are bounded by itself far below that. */
const MOST_METERS = 65_536;

const WINDOW = [
  ["limit", false],
  ["windowMs", true],
] as const;
/** The numbers of a rule of each kind, and which of them is divided by. */
const NUMBERS: ReadonlyMap<string, readonly (readonly [name: string, isDivisor: boolean])[]> = new Map<
  string,
  readonly (readonly [string, boolean])[]
>([
  ["fixedWindow", WINDOW],
  ["slidingWindow", WINDOW],
  ["slidingLog", WINDOW],
  [
    "tokenBucket",
    [
      ["ratePerMs", true],
      ["burst", false],
    ],
  ],
  [
    "leakyBucket",
    [
      ["ratePerMs", true],
      ["maxDelayMs", false],
    ],
  ],
  ["concurrency", [["limit", false]]],
  ["quota", [["limit", false]]],
]);

const PERIODS: ReadonlySet<unknown> = new Set<QuotaPeriod>(["hour", "day", "month"]);

/** The store of the desk decides at once. */
const NOBODY: TakeOwner = {
  onDecided: () => {
    throw new Error("counters of this process were to decide at once");
  },
};

export class CounterDesk {
  readonly #counters: OwnCounters;
  readonly #clock: Clock;
  readonly #uses: MeterUses;
  readonly #attended = new Map<CountingWorker, Attended>();
  #alone: CountingWorker | null = null;
  #hasCounted = false;
  /** That were told on who is alone. */
  #words = 0;
  /** It was alone, and may have counted what it has not told. */
  #awaited: CountingWorker | null = null;
  /** What others said meanwhile. */
  #held: Held[] = [];

  constructor(counters: OwnCounters, clock: Clock) {
    this.#counters = counters;
    this.#clock = clock;
    this.#uses = new MeterUses(counters);
  }

  /** Counts for it from now on. */
  attend(worker: CountingWorker): void {
    const attended: Attended = { meters: [], isHeard: false, held: new Map() };
    this.#attended.set(worker, attended);
    worker.onCount = (message) => {
      if (this.#awaited === null || this.#awaited === worker) this.#hear(worker, message, attended);
      else this.#held.push({ worker, message, attended });
    };
    this.#tellWhoIsAlone();
  }

  /** It has ended: what it holds is given back. */
  dismiss(worker: CountingWorker): void {
    const attended = this.#attended.get(worker);
    if (attended === undefined) return;
    this.#attended.delete(worker);
    worker.onCount = null;
    // What it asked and did not hear of is nobody's any more.
    this.#held = this.#held.filter((held) => held.worker !== worker);
    for (const keys of attended.held.values()) for (const [key, { meter, units }] of keys) this.#counters.hold(meter, key, -units);
    this.#tellWhoIsAlone();
    if (this.#awaited === worker) this.#goOn();
  }

  close(): void {
    this.#counters.close();
  }

  #tellWhoIsAlone(): void {
    const [only, another] = this.#attended;
    const alone = only !== undefined && another === undefined && only[1].isHeard ? only[0] : null;
    if (alone === this.#alone) return;
    if (this.#alone !== null && this.#attended.has(this.#alone)) {
      this.#tell(this.#alone, false);
      this.#awaited = this.#alone;
    }
    if (alone !== null) this.#tell(alone, true);
    this.#alone = alone;
  }

  #tell(worker: CountingWorker, isAlone: boolean): void {
    worker.tellCounting({ type: "counting", word: ++this.#words, isAlone, isFirst: isAlone && !this.#hasCounted });
  }

  #hear(worker: CountingWorker, message: CountMessage, attended: Attended): void {
    let answers: number[];
    try {
      answers = this.#count(message, attended);
    } catch (error) {
      // What it said behind that is on its way.
      worker.onCount = null;
      worker.kill(error instanceof Error ? error.message : String(error));
      return;
    }
    worker.tellCounting({ type: "counted", ask: message.ask, answers });
    if (!attended.isHeard) {
      attended.isHeard = true;
      this.#tellWhoIsAlone();
    }
    if (this.#awaited === worker && message.heard >= this.#words) this.#goOn();
  }

  /** All that was counted is told. */
  #goOn(): void {
    this.#awaited = null;
    const held = this.#held;
    this.#held = [];
    for (const { worker, message, attended } of held) if (this.#attended.has(worker)) this.#hear(worker, message, attended);
  }

  #count({ meters, isAnew, charges, takes }: CountMessage, attended: Attended): number[] {
    if (isAnew === true) attended.meters.length = 0;
    for (const meter of readArray(meters)) attended.meters.push(readMeter(meter));
    if (attended.meters.length > MOST_METERS) throw unheardOf("too many meters");
    const nowMs = this.#clock.now();
    this.#hasCounted ||= readArray(charges).length > 0 || readArray(takes).length > 0;
    this.#charge(new Reader(charges, attended.meters), attended, nowMs);
    const answers = this.#take(new Reader(takes, attended.meters), attended, nowMs);
    this.#uses.sweep(nowMs);
    return answers;
  }

  #charge(reader: Reader, attended: Attended, nowMs: number): void {
    while (!reader.isAtEnd) {
      const [meter, key, units] = [reader.meter(), reader.key(), reader.integer(Number.MIN_SAFE_INTEGER)];
      this.#uses.touch(meter, nowMs);
      if (meter.rule.kind !== "concurrency") this.#counters.charge(meter, key, units);
      else {
        this.#counters.hold(meter, key, units);
        hold(attended, meter, key, units);
      }
    }
  }

  #take(reader: Reader, attended: Attended, nowMs: number): number[] {
    const answers: number[] = [];
    while (!reader.isAtEnd) {
      const asks: Ask[] = [];
      for (let rest = reader.integer(1); rest > 0; rest--) asks.push(new Ask(reader.meter(), reader.key(), reader.integer(0)));
      const take = new Take(asks, NOBODY);
      if (!this.#counters.take(take)) throw new Error("counters of this process did not decide at once");
      const { isAdmitted } = take;
      for (const ask of asks) {
        this.#uses.touch(ask.meter, nowMs);
        answers.push(ask.isAdmitted ? 1 : 0, ask.remaining, ask.resetMs, ask.retryMs, ask.delayMs, ask.used);
        if (isAdmitted && ask.isAdmitted && ask.lease !== null) hold(attended, ask.meter, ask.key, ask.cost);
      }
    }
    return answers;
  }
}

function hold({ held }: Attended, meter: Meter, key: string, units: number): void {
  let keys = held.get(meter.id);
  if (keys === undefined) {
    keys = new Map();
    held.set(meter.id, keys);
  }
  const before = keys.get(key);
  const after = (before?.units ?? 0) + units;
  if (after === 0) keys.delete(key);
  else if (before === undefined) keys.set(key, { meter, units: after });
  else before.units = after;
  if (keys.size === 0) held.delete(meter.id);
}

/** Charges or takes as a message has them. Throws on what no worker says. */
class Reader {
  readonly #parts: readonly unknown[];
  readonly #meters: readonly Meter[];
  #at = 0;

  constructor(parts: unknown, meters: readonly Meter[]) {
    this.#parts = readArray(parts);
    this.#meters = meters;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#parts.length;
  }

  meter(): Meter {
    const meter = this.#meters[this.integer(0)];
    if (meter === undefined) throw unheardOf("a meter that was not told");
    return meter;
  }

  key(): string {
    const key = this.#parts[this.#at++];
    if (typeof key !== "string") throw unheardOf("no key");
    return key;
  }

  integer(least: number): number {
    const value = this.#parts[this.#at++];
    if (!Number.isSafeInteger(value) || (value as number) < least) throw unheardOf("no number");
    return value as number;
  }
}

function readArray(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw unheardOf("no list");
  return value;
}

type Loose<Type> = { readonly [Key in keyof Type]?: unknown };

function readMeter(value: unknown): Meter {
  const { limit, tier, id, rule, isDryRun } = (value ?? {}) as Loose<Meter>;
  const isNamed = [limit, tier, id].every((name) => typeof name === "string");
  const isRuled = typeof rule === "object" && rule !== null && isRule(rule);
  if (!isNamed || !isRuled || typeof isDryRun !== "boolean") throw unheardOf("no meter");
  // What holds while another store is away is the worker's to decide.
  return { limit, tier, id, rule, onStoreFailure: null, isDryRun } as Meter;
}

function isRule(rule: object): boolean {
  const { kind, ...parts } = rule as LimitRule & Record<string, unknown>;
  const wanted = NUMBERS.get(kind);
  if (wanted?.every(([name, isDivisor]) => isNumber(parts[name], isDivisor)) !== true) return false;
  return kind !== "quota" || (PERIODS.has(parts["per"]) && typeof parts["timeZone"] === "string");
}

function isNumber(value: unknown, isDivisor: boolean): boolean {
  return typeof value === "number" && Number.isFinite(value) && (isDivisor ? value > 0 : value >= 0);
}

function unheardOf(what: string): Error {
  return new Error(`a worker counts what none should: ${what}`);
}
