// How much resident memory the workers of a gateway take while something is done to them: sampled from /proc, so also what no heap counts.

import type { GatewayProcess } from "./processes.ts";

const SAMPLE_MS = 50;

export class MemoryWatch {
  readonly #gateway: GatewayProcess;
  readonly #timer: ReturnType<typeof setInterval>;
  /** When the watch began. */
  readonly baselineBytes: number;
  peakBytes: number;
  samples = 0;

  constructor(gateway: GatewayProcess) {
    this.#gateway = gateway;
    this.baselineBytes = gateway.rssBytes;
    this.peakBytes = this.baselineBytes;
    this.#timer = setInterval(() => this.sample(), SAMPLE_MS);
  }

  sample(): number {
    const bytes = this.#gateway.rssBytes;
    this.peakBytes = Math.max(this.peakBytes, bytes);
    this.samples++;
    return bytes;
  }

  get growthBytes(): number {
    return this.peakBytes - this.baselineBytes;
  }

  /** Ends the watch and returns how far the peak stood above the baseline. */
  stop(): number {
    clearInterval(this.#timer);
    this.sample();
    return this.growthBytes;
  }
}
