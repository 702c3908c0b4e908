import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TokenCache } from "./token-cache.ts";

const cacheOf = (tokens: number, bytes = 1_000_000) => new TokenCache<string>({ tokens, bytes });

describe("a cache of tokens", () => {
  it("gives back what it was given, under that digest alone", () => {
    const cache = cacheOf(10);
    cache.keep("a", "alice", 1000, 1);
    assert.equal(cache.find("a", 0), "alice");
    assert.equal(cache.find("b", 0), null);
  });

  it("gives nothing from the very moment on at which it is no longer good, and lets it go", () => {
    const cache = cacheOf(10);
    cache.keep("a", "alice", 1000, 7);
    assert.equal(cache.find("a", 999), "alice");
    assert.equal(cache.find("a", 1000), null);
    assert.deepEqual([cache.size, cache.bytes], [0, 0]);
    assert.equal(cache.find("a", 0), null);
  });

  it("keeps what has no end", () => {
    const cache = cacheOf(10);
    cache.keep("a", "alice", Number.POSITIVE_INFINITY, 1);
    assert.equal(cache.find("a", Number.MAX_SAFE_INTEGER), "alice");
  });

  it("puts another in the place of one with the same digest", () => {
    const cache = cacheOf(10);
    cache.keep("a", "alice", 1000, 5);
    cache.keep("a", "bob", 2000, 3);
    assert.equal(cache.find("a", 1500), "bob");
    assert.deepEqual([cache.size, cache.bytes], [1, 3]);
  });

  it("forgets", () => {
    const cache = cacheOf(10);
    cache.keep("a", "alice", 1000, 5);
    cache.forget("a");
    cache.forget("b");
    assert.equal(cache.find("a", 0), null);
    assert.deepEqual([cache.size, cache.bytes], [0, 0]);
  });

  it("never holds more tokens or bytes than it may", () => {
    const cache = cacheOf(8, 100);
    for (let i = 0; i < 1000; i++) {
      cache.keep(`${i}`, "x", 1000, (i * 7) % 40);
      if (i % 3 === 0) cache.find(`${i - (i % 5)}`, 0);
      assert.ok(cache.size <= 8 && cache.bytes <= 100, `${cache.size} ${cache.bytes}`);
    }
    assert.ok(cache.size > 1);
  });

  it("does not keep what is larger than all of it, and loses nothing by that", () => {
    const cache = cacheOf(8, 100);
    cache.keep("a", "alice", 1000, 60);
    cache.keep("b", "bob", 1000, 101);
    assert.equal(cache.find("a", 0), "alice");
    assert.equal(cache.find("b", 0), null);
  });

  it("keeps nothing where none may be kept", () => {
    const cache = cacheOf(0);
    cache.keep("a", "alice", 1000, 0);
    assert.equal(cache.find("a", 0), null);
  });

  it("works with room for one", () => {
    const cache = cacheOf(1);
    cache.keep("a", "alice", 1000, 1);
    cache.find("a", 0);
    cache.keep("b", "bob", 1000, 1);
    cache.keep("c", "carol", 1000, 1);
    assert.equal(cache.size, 1);
    assert.equal(cache.find("c", 0), "carol");
  });

  it("keeps those in use through a flood of tokens that come once", () => {
    const cache = cacheOf(1000);
    for (let i = 0; i < 800; i++) cache.keep(`hot${i}`, "hot", 1e9, 1);
    for (let i = 0; i < 800; i++) cache.find(`hot${i}`, 0);
    for (let i = 0; i < 100_000; i++) cache.keep(`once${i}`, "once", 1e9, 1);
    let kept = 0;
    for (let i = 0; i < 800; i++) if (cache.find(`hot${i}`, 0) !== null) kept++;
    assert.equal(kept, 800);
    assert.equal(cache.size, 1000);
  });

  it("lets go in the end of those that were in use and are no more", () => {
    const cache = cacheOf(100);
    for (const round of ["old", "new"]) {
      for (let i = 0; i < 2000; i++) {
        const digest = `${round}${i % 200}`;
        if (cache.find(digest, 0) === null) cache.keep(digest, round, 1e9, 1);
        cache.find(digest, 0);
      }
    }
    let old = 0;
    for (let i = 0; i < 200; i++) if (cache.find(`old${i}`, 0) !== null) old++;
    assert.equal(old, 0);
  });
});
