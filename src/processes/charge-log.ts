// What was counted here and is still to be told. @hot

import type { Meter } from "../limits/index.ts";
import type { AskedMeters } from "./asked-meters.ts";
import type { MeterUses } from "./meter-uses.ts";

/** Beyond so many nothing should be added that may be lost. */
const ROOM = 16_384;

export class ChargeLog {
  #meters: Meter[] = [];
  #keys: string[] = [];
  #units: number[] = [];

  get size(): number {
    return this.#meters.length;
  }

  get hasRoom(): boolean {
    return this.#meters.length < ROOM;
  }

  add(meter: Meter, key: string, units: number): void {
    this.#meters.push(meter);
    this.#keys.push(key);
    this.#units.push(units);
  }

  /** All of it, summed, as messages have it; it is empty afterwards. */
  drain(numbers: AskedMeters, uses: MeterUses, nowMs: number): (number | string)[] {
    const sums = this.#sum();
    this.#meters = [];
    this.#keys = [];
    this.#units = [];
    const charges: (number | string)[] = [];
    // hot-exception: once a message, asked-counters.bench.ts
    for (const [meter, keys] of sums) {
      uses.touch(meter, nowMs);
      const number = numbers.numberOf(meter);
      // hot-exception: once a message, asked-counters.bench.ts
      for (const [key, units] of keys) if (units !== 0) charges.push(number, key, units);
    }
    return charges;
  }

  #sum(): Map<Meter, Map<string, number>> {
    // hot-exception: once a message, asked-counters.bench.ts
    const sums = new Map<Meter, Map<string, number>>();
    for (let i = 0; i < this.#meters.length; i++) {
      const [meter, key] = [this.#meters[i]!, this.#keys[i]!];
      let keys = sums.get(meter);
      if (keys === undefined) {
        // hot-exception: once a message, asked-counters.bench.ts
        keys = new Map();
        sums.set(meter, keys);
      }
      keys.set(key, (keys.get(key) ?? 0) + this.#units[i]!);
    }
    return sums;
  }
}
