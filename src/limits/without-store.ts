// What becomes of a take while its store is away: each meter says so itself. @hot

import { type Ask, BY_CLOSED, BY_LOCAL, BY_OPEN, type Counters, Take, type TakeOwner } from "./counters.ts";

/** Asks of one take that this gateway decides alone. */
class LocalTake extends Take {
  readonly whole: Take;

  constructor(asks: readonly Ask[], owner: TakeOwner, whole: Take) {
    super(asks, owner);
    this.whole = whole;
  }
}

export class WithoutStore implements TakeOwner {
  readonly #local: Counters;

  /** `local` counts for meters with `onStoreFailure: local`. */
  constructor(local: Counters) {
    this.#local = local;
  }

  /** As Counters.take. Where one ask is refused for being closed, nothing is counted locally. */
  decide(take: Take): boolean {
    const { asks } = take;
    const local: Ask[] = [];
    let isRefused = false;
    for (let i = 0; i < asks.length; i++) {
      const ask = asks[i]!;
      const mode = ask.meter.onStoreFailure;
      if (mode === "local") {
        ask.decidedBy = BY_LOCAL;
        local.push(ask);
        continue;
      }
      ask.decidedBy = mode === "open" ? BY_OPEN : BY_CLOSED;
      ask.isAdmitted = mode === "open";
      if (!ask.isAdmitted && !ask.meter.isDryRun) isRefused = true;
    }
    if (local.length === 0 || isRefused) return true;
    return this.#local.take(new LocalTake(local, this, take));
  }

  onDecided(take: Take): void {
    const { whole } = take as LocalTake;
    whole.owner.onDecided(whole);
  }
}
