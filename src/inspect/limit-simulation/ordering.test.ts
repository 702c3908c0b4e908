// Parts of the simulation that keep things in order, and in bounds.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readLoggedRequest } from "./logged-request.ts";
import { MinHeap } from "./min-heap.ts";
import { StartOrder } from "./start-order.ts";
import { TopCounts } from "./top-counts.ts";

function toRequest(startMs: number, endMs: number) {
  const time = new Date(startMs).toISOString();
  const record = { time, durationMs: endMs - startMs, listener: "http", client: "", method: "GET", host: "", path: "/", status: 200 };
  const request = readLoggedRequest(JSON.stringify(record));
  assert.ok(request !== null);
  return request;
}

/** Start times in the order in which they are given out; requests in the order of the log. */
function order(spans: readonly (readonly [startMs: number, endMs: number])[], windowMs: number, most?: number) {
  const starts = new StartOrder(windowMs, most);
  const taken: number[] = [];
  const drain = (isEnd: boolean) => {
    for (let next = starts.take(isEnd); next !== undefined; next = starts.take(isEnd)) taken.push(next.startMs);
  };
  for (const [startMs, endMs] of spans) {
    starts.add(toRequest(startMs, endMs));
    drain(false);
  }
  drain(true);
  return { taken, late: starts.late };
}

describe("requests of a log", () => {
  it("come in the order in which they began", () => {
    const spans = [
      [30, 40],
      [10, 50],
      [45, 60],
      [0, 70],
    ] as const;
    assert.deepEqual(order(spans, 100), { taken: [0, 10, 30, 45], late: 0 });
  });

  it("come late when they took longer than the window", () => {
    const spans = [
      [100, 110],
      [200, 220],
      [300, 320],
      [0, 330],
    ] as const;
    assert.deepEqual(order(spans, 50), { taken: [100, 200, 0, 300], late: 1 });
  });

  it("wait no longer when too many do", () => {
    const spans = [
      [30, 31],
      [20, 32],
      [10, 33],
    ] as const;
    assert.deepEqual(order(spans, 1000, 1), { taken: [20, 10, 30], late: 1 });
  });
});

describe("a heap", () => {
  it("gives the least first, and what is equal in the order in which it came", () => {
    const heap = new MinHeap<string>();
    const keys = Array.from({ length: 500 }, (_, index) => (index * 7919) % 50);
    for (const [index, key] of keys.entries()) heap.push(key, `${key} ${index}`);
    assert.equal(heap.least, 0);
    const given = keys.map(() => heap.pop());
    const sorted = keys.map((key, index) => ({ key, index })).sort((a, b) => a.key - b.key || a.index - b.index);
    assert.deepEqual(
      given,
      sorted.map(({ key, index }) => `${key} ${index}`),
    );
    assert.deepEqual([heap.pop(), heap.size, heap.least], [undefined, 0, Number.POSITIVE_INFINITY]);
  });
});

describe("counts of those who come most often", () => {
  it("forget the rarest when there are too many, and say so", () => {
    const counts = new TopCounts(10);
    for (let round = 0; round < 5; round++) for (let i = 0; i < 5; i++) counts.add(`often-${i}`);
    counts.add("often-3");
    assert.equal(counts.isPartial, false);
    for (let i = 0; i < 1000; i++) counts.add(`once-${i}`);
    assert.deepEqual(counts.top(2), [
      { name: "often-3", count: 6 },
      { name: "often-0", count: 5 },
    ]);
    assert.ok(counts.isPartial && counts.size < 20);
  });
});
