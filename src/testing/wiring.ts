// What drives a test gateway: a network in memory and a clock that stands still. Everything that can happen has happened when a call
// into it returns; only what asynchronous handlers of fake upstreams still compute is waited for, by turns of the event loop.

import { FakeClock } from "../base/index.ts";
import { MemoryNetwork } from "../transport/index.ts";
import { type Duration, toMilliseconds } from "./duration.ts";
import { Handshakes } from "./trusting-transport.ts";

// Kept from before a test runner puts its own timers in their place.
const { setImmediate } = globalThis;

// A handler may wait for some promises, one after the other; one that waits for the world outside is not waited for.
const MOST_IDLE_TURNS = 25;

// The engine takes a moment of zero for one that has not come.
const ORIGIN_MS = 1000;

export class Wiring {
  readonly network = new MemoryNetwork({ schedule: null });
  readonly handshakes = new Handshakes();
  readonly clock: FakeClock;
  /** Handlers of fake upstreams that have not answered yet. */
  #outstanding = 0;
  #turnsOfNews = 0;
  #pumping = false;
  #advancing: Promise<void> | null = null;
  readonly #watchers = new Set<() => void>();
  readonly #atRest: (() => void)[] = [];
  /** What handlers and readers threw, until somebody takes it. */
  readonly mishaps: unknown[] = [];

  constructor(wallMs: number) {
    this.clock = new FakeClock(ORIGIN_MS, wallMs);
  }

  /** Calls `onRest` whenever nothing more can be delivered, until the returned function is called. */
  watch(onRest: () => void): () => void {
    this.#watchers.add(onRest);
    return () => this.#watchers.delete(onRest);
  }

  /** Calls once, when all that was sent before has been delivered. */
  atRest(call: () => void): void {
    this.#atRest.push(call);
  }

  /** Delivers all that can be delivered. Calls from inside a delivery return at once: the one under way goes on. */
  pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    try {
      do {
        this.network.pump();
        const once = this.#atRest.splice(0);
        if (once.length > 0) for (const call of once) call();
        else for (const onRest of [...this.#watchers]) onRest();
      } while (this.#atRest.length > 0 || this.network.pump() > 0);
    } finally {
      this.#pumping = false;
    }
  }

  /** Waits for what a handler computes, then delivers. Its failure is a mishap. */
  track(answer: Promise<unknown>): void {
    this.#outstanding++;
    answer
      .catch((error: unknown) => this.mishaps.push(error))
      .finally(() => {
        this.#outstanding--;
        this.#turnsOfNews++;
        this.pump();
      });
  }

  /** Resolves when nothing happens any more without the clock. */
  async settle(): Promise<void> {
    this.pump();
    let seen = this.#turnsOfNews;
    for (let idle = 0; this.#outstanding > 0 && idle < MOST_IDLE_TURNS; idle++) {
      await new Promise<void>((resolve) => setImmediate(resolve));
      this.pump();
      if (seen !== this.#turnsOfNews) idle = 0;
      seen = this.#turnsOfNews;
    }
  }

  /** Lets time pass; whatever comes due finds all else at rest. Without asynchronous handlers all is done when the call returns. */
  advance(duration: Duration): Promise<void> {
    const ms = toMilliseconds(duration);
    const before = this.#advancing;
    const advancing = before === null ? this.#advance(ms) : before.then(() => this.#advance(ms));
    this.#advancing = advancing;
    const done = () => {
      if (this.#advancing === advancing) this.#advancing = null;
    };
    advancing.then(done, done);
    return advancing;
  }

  async #advance(ms: number): Promise<void> {
    if (this.#outstanding > 0) await this.settle();
    this.pump();
    const endMs = this.clock.now() + ms;
    for (let due = this.clock.nextDueMs; due !== null && due <= endMs; due = this.clock.nextDueMs) {
      this.clock.advance(due - this.clock.now());
      this.pump();
      if (this.#outstanding > 0) await this.settle();
    }
    this.clock.advance(endMs - this.clock.now());
    this.pump();
  }
}

/** The gateway's time, which only a test moves. */
export class TestClock {
  readonly #wiring: Wiring;

  constructor(wiring: Wiring) {
    this.#wiring = wiring;
  }

  /** The gateway's date and time. */
  get now(): Date {
    return new Date(this.#wiring.clock.wall());
  }

  /** Lets time pass: every timeout on the way comes due in order. Await it where upstream handlers are asynchronous. */
  advance(duration: Duration): Promise<void> {
    return this.#wiring.advance(duration);
  }

  /** Sets the date alone, as an administrator or NTP does; no timeout comes due by it. */
  jumpTo(date: Date): void {
    this.#wiring.clock.jumpWall(date.getTime() - this.#wiring.clock.wall());
  }
}
