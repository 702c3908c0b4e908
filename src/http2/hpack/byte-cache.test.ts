import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ByteCache, hashBytes } from "./byte-cache.ts";

function put(cache: ByteCache<string>, hash: number, bytes: Uint8Array, value: string): void {
  if (cache.isSecond(hash)) cache.keep(hash, bytes, 0, bytes.length, value);
}

describe("a cache by bytes", () => {
  it("keeps what comes for the second time", () => {
    const cache = new ByteCache<string>(16, 8);
    const bytes = Uint8Array.of(1, 2, 3);
    put(cache, 7, bytes, "first");
    assert.equal(cache.find(7, bytes, 0, 3), null);
    put(cache, 7, bytes, "second");
    assert.equal(cache.find(7, bytes, 0, 3), "second");
    assert.equal(cache.find(7, Uint8Array.of(9, 1, 2, 3), 1, 4), "second");
  });

  it("tells other bytes of the same hash apart by each of them, and by their number", () => {
    const cache = new ByteCache<string>(16, 8);
    const bytes = Uint8Array.of(1, 2, 3);
    put(cache, 7, bytes, "it");
    put(cache, 7, bytes, "it");
    for (let at = 0; at < 3; at++) {
      const other = Uint8Array.from(bytes);
      other[at] = 9;
      assert.equal(cache.find(7, other, 0, 3), null);
    }
    assert.equal(cache.find(7, bytes, 0, 2), null);
    assert.equal(cache.find(7, Uint8Array.of(1, 2, 3, 4), 0, 4), null);
  });

  it("gives a slot to whoever came last, and never shows what was there before", () => {
    const cache = new ByteCache<string>(1, 8);
    const [a, b] = [Uint8Array.of(1), Uint8Array.of(2)];
    for (let i = 0; i < 2; i++) put(cache, 1, a, "a");
    put(cache, 2, b, "b");
    assert.deepEqual([cache.find(1, a, 0, 1), cache.find(2, b, 0, 1)], [null, null]);
    put(cache, 2, b, "b");
    assert.deepEqual([cache.find(1, a, 0, 1), cache.find(2, b, 0, 1)], [null, "b"]);
  });

  it("has a hash that each byte changes, wherever it stands", () => {
    const bytes = Uint8Array.from({ length: 11 }, (_, i) => i * 7);
    const hashes = new Set([hashBytes(bytes, 0, bytes.length)]);
    for (let at = 0; at < bytes.length; at++) {
      for (let bit = 0; bit < 8; bit++) {
        const other = Uint8Array.from(bytes);
        other[at]! ^= 1 << bit;
        hashes.add(hashBytes(other, 0, other.length));
      }
      hashes.add(hashBytes(bytes, 0, at));
    }
    assert.equal(hashes.size, 1 + 11 * 8 + 11);
  });
});
