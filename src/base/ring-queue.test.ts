import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { RingQueue } from "./ring-queue.ts";

describe("RingQueue", () => {
  it("gives values back in the order in which they came", () => {
    const queue = new RingQueue<{ id: number }>();
    for (let id = 0; id < 100; id++) queue.push({ id });
    assert.equal(queue.size, 100);
    assert.equal(queue.peek()?.id, 0);
    for (let id = 0; id < 100; id++) assert.equal(queue.shift()?.id, id);
    assert.equal(queue.shift(), null);
    assert.equal(queue.peek(), null);
    assert.equal(queue.size, 0);
  });

  it("does not take another's place for a ticket that was used", () => {
    const queue = new RingQueue<{ id: number }>();
    const first = queue.push({ id: 1 });
    assert.ok(queue.remove(first));
    const second = queue.push({ id: 2 });
    assert.ok(!queue.remove(first));
    assert.equal(queue.shift()?.id, 2);
    assert.ok(!queue.remove(second));
    assert.ok(!queue.remove(second + 1));
  });

  it("does what an array does, through any sequence of calls", () => {
    const step = fc.oneof(
      { weight: 4, arbitrary: fc.constant({ what: "push" as const, at: 0 }) },
      { weight: 2, arbitrary: fc.constant({ what: "shift" as const, at: 0 }) },
      { weight: 2, arbitrary: fc.record({ what: fc.constant("remove" as const), at: fc.nat(40) }) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 200 }), (steps) => {
        const queue = new RingQueue<{ id: number }>();
        const model: { id: number; ticket: number }[] = [];
        const tickets: number[] = [];
        for (const { what, at } of steps) {
          if (what === "push") {
            const id = tickets.length;
            const ticket = queue.push({ id });
            tickets.push(ticket);
            model.push({ id, ticket });
          } else if (what === "shift") {
            assert.equal(queue.shift()?.id, model.shift()?.id);
          } else {
            const ticket = tickets[at];
            if (ticket === undefined) continue;
            const index = model.findIndex((entry) => entry.ticket === ticket);
            assert.equal(queue.remove(ticket), index >= 0);
            if (index >= 0) model.splice(index, 1);
          }
          assert.equal(queue.size, model.length);
          assert.equal(queue.peek()?.id, model[0]?.id);
        }
      }),
    );
  });

  it("survives a crowd and is usable after it has gone", () => {
    const queue = new RingQueue<{ id: number }>();
    const tickets = Array.from({ length: 5000 }, (_, id) => queue.push({ id }));
    for (const ticket of tickets) assert.ok(queue.remove(ticket));
    assert.equal(queue.size, 0);
    queue.push({ id: 1 });
    queue.push({ id: 2 });
    assert.equal(queue.shift()?.id, 1);
    assert.equal(queue.shift()?.id, 2);
  });
});
