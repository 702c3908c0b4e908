// Many nodes on one store, with demand, crashes and failures as they come: never is more admitted than there is.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as fc from "fast-check";
import type { QuotaLedger } from "./index.ts";
import { QuotaStage, settle } from "./quota-stage.contract.ts";

const NODES = 5;
const KEYS = ["a", "b"];

type Step =
  | { readonly kind: "burst"; readonly node: number; readonly key: string; readonly count: number; readonly cost: number }
  | { readonly kind: "pass"; readonly ms: number }
  | { readonly kind: "crash" | "stop"; readonly node: number }
  | { readonly kind: "store"; readonly mode: "answers" | "fails" | "hangs" | "lost" };

const node = fc.nat(NODES - 1);
const burst = fc.record({
  kind: fc.constant("burst" as const),
  node,
  key: fc.constantFrom(...KEYS),
  count: fc.integer({ min: 1, max: 60 }),
  cost: fc.constantFrom(1, 1, 1, 2, 7),
});
const time = fc.record({ kind: fc.constant("pass" as const), ms: fc.constantFrom(0, 1, 20, 60, 120, 600, 1100, 11_000) });
const stop = fc.record({ kind: fc.constant("stop" as const), node });
const crash = fc.record({ kind: fc.constant("crash" as const), node });
const store = fc.record({ kind: fc.constant("store" as const), mode: fc.constantFrom("answers", "fails", "hangs", "lost") });

class Fleet {
  readonly stage: QuotaStage;
  readonly nodes: QuotaLedger[];
  readonly admitted = new Map(KEYS.map((key) => [key, 0]));

  constructor(limit: number) {
    this.stage = new QuotaStage({ limit });
    this.nodes = Array.from({ length: NODES }, () => this.stage.createLedger());
  }

  async run(steps: readonly Step[]): Promise<void> {
    for (const step of steps) await this.#do(step);
  }

  async drain(): Promise<void> {
    await this.#pass(2000);
    await Promise.all(this.nodes.map((ledger) => ledger.drain()));
  }

  async #do(step: Step): Promise<void> {
    if (step.kind === "burst") return this.#burst(step.node, step.key, step.count, step.cost);
    if (step.kind === "pass") return this.#pass(step.ms);
    if (step.kind === "store") {
      if (step.mode === "answers") this.stage.store.recover();
      else this.stage.store.mode = step.mode;
      return settle();
    }
    // Whoever crashed is heard of no more, though what it has asked for comes about.
    if (step.kind === "stop") await Promise.all([this.nodes[step.node]!.drain(), this.#pass(2000)]);
    this.nodes[step.node] = this.stage.createLedger();
  }

  async #burst(place: number, key: string, count: number, cost: number): Promise<void> {
    const asked = Array.from({ length: count }, () => this.stage.ask(key, cost, this.nodes[place]!));
    await this.#pass(60);
    for (const { isDecided, ask } of asked) {
      assert.ok(isDecided);
      if (ask.isAdmitted) this.admitted.set(key, this.admitted.get(key)! + cost);
    }
  }

  #pass(ms: number): Promise<void> {
    return this.stage.pass(ms);
  }
}

describe("a quota over a fleet", () => {
  it("is never exceeded, whatever demand comes, nodes crash, or the store fails", async () => {
    const steps = fc.array(fc.oneof({ weight: 6, arbitrary: burst }, { weight: 3, arbitrary: time }, stop, crash, store), {
      maxLength: 60,
    });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 400 }), steps, async (limit, sequence) => {
        const fleet = new Fleet(limit);
        await fleet.run(sequence);
        fleet.stage.store.recover();
        await fleet.drain();
        for (const key of KEYS) {
          const [admitted, used] = [fleet.admitted.get(key)!, await fleet.stage.used(key)];
          assert.ok(admitted <= used && used <= limit, `${admitted} admitted, ${used} used of ${limit}`);
        }
      }),
      { numRuns: 150 },
    );
  });

  it("is told to the unit in the store when all nodes have stopped and nothing failed", async () => {
    const steps = fc.array(fc.oneof({ weight: 6, arbitrary: burst }, { weight: 3, arbitrary: time }, stop), { maxLength: 60 });
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 400 }), steps, async (limit, sequence) => {
        const fleet = new Fleet(limit);
        await fleet.run(sequence);
        await fleet.drain();
        for (const key of KEYS) assert.equal(await fleet.stage.used(key), fleet.admitted.get(key));
      }),
      { numRuns: 150 },
    );
  });

  it("is had to its end by whoever still asks, when others have stopped to", async () => {
    const fleet = new Fleet(1000);
    const { stage, nodes } = fleet;
    for (let i = 0; i < 400; i++) {
      stage.ask("a", 1, nodes[i % NODES]!);
      await stage.pass(10);
    }
    await stage.pass(12_000);
    let admitted = 0;
    for (let i = 0; i < 1000; i++) {
      const { ask } = await stage.decided("a", 1, nodes[0]!);
      if (ask.isAdmitted) admitted++;
    }
    assert.equal(admitted, 600);
  });
});
