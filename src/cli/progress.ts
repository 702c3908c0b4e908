// How far something that takes its time has come: a line on a terminal that the next one takes the place of; nothing elsewhere.

import { type Clock, systemClock } from "../base/index.ts";
import type { Terminal } from "./terminal.ts";

const BAR_WIDTH = 24;
const EVERY_MS = 100;

export interface Done {
  /** From 0 to 1; null where nobody knows how much there is. */
  readonly share: number | null;
  readonly count: number;
}

export class Progress {
  readonly #terminal: Terminal;
  readonly #what: string;
  readonly #clock: Clock;
  readonly #startMs: number;
  #shownMs = Number.NEGATIVE_INFINITY;

  /** `what` is counted: `lines`. */
  constructor(terminal: Terminal, what: string, clock: Clock = systemClock) {
    this.#terminal = terminal;
    this.#what = what;
    this.#clock = clock;
    this.#startMs = clock.now();
  }

  show({ share, count }: Done): void {
    const nowMs = this.#clock.now();
    if (nowMs - this.#shownMs < EVERY_MS) return;
    this.#shownMs = nowMs;
    const seconds = (nowMs - this.#startMs) / 1000;
    const parts = [`${count} ${this.#what}`];
    if (seconds > 0) parts.push(`${Math.round(count / seconds)}/s`);
    if (share === null) {
      this.#terminal.progress(parts.join(", "));
      return;
    }
    if (share > 0) parts.push(`${Math.ceil((seconds * (1 - share)) / share)} s left`);
    const filled = Math.round(share * BAR_WIDTH);
    const bar = this.#terminal.paint.good("█".repeat(filled)) + this.#terminal.paint.dim("░".repeat(BAR_WIDTH - filled));
    this.#terminal.progress(`${bar} ${String(Math.floor(share * 100)).padStart(3)}%  ${parts.join(", ")}`);
  }

  /** It is over: the line goes. */
  end(): void {
    this.#terminal.progress(null);
  }
}
