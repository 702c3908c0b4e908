// Whatever order things happen in, workers that come and go in order admit what a limit says, no more and no less.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import { ANSWER_MS } from "./asked-counters.ts";
import { CountingStage, makeConcurrency, makeWindow, type PlainCounters, type StagedWorker } from "./counting-stage.ts";

const LIMIT = 12;
const OTHER = makeWindow(1000, { rule: { kind: "fixedWindow", limit: 1000, windowMs: 1e9 } });
/** Its window is longer than the test, as that of the counters is. */
const METER = makeWindow(LIMIT, { rule: { kind: "fixedWindow", limit: LIMIT, windowMs: 1e9 } });
const BUSY = makeConcurrency(3);

type Step = "ask" | "ask both" | "hold" | "release" | "hire" | "retire" | "turn end" | "to desk" | "to worker" | "pass";

const steps = fc.array(
  fc.tuple(
    fc.constantFrom<Step>(
      ...(["ask", "ask both", "hold", "release", "hire", "retire", "pass"] as const),
      ...(["turn end", "turn end", "to desk", "to desk", "to desk", "to worker", "to worker", "to worker"] as const),
    ),
    fc.nat(5),
  ),
  { minLength: 20, maxLength: 150 },
);

class Course {
  readonly stage = new CountingStage();
  workers: StagedWorker[] = this.stage.hireSome(1);
  readonly all: StagedWorker[] = [...this.workers];
  asked = 0;

  do(step: Step, which: number): void {
    const { stage } = this;
    const worker = this.workers[which % this.workers.length]!;
    switch (step) {
      case "ask":
      case "ask both":
        this.asked++;
        worker.ask(METER);
        if (step === "ask both") worker.ask(OTHER);
        return;
      case "hold":
        worker.ask(BUSY);
        return;
      case "release":
        for (const { asks } of worker.decided.slice(which)) worker.counters.release(asks[0]!);
        return;
      case "hire":
        if (this.workers.length > 3) return;
        this.workers.push(stage.hire());
        this.all.push(this.workers.at(-1)!);
        return;
      case "retire":
        // In order: all that it asked is decided, and what it counted is told.
        if (this.workers.length === 1) return;
        stage.turn();
        this.workers = this.workers.filter((other) => other !== worker);
        stage.desk.dismiss(worker);
        return;
      case "turn end":
        stage.deferred.shift()?.();
        return;
      case "to desk":
        stage.toDesk.shift()?.();
        return;
      case "to worker":
        stage.toWorkers.shift()?.();
        return;
      case "pass":
        // Nothing is so late that it is decided elsewhere.
        stage.turn();
        stage.clock.advance(which * 10);
    }
  }

  get busy(): number {
    return this.workers.flatMap(({ decided }) => decided).filter(({ asks: [ask] }) => ask!.meter === BUSY && ask!.lease !== null).length;
  }

  end(): void {
    this.stage.turn();
    this.stage.pass(ANSWER_MS);
    const admitted = this.all.flatMap(({ decided }) => decided).filter(({ asks: [ask] }) => ask!.meter === METER && ask!.isAdmitted);
    assert.equal(admitted.length, Math.min(LIMIT, this.asked));
    const counters = this.stage.counters as PlainCounters;
    assert.equal(counters.of(METER, "k"), admitted.length);
    assert.equal(counters.of(BUSY, "k"), this.busy);
    assert.ok(this.busy <= 3);
    for (const worker of this.workers) worker.counters.close();
    assert.ok(this.all.every(({ killedFor }) => killedFor.length === 0));
  }
}

describe("workers that come and go", () => {
  it("admit exactly what a limit says, in whatever order messages arrive", () => {
    fc.assert(
      fc.property(steps, (course) => {
        const state = new Course();
        for (const [step, which] of course) {
          state.do(step, which);
          assert.ok(state.busy <= 3);
        }
        state.end();
      }),
      { numRuns: 500 },
    );
  });
});
