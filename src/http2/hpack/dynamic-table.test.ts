import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { DynamicTable } from "./dynamic-table.ts";
import { HeaderEntry } from "./header-entry.ts";

/** An entry that counts as `size`. */
function entry(size: number): HeaderEntry {
  return new HeaderEntry("", "x".repeat(size - 32), false);
}

/** RFC 7541 4 in its plainest form. */
class Model {
  lines: HeaderEntry[] = [];
  limit: number;

  constructor(limit: number) {
    this.limit = limit;
  }

  get size(): number {
    return this.lines.reduce((sum, line) => sum + line.size, 0);
  }

  add(line: HeaderEntry): void {
    while (this.lines.length > 0 && this.size + line.size > this.limit) this.lines.pop();
    if (line.size <= this.limit) this.lines.unshift(line);
  }

  resize(limit: number): void {
    this.limit = limit;
    while (this.size > limit) this.lines.pop();
  }
}

describe("the dynamic table", () => {
  it("holds as many lines as their sizes allow, the newest first", () => {
    const table = new DynamicTable(100);
    const [a, b, c] = [entry(40), entry(60), entry(33)];
    table.add(a);
    table.add(b);
    assert.deepEqual([table.length, table.size, table.at(0), table.at(1)], [2, 100, b, a]);
    table.add(c);
    assert.deepEqual([table.length, table.size, table.at(0), table.at(1)], [2, 93, c, b]);
  });

  it("is emptied by a line that is larger than itself, which is no error", () => {
    const table = new DynamicTable(100);
    table.add(entry(40));
    table.add(entry(101));
    assert.deepEqual([table.length, table.size], [0, 0]);
  });

  it("of size 0 holds nothing", () => {
    const table = new DynamicTable(0);
    table.add(entry(32));
    assert.equal(table.length, 0);
  });

  it("holds 128 empty lines in 4096 bytes, and never more", () => {
    const table = new DynamicTable(4096);
    for (let i = 0; i < 1_000; i++) table.add(entry(32));
    assert.deepEqual([table.length, table.size], [128, 4096]);
  });

  it("does whatever the plain reading of RFC 7541 4 does", () => {
    const step = fc.oneof(
      { weight: 9, arbitrary: fc.record({ add: fc.integer({ min: 32, max: 120 }) }) },
      { weight: 1, arbitrary: fc.record({ resize: fc.integer({ min: 0, max: 3_000 }) }) },
    );
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 3_000 }), fc.array(step, { maxLength: 200 }), (limit, steps) => {
        const table = new DynamicTable(limit);
        const model = new Model(limit);
        for (const each of steps) {
          if ("add" in each) {
            const line = entry(each.add);
            table.add(line);
            model.add(line);
          } else {
            table.resize(each.resize);
            model.resize(each.resize);
          }
          assert.deepEqual([table.length, table.size], [model.lines.length, model.size]);
          model.lines.forEach((line, place) => {
            assert.equal(table.at(place), line);
          });
        }
      }),
    );
  });
});
