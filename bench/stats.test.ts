// Order statistics and slice-by-slice ratios.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { quantile, ratiosByRound, rotate, spread } from "./stats.ts";

describe("spread", () => {
  it("takes the middle of an odd and the mean of the two middles of an even count", () => {
    assert.equal(spread([9, 1, 5]).median, 5);
    assert.equal(spread([4, 1, 3, 2]).median, 2.5);
  });
  it("gives quartiles between neighbours and the extremes", () => {
    assert.deepEqual(spread([5, 1, 2, 4, 3]), { count: 5, min: 1, q1: 2, median: 3, q3: 4, max: 5 });
    assert.equal(quantile([0, 10], 0.25), 2.5);
  });
  it("is NaN, not zero, when nothing was measured", () => {
    assert.ok(Number.isNaN(spread([]).median));
  });
  it("leaves its input in order", () => {
    const values = [3, 1, 2];
    spread(values);
    assert.deepEqual(values, [3, 1, 2]);
  });
});

describe("ratiosByRound", () => {
  const figures = [
    { contestant: "nginx", round: 0, value: 20 },
    { contestant: "ours", round: 0, value: 22 },
    { contestant: "ours", round: 1, value: 44 },
    { contestant: "nginx", round: 1, value: 40 },
    { contestant: "ours", round: 2, value: 44 },
  ];
  it("divides inside a round, so that a machine twice as slow in one round does not show", () => {
    assert.deepEqual(ratiosByRound(figures, "ours", "nginx"), [1.1, 1.1]);
  });
  it("is 1 for the baseline itself and leaves rounds without baseline out", () => {
    assert.deepEqual(ratiosByRound(figures, "nginx", "nginx"), [1, 1]);
    assert.deepEqual(ratiosByRound(figures, "ours", "none"), []);
  });
});

describe("rotate", () => {
  it("brings each to the front once in as many rounds as there are contestants", () => {
    assert.deepEqual(rotate(["a", "b", "c"], 0), ["a", "b", "c"]);
    assert.deepEqual(rotate(["a", "b", "c"], 4), ["b", "c", "a"]);
    assert.deepEqual(rotate([], 3), []);
  });
});
