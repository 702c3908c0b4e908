import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock, TimerWheel } from "../base/index.ts";
import { VerificationBudget } from "./verification-budget.ts";

function create(bounds?: { verifications: number; perSecond: number; addresses: number }) {
  const clock = new FakeClock();
  const wheel = new TimerWheel(clock);
  const budget = new VerificationBudget(wheel, bounds);
  const pass = (ms: number): void => {
    clock.advance(ms);
    wheel.touch();
  };
  const spendAll = (address: string): number => {
    let count = 0;
    while (budget.spend(address) === 0) count++;
    return count;
  };
  return { budget, pass, spendAll };
}

describe("a budget of verifications", () => {
  it("lets an address have 500 at once and 100 a second", () => {
    const { pass, spendAll } = create();
    assert.equal(spendAll("192.0.2.1"), 500);
    assert.equal(spendAll("192.0.2.1"), 0);
    pass(1000);
    assert.equal(spendAll("192.0.2.1"), 100);
    pass(3_600_000);
    assert.equal(spendAll("192.0.2.1"), 500);
  });

  it("says when there is one again, in whole seconds", () => {
    const { budget, pass, spendAll } = create({ verifications: 2, perSecond: 0.25, addresses: 10 });
    assert.equal(spendAll("192.0.2.1"), 2);
    assert.equal(budget.spend("192.0.2.1"), 4);
    pass(3500);
    assert.equal(budget.spend("192.0.2.1"), 1);
    pass(500);
    assert.equal(budget.spend("192.0.2.1"), 0);
  });

  it("gives nine tenths back for good ones, and never more than there was", () => {
    const { budget, spendAll } = create({ verifications: 10, perSecond: 1, addresses: 10 });
    budget.giveBack("192.0.2.1", 4);
    assert.equal(spendAll("192.0.2.1"), 10);
    let good = 0;
    const { budget: other } = create({ verifications: 10, perSecond: 1, addresses: 10 });
    while (other.spend("192.0.2.1") === 0) {
      other.giveBack("192.0.2.1", 1);
      good++;
    }
    assert.ok(good > 85 && good < 95, `${good}`);
  });

  it("counts addresses apart, IPv6 by /64, IPv4 in IPv6 as IPv4", () => {
    const { spendAll } = create();
    assert.equal(spendAll("192.0.2.1"), 500);
    assert.equal(spendAll("192.0.2.2"), 500);
    assert.equal(spendAll("::ffff:192.0.2.1"), 0);
    assert.equal(spendAll("2001:db8::1"), 500);
    assert.equal(spendAll("2001:db8::ffff"), 0);
    assert.equal(spendAll("2001:db8:0:1::1"), 500);
  });

  it("remembers a bounded number of addresses, those used last", () => {
    const { budget, spendAll } = create({ verifications: 3, perSecond: 1, addresses: 100 });
    assert.equal(spendAll("192.0.2.1"), 3);
    for (let i = 0; i < 1000; i++) {
      budget.spend(`198.51.100.${i % 250}`);
      assert.equal(budget.spend("192.0.2.1"), 1);
    }
    assert.equal(budget.size, 100);
  });

  it("does not refill by a clock that stands or goes back", () => {
    const { pass, spendAll } = create();
    assert.equal(spendAll("192.0.2.1"), 500);
    pass(0);
    assert.equal(spendAll("192.0.2.1"), 0);
  });
});
