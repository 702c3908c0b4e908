import { FakeClock } from "../../base/index.ts";
import { describeCounters } from "../counters.contract.ts";
import { ModelCounters } from "./index.ts";

describeCounters("the models themselves", {
  kinds: ["fixedWindow", "slidingWindow", "slidingLog", "tokenBucket", "leakyBucket", "concurrency", "quota"],
  clock: "fake",
  runs: 20,
  create: () => {
    const clock = new FakeClock();
    return {
      counters: new ModelCounters(() => clock.wall()),
      now: () => clock.wall(),
      advance: async (ms) => clock.advance(ms),
      close: () => undefined,
    };
  },
});
