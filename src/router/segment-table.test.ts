// The table against a Map, growth and colliding hashes included.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { hashText, SegmentTable } from "./segment-table.ts";

function find(table: SegmentTable<number>, segment: string): number | null {
  const path = `/before/${segment}/after`;
  return table.find(path, 8, 8 + segment.length, hashText(segment));
}

describe("SegmentTable", () => {
  it("finds what was added and nothing else", () => {
    const segment = fc.string({ unit: fc.constantFrom("a", "b", "1", "-", "%"), maxLength: 5 });
    fc.assert(
      fc.property(fc.uniqueArray(segment, { maxLength: 200 }), fc.array(segment, { maxLength: 50 }), (added, asked) => {
        const table = new SegmentTable<number>();
        const expected = new Map<string, number>();
        for (const [index, name] of added.entries()) {
          table.add(name, index);
          expected.set(name, index);
        }
        assert.equal(table.count, added.length);
        assert.deepEqual([...table.values()].sort(), [...expected.values()].sort());
        for (const name of [...added, ...asked]) assert.equal(find(table, name), expected.get(name) ?? null, name);
      }),
    );
  });

  it("compares the text, not only the hash", () => {
    const table = new SegmentTable<number>();
    table.add("abc", 1);
    assert.equal(table.find("/abd", 1, 4, hashText("abc")), null);
    assert.equal(table.find("/abcd", 1, 5, hashText("abc")), null);
    assert.equal(table.find("/abc", 1, 4, hashText("abc")), 1);
  });
});
