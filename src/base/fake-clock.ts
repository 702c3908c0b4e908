// A clock that a test moves by hand. Deterministic: calls come in the order of their due time, those due together in
// the order in which they were scheduled, and now() stands at the due time while a call runs.

import type { Clock, ScheduledCall } from "./clock.ts";

// A call that schedules itself with no delay would keep advance() busy for ever.
const MOST_CALLS_AT_ONE_INSTANT = 100_000;

interface PendingCall extends ScheduledCall {
  readonly callback: () => void;
  readonly dueMs: number;
}

export class FakeClock implements Clock {
  #nowMs: number;
  #wallOffsetMs: number;
  #pending: PendingCall[] = [];

  constructor(nowMs = 0, wallMs = Date.UTC(2026, 0, 1)) {
    this.#nowMs = nowMs;
    this.#wallOffsetMs = wallMs - nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  wall(): number {
    return Math.floor(this.#nowMs + this.#wallOffsetMs);
  }

  /** How many calls wait; zero at the end of a test shows that nothing was left behind. */
  get pendingCalls(): number {
    return this.#pending.length;
  }

  /** When the next call is due, as now() counts; null when none waits. */
  get nextDueMs(): number | null {
    return this.#pending[0]?.dueMs ?? null;
  }

  schedule(callback: () => void, delayMs: number): ScheduledCall {
    const call: PendingCall = {
      callback,
      dueMs: this.#nowMs + Math.max(0, delayMs),
      cancel: () => {
        const index = this.#pending.indexOf(call);
        if (index >= 0) this.#pending.splice(index, 1);
      },
    };
    let index = this.#pending.length;
    while (index > 0 && (this.#pending[index - 1] as PendingCall).dueMs > call.dueMs) index--;
    this.#pending.splice(index, 0, call);
    return call;
  }

  /** Moves time on and makes every call that comes due, also those that the calls schedule. What a call throws comes out here. */
  advance(ms: number): void {
    const targetMs = this.#nowMs + ms;
    let callsHere = 0;
    for (;;) {
      const call = this.#pending[0];
      if (call === undefined || call.dueMs > targetMs) break;
      this.#pending.shift();
      if (call.dueMs > this.#nowMs) {
        this.#nowMs = call.dueMs;
        callsHere = 0;
      } else if (++callsHere > MOST_CALLS_AT_ONE_INSTANT) {
        throw new Error(
          `more than ${MOST_CALLS_AT_ONE_INSTANT} calls were due at ${this.#nowMs} ms: a call schedules itself without delay`,
        );
      }
      call.callback();
    }
    if (targetMs > this.#nowMs) this.#nowMs = targetMs;
  }

  /** Moves the wall clock alone, as an administrator or NTP does. */
  jumpWall(ms: number): void {
    this.#wallOffsetMs += ms;
  }
}
