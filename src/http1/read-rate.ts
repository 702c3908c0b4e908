// Whether a client sends a request body as fast as it must while we are willing to read it, judged over one window after the other. @hot

import type { Timer, TimerWheel } from "../base/index.ts";
import { RATE_WINDOW_MS } from "./client-output.ts";

export class ReadRate {
  readonly #wheel: TimerWheel;
  readonly #timer: Timer;
  readonly #bytesPerWindow: number | null;
  #bytes = 0;
  #windowBytes = 0;

  /** `timer` is the connection's, which is this one's only while a body is read. */
  constructor(wheel: TimerWheel, timer: Timer, bytesPerSecond: number | null) {
    this.#wheel = wheel;
    this.#timer = timer;
    this.#bytesPerWindow = bytesPerSecond === null ? null : (bytesPerSecond * RATE_WINDOW_MS) / 1000;
  }

  count(bytes: number): void {
    this.#bytes += bytes;
  }

  /** A window begins. */
  arm(): void {
    if (this.#bytesPerWindow === null) return;
    this.#windowBytes = this.#bytes;
    this.#wheel.armFromTouch(this.#timer, RATE_WINDOW_MS);
  }

  /** A window is over: whether enough came. Then the next one begins. */
  isKept(): boolean {
    const isKept = this.#bytesPerWindow === null || this.#bytes - this.#windowBytes >= this.#bytesPerWindow;
    if (isKept) this.arm();
    return isKept;
  }
}
