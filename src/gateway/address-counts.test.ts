import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { AddressCounts } from "./address-counts.ts";

describe("the count of connections of an address", () => {
  it("refuses the one beyond the limit, and takes one again when one has left", () => {
    const counts = new AddressCounts();
    assert.deepEqual(
      [1, 2, 3].map(() => counts.enter("a", 2)),
      [true, true, false],
    );
    assert.equal(counts.enter("b", 2), true);
    counts.leave("a");
    assert.equal(counts.enter("a", 2), true);
  });

  it("counts what other workers have told", () => {
    const counts = new AddressCounts();
    counts.setOthers({ a: 2 });
    assert.equal(counts.enter("a", 3), true);
    assert.equal(counts.enter("a", 3), false);
    counts.setOthers({});
    assert.equal(counts.enter("a", 3), true);
  });

  it("counts also while there is no limit, for one that may come", () => {
    const counts = new AddressCounts();
    for (let i = 0; i < 5; i++) assert.equal(counts.enter("a", null), true);
    assert.equal(counts.enter("a", 5), false);
  });

  it("tells of who has many by a limit that is new or lower, and of nobody where it ends", () => {
    const counts = new AddressCounts();
    for (let i = 0; i < 5; i++) counts.enter("a", null);
    counts.enter("b", null);
    assert.equal(counts.takeNews(), null);
    counts.changeLimit(640);
    assert.deepEqual(counts.takeNews(), { a: 5 });
    counts.changeLimit(100);
    assert.deepEqual(counts.takeNews(), { a: 5, b: 1 });
    counts.changeLimit(null);
    assert.equal(counts.takeNews(), null);
  });

  it("tells of an address with many, until it has none any more, and of no other", () => {
    const counts = new AddressCounts();
    counts.enter("few", 1000);
    assert.equal(counts.takeNews(), null);
    for (let i = 0; i < 8; i++) counts.enter("many", 1000);
    assert.deepEqual(counts.takeNews(), { many: 8 });
    assert.equal(counts.takeNews(), null);
    for (let i = 0; i < 8; i++) counts.leave("many");
    assert.deepEqual(counts.takeNews(), { many: 0 });
    counts.enter("many", 1000);
    assert.equal(counts.takeNews(), null);
  });

  it("lets no more in, over all workers that tell each other, than the limit", () => {
    const step = fc.record({ worker: fc.nat(2), enters: fc.boolean(), tells: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const workers = [new AddressCounts(), new AddressCounts(), new AddressCounts()];
        const told = new Map<number, number>();
        const open = [0, 0, 0];
        for (const { worker, enters } of steps) {
          const counts = workers[worker] ?? assert.fail();
          if (enters && counts.enter("a", 5)) open[worker] = (open[worker] ?? 0) + 1;
          else if (!enters && (open[worker] ?? 0) > 0) {
            counts.leave("a");
            open[worker] = (open[worker] ?? 0) - 1;
          }
          for (const [index, one] of workers.entries()) {
            const news = one.takeNews();
            if (news !== null) told.set(index, news["a"] ?? 0);
          }
          for (const [index, one] of workers.entries()) {
            const others = [...told].reduce((sum, [from, count]) => (from === index ? sum : sum + count), 0);
            one.setOthers(others === 0 ? {} : { a: others });
          }
          assert.ok(open.reduce((sum, count) => sum + count, 0) <= 5);
        }
      }),
    );
  });
});
