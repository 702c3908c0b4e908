// Counters out of models: how the asks of one take are decided together, and what each of them is told, in plain code.

import type { Ask, Counters, Take } from "../counters.ts";
import type { LimitRule, Meter } from "../rule.ts";
import { ConcurrencyModel } from "./concurrency.ts";
import { FixedWindowModel } from "./fixed-window.ts";
import { LeakyBucketModel } from "./leaky-bucket.ts";
import type { MeterModel } from "./meter-model.ts";
import { QuotaModel } from "./quota.ts";
import { SlidingLogModel } from "./sliding-log.ts";
import { SlidingWindowModel } from "./sliding-window.ts";
import { TokenBucketModel } from "./token-bucket.ts";

export function makeModel(rule: LimitRule): MeterModel {
  switch (rule.kind) {
    case "fixedWindow":
      return new FixedWindowModel(rule);
    case "slidingWindow":
      return new SlidingWindowModel(rule);
    case "slidingLog":
      return new SlidingLogModel(rule);
    case "tokenBucket":
      return new TokenBucketModel(rule);
    case "leakyBucket":
      return new LeakyBucketModel(rule);
    case "concurrency":
      return new ConcurrencyModel(rule);
    case "quota":
      return new QuotaModel(rule);
  }
}

export class ModelCounters implements Counters {
  readonly #wall: () => number;
  readonly #models = new Map<string, MeterModel>();

  /** `wall` is the store's clock: Unix ms. */
  constructor(wall: () => number) {
    this.#wall = wall;
  }

  /**
   * Asks whose units are there are counted, if that is so of all that are enforced. A dry run's that is refused is not counted, and stands in
   * nobody's way. What is not counted is told how things stand without it. The asks are of different meters: none sees what another one takes.
   */
  take(take: Take): boolean {
    const nowMs = this.#wall();
    const judged = take.asks.map((ask) => {
      const model = this.#model(ask.meter);
      return { ask, model, verdict: model.judge(nowMs, ask.key, ask.cost) };
    });
    const isTaken = judged.every(({ ask, verdict }) => verdict.isAdmitted || ask.meter.isDryRun);
    for (const { ask, model, verdict } of judged) {
      const isCounted = isTaken && verdict.isAdmitted;
      if (isCounted) model.add(nowMs, ask.key, ask.cost);
      const { remaining, resetMs, used } = model.standing(nowMs, ask.key);
      ask.isAdmitted = verdict.isAdmitted;
      ask.remaining = remaining;
      ask.resetMs = resetMs;
      ask.retryMs = verdict.retryMs;
      ask.delayMs = isCounted ? verdict.delayMs : 0;
      ask.used = used;
      ask.lease = isCounted && ask.cost > 0 && ask.meter.rule.kind === "concurrency" ? model : null;
    }
    return true;
  }

  /** Concurrency is given back, not charged. */
  charge(meter: Meter, key: string, units: number): void {
    if (meter.rule.kind !== "concurrency") this.#model(meter).add(this.#wall(), key, units);
  }

  release(ask: Ask): void {
    if (ask.lease === null) return;
    ask.lease = null;
    this.#model(ask.meter).add(this.#wall(), ask.key, -ask.cost);
  }

  close(): void {
    this.#models.clear();
  }

  #model(meter: Meter): MeterModel {
    let model = this.#models.get(meter.id);
    if (model === undefined) {
      model = makeModel(meter.rule);
      this.#models.set(meter.id, model);
    }
    return model;
  }
}
