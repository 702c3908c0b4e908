import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RestartDelay } from "./restart-delay.ts";

/** Of so many workers that die young, without chance. */
function dieYoung(delay: RestartDelay, times: number): number[] {
  return Array.from({ length: times }, () => delay.after(10, 1));
}

describe("the delay before a restart", () => {
  it("is none for the first, then doubles up to ten seconds", () => {
    assert.deepEqual(dieYoung(new RestartDelay(), 10), [0, 100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
  });

  it("stays there however long it goes on", () => {
    assert.deepEqual(dieYoung(new RestartDelay(), 5000).slice(-2), [10_000, 10_000]);
  });

  it("is none again after a long life, and begins to grow anew", () => {
    const delay = new RestartDelay();
    dieYoung(delay, 10);
    assert.equal(delay.after(30_000, 1), 0);
    assert.equal(delay.after(29_999, 1), 100);
  });

  it("is chance by half, so that slots that died together don't come back together", () => {
    const one = new RestartDelay();
    const other = new RestartDelay();
    for (const [delay, random] of [
      [one, 0],
      [other, 0.5],
    ] as const) {
      delay.after(0, random);
      delay.after(0, random);
    }
    assert.equal(one.after(0, 0), 100);
    assert.equal(other.after(0, 0.5), 150);
  });
});
