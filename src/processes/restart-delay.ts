// How long a slot waits before it starts the successor of a worker that crashed: at once after a long life, ever longer while they die young.

const FIRST_MS = 100;
const LONGEST_MS = 10_000;
/** A worker that lived so long did not die of what it was started with. */
const HEALTHY_MS = 30_000;

export class RestartDelay {
  #young = 0;

  /** `random` is from 0 to 1: half of the delay is chance, so that slots that died together don't come back together. */
  after(livedMs: number, random: number): number {
    if (livedMs >= HEALTHY_MS) this.#young = 0;
    const delay = this.#young === 0 ? 0 : Math.min(FIRST_MS * 2 ** (this.#young - 1), LONGEST_MS);
    this.#young = Math.min(this.#young + 1, 20);
    return delay * (0.5 + random / 2);
  }
}
