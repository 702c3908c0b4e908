import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DecisionCache, toKey } from "./decision-cache.ts";

describe("a cache of decisions", () => {
  it("keeps the latest, each for its time", () => {
    const cache = new DecisionCache<boolean>(2, 100);
    cache.keep("a", true, 0);
    cache.keep("b", false, 10);
    cache.keep("c", true, 20);
    assert.deepEqual([cache.size, cache.find("a", 20), cache.find("b", 109), cache.find("c", 119)], [2, undefined, false, true]);
    assert.deepEqual([cache.find("b", 110), cache.size], [undefined, 1]);
    cache.keep("c", false, 50);
    assert.deepEqual([cache.find("c", 149), cache.size], [false, 1]);
  });

  it("has keys of no more than 256 characters, however long what they stand for is", () => {
    const [short, long] = ["k".repeat(256), "k".repeat(257)];
    assert.equal(toKey(short), short);
    assert.equal(toKey(long).length, 44);
    assert.notEqual(toKey(long), toKey(`${long}x`));
    assert.equal(toKey(long), toKey("k".repeat(257)));
  });
});
