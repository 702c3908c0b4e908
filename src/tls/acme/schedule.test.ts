import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { nextOrderMs } from "./schedule.ts";

const DAY = 86_400_000;
const ninety = { notBeforeMs: 0, notAfterMs: 90 * DAY };

describe("the time of an order", () => {
  it("is now when there is no certificate", () => {
    assert.ok(nextOrderMs({ validity: null, failures: 0, lastTryMs: null }, 30 * DAY, 0.5) < 0);
  });

  it("is before the end by what was asked for, a little earlier by chance", () => {
    const history = { validity: ninety, failures: 0, lastTryMs: 0 };
    assert.equal(nextOrderMs(history, 30 * DAY, 0), 60 * DAY);
    assert.equal(nextOrderMs(history, 30 * DAY, 1), 57 * DAY);
  });

  it("leaves two thirds of a short life alone", () => {
    const history = { validity: { notBeforeMs: 0, notAfterMs: 6 * DAY }, failures: 0, lastTryMs: 0 };
    assert.equal(nextOrderMs(history, 30 * DAY, 0), 4 * DAY);
  });

  it("is later with each failure, up to half a day", () => {
    const at = (failures: number) => nextOrderMs({ validity: null, failures, lastTryMs: 1000 }, 30 * DAY, 0) - 1000;
    assert.deepEqual([1, 2, 3, 20, 2000].map(at), [60_000, 120_000, 240_000, DAY / 2, DAY / 2]);
  });

  it("is never so soon after a failure that an authority is asked twice within a minute", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.nat(200 * DAY),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (failures, last, random) => {
          assert.ok(nextOrderMs({ validity: ninety, failures, lastTryMs: last }, 30 * DAY, random) >= last + 60_000);
        },
      ),
    );
  });
});
