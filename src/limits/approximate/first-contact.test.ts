// What holds before a gateway has ever heard of its store.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../../base/index.ts";
import { makeMeter } from "../counters.contract.ts";
import { Ask, BY_CLOSED, BY_STORE, Take } from "../counters.ts";
import type { LuaScript, RedisLink } from "../redis/index.ts";
import { ApproximateCounters, RedisSync } from "./index.ts";

const rule = { kind: "fixedWindow", limit: 5, windowMs: 60_000 } as const;

class StartingLink implements RedisLink {
  isUp = false;
  epoch = 0;
  calls = 0;
  readonly started: Promise<void>;
  settle: () => void = () => undefined;

  constructor() {
    this.started = new Promise((resolve) => {
      this.settle = resolve;
    });
  }

  async run(_script: LuaScript, keys: readonly string[]): Promise<unknown> {
    this.calls++;
    if (!this.isUp) throw new Error("away");
    return keys.map((_, index) => (index === 0 ? "1000" : "1000 0 0 0 0"));
  }

  close(): void {}
}

function stage() {
  const link = new StartingLink();
  const clock = new FakeClock();
  const counters = new ApproximateCounters({ port: new RedisSync({ link, isCluster: false, prefix: "p:" }), clock });
  let hasStarted = false;
  void counters.started.then(() => {
    hasStarted = true;
  });
  const ask = () => {
    const made = new Ask(makeMeter(rule, { onStoreFailure: "closed" }), "k", 1);
    counters.take(new Take([made], { onDecided: () => assert.fail("decided at once") }));
    return made;
  };
  return { link, clock, counters, ask, hasStarted: () => hasStarted };
}

const settled = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("approximate counters that have just been made", () => {
  it("have started when the store is known to be away, and then nobody is admitted by a limit that is closed", async () => {
    const { link, counters, ask, hasStarted } = stage();
    await settled();
    assert.deepEqual([link.calls, hasStarted()], [0, false]);
    link.settle();
    await counters.started;
    const { isAdmitted, decidedBy } = ask();
    assert.deepEqual([isAdmitted, decidedBy], [false, BY_CLOSED]);
    counters.close();
  });

  it("have started when the store has answered, by one call", async () => {
    const { link, counters, ask } = stage();
    link.isUp = true;
    link.settle();
    await counters.started;
    const { isAdmitted, decidedBy } = ask();
    assert.deepEqual([isAdmitted, decidedBy, link.calls], [true, BY_STORE, 1]);
    counters.close();
  });

  it("wait for a link that takes longer than a sync may, and not for ever", async () => {
    const { link, clock, counters, ask, hasStarted } = stage();
    await clock.advance(1900);
    assert.equal(hasStarted(), false);
    link.isUp = true;
    link.settle();
    await counters.started;
    assert.equal(ask().decidedBy, BY_STORE);
    counters.close();

    const other = stage();
    await other.clock.advance(2200);
    assert.deepEqual([other.hasStarted(), other.ask().decidedBy], [true, BY_CLOSED]);
    other.counters.close();
  });

  it("have started when they are closed", async () => {
    const { counters } = stage();
    counters.close();
    await counters.started;
  });
});
