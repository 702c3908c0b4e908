// Workers count by the supervisor as any store counts: by the suite that all of them pass, with the messages between them as JSON.

import { FakeClock } from "../../src/base/index.ts";
import { describeCounters } from "../../src/limits/counters.contract.ts";
import { LocalCounters } from "../../src/limits/local/index.ts";
import { CountingStage, type StagedWorker } from "../../src/processes/counting-stage.ts";

const KINDS = ["fixedWindow", "slidingWindow", "slidingLog", "tokenBucket", "leakyBucket", "concurrency", "quota"] as const;

interface Staged {
  readonly worker: StagedWorker;
  /** Happens before time goes on. */
  before?(): void;
}

function describeStage(name: string, hire: (stage: CountingStage) => Staged): void {
  describeCounters(name, {
    kinds: KINDS,
    clock: "fake",
    runs: 100,
    create: () => {
      const clock = new FakeClock();
      const stage = new CountingStage(clock, () => new LocalCounters({ clock, seed: 7 }));
      stage.isPrompt = true;
      const { worker, before } = hire(stage);
      return {
        counters: worker.counters,
        now: () => clock.wall(),
        advance: async (ms) => {
          before?.();
          stage.pass(ms);
        },
        settle: async () => stage.turn(),
        close: () => worker.counters.close(),
      };
    },
  });
}

describeStage("one of several workers", (stage) => ({ worker: stage.hireSome(2)[0]! }));
describeStage("a worker that is alone from the first", (stage) => ({ worker: stage.hireSome(1)[0]! }));
describeStage("a worker beside which another one comes and goes", (stage) => {
  const worker = stage.hireSome(1)[0]!;
  return {
    worker,
    before: () => {
      const other = stage.hire();
      stage.turn();
      stage.desk.dismiss(other);
      stage.turn();
    },
  };
});
