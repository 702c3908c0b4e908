// Time as a dependency: nothing in the gateway reads a clock or sets a timer but through this interface, so that a
// test owns time (fake-clock.ts). Not for one timer a connection or request: that is the timer wheel's work.

export interface ScheduledCall {
  /** Idempotent; nothing happens when the call was made already. */
  cancel(): void;
}

export interface Clock {
  /** Monotonic milliseconds with a fraction, from an origin that means nothing. */
  now(): number;
  /** Unix time in milliseconds. It may jump; never measure a duration by it. */
  wall(): number;
  /** Calls back once, `delayMs` from now or later, never from inside schedule() itself. */
  schedule(callback: () => void, delayMs: number): ScheduledCall;
}

// Both runtimes fire at once, with a warning, when a delay doesn't fit a signed 32-bit integer.
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

class SystemCall implements ScheduledCall {
  readonly #callback: () => void;
  #restMs: number;
  #handle: ReturnType<typeof setTimeout>;

  constructor(callback: () => void, delayMs: number) {
    this.#callback = callback;
    this.#restMs = delayMs;
    this.#handle = this.#set();
  }

  #set(): ReturnType<typeof setTimeout> {
    const stretchMs = Math.min(this.#restMs, LONGEST_TIMEOUT_MS);
    this.#restMs -= stretchMs;
    return setTimeout(() => {
      if (this.#restMs > 0) this.#handle = this.#set();
      else this.#callback();
    }, stretchMs);
  }

  cancel(): void {
    clearTimeout(this.#handle);
  }
}

/** The machine's clock. A pending call keeps the process alive: whoever schedules cancels. */
export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
  schedule: (callback, delayMs) => new SystemCall(callback, Math.max(0, delayMs)),
};
