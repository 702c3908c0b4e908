// A log has requests in the order in which they ended; limits were asked when they began. They are put back into that order as far as a
// window reaches: whoever took longer than the window comes late, and is counted as one that did.

import type { LoggedRequest } from "./logged-request.ts";
import { MinHeap } from "./min-heap.ts";

/** Longer requests (downloads, tunnels) are few, and would have everything that ended meanwhile wait for them. */
const WINDOW_MS = 60_000;
/** Requests that wait, at most: about 200 MB. */
const MOST = 300_000;

export class StartOrder {
  readonly #heap = new MinHeap<LoggedRequest>();
  readonly #windowMs: number;
  readonly #most: number;
  #endMs = Number.NEGATIVE_INFINITY;
  #takenMs = Number.NEGATIVE_INFINITY;
  /** Requests that began before one that was given out already. */
  late = 0;

  constructor(windowMs = WINDOW_MS, most = MOST) {
    this.#windowMs = windowMs;
    this.#most = most;
  }

  add(request: LoggedRequest): void {
    this.#heap.push(request.startMs, request);
    this.#endMs = Math.max(this.#endMs, request.startMs + request.durationMs);
  }

  /** The next one that none will come before, as far as the window tells; undefined: more has to be read. `isEnd`: no more will be. */
  take(isEnd: boolean): LoggedRequest | undefined {
    const { least, size } = this.#heap;
    if (!isEnd && size <= this.#most && least > this.#endMs - this.#windowMs) return undefined;
    if (least < this.#takenMs) this.late++;
    this.#takenMs = Math.max(this.#takenMs, least);
    return this.#heap.pop();
  }
}
