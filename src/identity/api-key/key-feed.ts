// Follows the changes of keys in the store, so that what is remembered of them is never older than a few seconds, on any node. Polls: the
// same for both engines, and a poll that answers says also that nothing was missed, which a notification that doesn't come can't.

import { type Clock, Timer, type TimerOwner, type TimerWheel } from "../../base/index.ts";
import type { ApiKeyStore } from "../../stores/index.ts";

/** From the end of one poll to the beginning of the next. */
const EVERY_MS = 2000;
/** The same after one that failed: until one goes well each request costs a look-up. */
const RETRY_MS = 500;
/** From the beginning of the last poll that went well: what was remembered then is believed no longer. Two polls fit in, and 5 s are promised. */
export const BELIEVED_MS = 4000;

export interface KeyFeedEvents {
  onChanged(digest: string): void;
  /** Any key may be different. */
  onAllChanged(): void;
  onPolled(isGood: boolean, detail: string): void;
}

export class KeyFeed implements TimerOwner {
  readonly #store: ApiKeyStore;
  readonly #clock: Clock;
  readonly #wheel: TimerWheel;
  readonly #events: KeyFeedEvents;
  readonly #timer: Timer;
  /** Null: nothing has been polled yet. */
  #sequence: number | null = null;
  #goodAtMs = Number.NEGATIVE_INFINITY;
  #isClosed = false;

  constructor(store: ApiKeyStore, clock: Clock, wheel: TimerWheel, events: KeyFeedEvents) {
    this.#store = store;
    this.#clock = clock;
    this.#wheel = wheel;
    this.#events = events;
    this.#timer = new Timer(this, 0);
    this.onTimer();
  }

  /** When what is remembered was as the store had it. */
  get goodAtMs(): number {
    return this.#goodAtMs;
  }

  onTimer(): void {
    void this.#poll();
  }

  close(): void {
    this.#isClosed = true;
    this.#wheel.disarm(this.#timer);
  }

  async #poll(): Promise<void> {
    const startedMs = this.#clock.now();
    const since = this.#sequence;
    let failure: string | null = null;
    try {
      // The first poll asks for the number alone.
      const { sequence, digests } = await this.#store.changesSince(since ?? Number.MAX_SAFE_INTEGER);
      if (this.#isClosed) return;
      if (since === null || sequence < since) this.#events.onAllChanged();
      else for (const digest of digests) this.#events.onChanged(digest);
      this.#sequence = sequence;
      this.#goodAtMs = startedMs;
    } catch (error) {
      failure = error instanceof Error ? error.message : String(error);
    }
    if (this.#isClosed) return;
    this.#events.onPolled(failure === null, failure ?? "");
    this.#wheel.arm(this.#timer, failure === null ? EVERY_MS : RETRY_MS);
  }
}
