import { FakeClock } from "../../base/index.ts";
import { describeCounters } from "../counters.contract.ts";
import { LocalCounters } from "./index.ts";

const KINDS = ["fixedWindow", "slidingWindow", "slidingLog", "tokenBucket", "leakyBucket", "concurrency", "quota"] as const;

describeCounters("in this process", {
  kinds: KINDS,
  clock: "fake",
  runs: 1000,
  create: () => {
    const clock = new FakeClock();
    return {
      counters: new LocalCounters({ clock, seed: 7 }),
      now: () => clock.wall(),
      advance: async (ms) => clock.advance(ms),
      close: () => undefined,
    };
  },
});
