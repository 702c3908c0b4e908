// This process's own part of an exact decision in Redis, without the client's library and the network: `node src/limits/redis/redis-counters.bench.ts`,
// the same with bun. bench/redis-counters.ts has the whole of it.

import { systemClock } from "../../base/index.ts";
import { Ask, Take, type TakeOwner } from "../counters.ts";
import type { Meter } from "../rule.ts";
import type { LuaScript, RedisLink } from "./link.ts";
import { RedisCounters } from "./redis-counters.ts";

const ROUNDS = 3000;
const RUNS = 5;

/** Answers at once what is admitted everywhere. */
class ReadyLink implements RedisLink {
  readonly isUp = true;
  readonly epoch = 0;
  readonly started = Promise.resolve();
  readonly #answers = new Map<number, string>();

  run(_script: LuaScript, keys: readonly string[]): Promise<unknown> {
    let answer = this.#answers.get(keys.length);
    if (answer === undefined) {
      answer = keys.map(() => "1 41 31415 0 0").join(" ");
      this.#answers.set(keys.length, answer);
    }
    return Promise.resolve(answer);
  }

  close(): void {}
}

const meter: Meter = {
  limit: "per-user",
  tier: "",
  id: "per-user:8f3a51",
  rule: { kind: "slidingWindow", limit: 100, windowMs: 60_000 },
  onStoreFailure: "open",
  isDryRun: false,
};
const keys = Array.from({ length: 10_000 }, (_, index) => `user-${index}`);

async function measure(name: string, isCluster: boolean, inFlight: number): Promise<void> {
  const local = { take: () => true, charge() {}, release() {}, close() {} };
  const counters = new RedisCounters({ link: new ReadyLink(), isCluster, prefix: "sallyport:", local, clock: systemClock });
  let next = 0;
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < RUNS; run++) {
    const startMs = performance.now();
    for (let round = 0; round < ROUNDS; round++) {
      await new Promise<void>((resolve) => {
        let open = inFlight;
        const owner: TakeOwner = {
          onDecided() {
            if (--open === 0) resolve();
          },
        };
        for (let i = 0; i < inFlight; i++) counters.take(new Take([new Ask(meter, keys[next++ % keys.length]!, 1)], owner));
      });
    }
    best = Math.min(best, ((performance.now() - startMs) * 1e6) / (ROUNDS * inFlight));
  }
  console.log(`${name.padEnd(60)} ${best.toFixed(1).padStart(8)} ns/op`);
}

await measure("one alone in its turn", false, 1);
await measure("one of 16 in a turn", false, 16);
await measure("one of 64 in a turn", false, 64);
await measure("one of 64 in a turn, in a cluster", true, 64);
