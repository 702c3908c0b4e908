import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { RoundRobin } from "./round-robin.ts";

const weights = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 8 });

function turnsOf(list: readonly number[], rounds: number): number[] {
  const entries = list.map((weight, at) => ({ weight, at, isHealthy: true }));
  const turns = new RoundRobin(entries);
  const total = list.reduce((sum, weight) => sum + weight, 0);
  return Array.from({ length: total * rounds }, () => turns.select().at);
}

describe("weighted round robin", () => {
  it("gives each entry exactly its share of every full round", () => {
    fc.assert(
      fc.property(weights, (list) => {
        const total = list.reduce((sum, weight) => sum + weight, 0);
        const turns = turnsOf(list, 3);
        for (let round = 0; round < 3; round++) {
          const picked = turns.slice(round * total, (round + 1) * total);
          list.forEach((weight, at) => {
            // Equal weights take turns one by one: a round of theirs is as long as the list.
            assert.equal(picked.filter((each) => each === at).length, weight);
          });
        }
      }),
    );
  });

  it("never strays from the fair share by more than a turn for each other entry", () => {
    fc.assert(
      fc.property(weights, (list) => {
        const total = list.reduce((sum, weight) => sum + weight, 0);
        const got = list.map(() => 0);
        turnsOf(list, 2).forEach((at, i) => {
          got[at] = (got[at] as number) + 1;
          list.forEach((weight, each) => {
            const due = ((i + 1) * weight) / total;
            assert.ok(Math.abs((got[each] as number) - due) < list.length, `entry ${each} of ${list} after ${i + 1} turns`);
          });
        });
      }),
    );
  });

  it("does not give a heavy entry all its turns in a row", () => {
    assert.deepEqual(turnsOf([5, 1, 1], 1), [0, 0, 1, 0, 2, 0, 0]);
    assert.deepEqual(turnsOf([2, 1, 1], 1), [0, 1, 2, 0]);
    assert.deepEqual(turnsOf([3, 3], 1), [0, 1, 0, 1, 0, 1]);
  });

  it("shares the turns of an entry that is out among the others, and gives all their turns again when none is left", () => {
    const entries = [1, 1, 2].map((weight, at) => ({ weight, at, isHealthy: true }));
    const turns = new RoundRobin(entries);
    const take = (count: number) => Array.from({ length: count }, () => turns.select().at).join("");
    const judge = (...healthy: readonly boolean[]) => {
      for (const [at, isHealthy] of healthy.entries()) entries[at]!.isHealthy = isHealthy;
      turns.refresh();
      return entries.map((entry) => turns.takes(entry));
    };
    assert.deepEqual(judge(true, true, false), [true, true, false]);
    assert.equal(take(6), "010101");
    assert.deepEqual(judge(false, true, true), [false, true, true]);
    assert.equal(take(6), "212212");
    assert.deepEqual(judge(false, false, false), [true, true, true]);
    assert.equal(take(8), "20122012");
    assert.deepEqual(judge(true, false, false), [true, false, false]);
    assert.equal(take(3), "000");
  });
});
