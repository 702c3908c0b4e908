// @hot A take whose keys lie on several parts of a cluster: each part decides for itself, at once. Where one refuses, what others counted is
// given back within moments, so that all is counted or nothing, though not in one step.

import { type Ask, Take, type TakeOwner } from "../counters.ts";

/** What a split take needs of the counters. */
export interface SplitHost {
  giveBack(ask: Ask): void;
  decideWithout(take: Take): void;
}

/** The asks that go in one call. */
export class Part extends Take {
  readonly whole: SplitTake;

  constructor(asks: readonly Ask[], whole: SplitTake) {
    super(asks, whole);
    this.whole = whole;
  }
}

export class SplitTake implements TakeOwner {
  readonly #take: Take;
  readonly #host: SplitHost;
  readonly #parts: Part[] = [];
  readonly #failed: Part[] = [];
  #open = 0;

  constructor(take: Take, host: SplitHost) {
    this.#take = take;
    this.#host = host;
  }

  /** All of them are made before the first is asked for. */
  addPart(asks: readonly Ask[]): Part {
    const part = new Part(asks, this);
    this.#parts.push(part);
    this.#open++;
    return part;
  }

  onDecided(_part: Take): void {
    if (--this.#open === 0) this.#finish();
  }

  /** Nobody knows what the server counted. */
  onFailed(part: Part): void {
    this.#failed.push(part);
    if (--this.#open === 0) this.#finish();
  }

  #finish(): void {
    const take = this.#take;
    if (this.#failed.length > 0) {
      this.#giveBack();
      this.#host.decideWithout(take);
      return;
    }
    if (!take.isAdmitted) this.#giveBack();
    take.owner.onDecided(take);
  }

  #giveBack(): void {
    for (let i = 0; i < this.#parts.length; i++) {
      const part = this.#parts[i]!;
      if (this.#failed.includes(part) || !part.isAdmitted) continue;
      for (let k = 0; k < part.asks.length; k++) {
        const ask = part.asks[k]!;
        if (!ask.isAdmitted) continue;
        this.#host.giveBack(ask);
        ask.remaining += ask.cost;
        ask.delayMs = 0;
      }
    }
  }
}
