// One gateway alone: it says what a store would say that it has for itself. Syncs go on meanwhile, and change nothing.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Clock, FakeClock } from "../../base/index.ts";
import { describeCounters, makeMeter } from "../counters.contract.ts";
import { Ask, BY_CLOSED, BY_LOCAL, BY_OPEN, BY_STORE, Take } from "../counters.ts";
import { ApproximateCounters, MemorySyncPort, MemorySyncStore, type SyncBatch, type SyncPort, type SyncReply } from "./index.ts";

const KINDS = ["fixedWindow", "slidingWindow", "tokenBucket"] as const;
const MINUTE = { kind: "fixedWindow", limit: 5, windowMs: 60_000 } as const;
const owner = { onDecided: () => assert.fail("decided at once") };

/** Time goes on in between without anybody's timer, so that days pass in no time. */
class JumpingClock implements Clock {
  readonly #clock = new FakeClock();
  #jumpedMs = 0;

  now(): number {
    return this.#clock.now() + this.#jumpedMs;
  }

  wall(): number {
    return this.#clock.wall() + this.#jumpedMs;
  }

  schedule(callback: () => void, delayMs: number) {
    return this.#clock.schedule(callback, delayMs);
  }

  jump(ms: number): void {
    this.#jumpedMs += ms;
  }

  /** Runs timers, and what they promise. */
  async advance(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= 50) {
      this.#clock.advance(Math.min(left, 50));
      await settle();
    }
  }
}

async function settle(): Promise<void> {
  for (let turn = 0; turn < 6; turn++) await null;
}

/** A port that a test takes away and brings back. */
class ShakyPort implements SyncPort {
  readonly #port: SyncPort;
  mode: "well" | "refuses" | "loses its answers" | "hangs" = "well";
  readonly batches: SyncBatch[] = [];

  constructor(port: SyncPort) {
    this.#port = port;
  }

  async sync(batch: SyncBatch): Promise<SyncReply> {
    this.batches.push(batch);
    if (this.mode === "refuses") throw new Error("nobody there");
    if (this.mode === "hangs") return new Promise(() => undefined);
    const reply = await this.#port.sync(batch);
    if (this.mode === "loses its answers") throw new Error("no answer");
    return reply;
  }

  close(): void {}
}

describeCounters("approximate, one gateway alone", {
  kinds: KINDS,
  clock: "fake",
  runs: 200,
  create: () => {
    const clock = new JumpingClock();
    const port = new MemorySyncPort(new MemorySyncStore(() => clock.wall()), "one");
    const counters = new ApproximateCounters({ port, clock, random: () => 0.5 });
    return {
      counters,
      now: () => clock.wall(),
      advance: async (ms) => {
        const most = Math.min(ms, 3000);
        await clock.advance(most);
        clock.jump(ms - most);
        await settle();
      },
      close: () => counters.close(),
    };
  },
});

interface Rig {
  readonly clock: JumpingClock;
  readonly store: MemorySyncStore;
  readonly port: ShakyPort;
  readonly counters: ApproximateCounters;
  readonly states: string[];
}

function start(options: { mostKeys?: number; skewMs?: number } = {}): Rig {
  const clock = new JumpingClock();
  const store = new MemorySyncStore(() => clock.wall() + (options.skewMs ?? 0));
  const port = new ShakyPort(new MemorySyncPort(store, "one"));
  const states: string[] = [];
  const watcher = { onStore: (name: string, state: string, detail: string) => void states.push(`${name} ${state} ${detail}`.trim()) };
  const { mostKeys = 1000 } = options;
  return { clock, store, port, counters: new ApproximateCounters({ port, clock, watcher, mostKeys, random: () => 0.5 }), states };
}

function ask(counters: ApproximateCounters, meter: Ask["meter"], key: string, cost = 1): Ask {
  const made = new Ask(meter, key, cost);
  assert.equal(counters.take(new Take([made], owner)), true);
  return made;
}

function admitted(counters: ApproximateCounters, meter: Ask["meter"], key: string, count: number): number {
  return Array.from({ length: count }, () => ask(counters, meter, key)).filter(({ isAdmitted }) => isAdmitted).length;
}

describe("approximate counters", () => {
  it("refuse what can't be counted with a lag, where it is first asked for", () => {
    const { counters } = start();
    const meter = makeMeter({ kind: "concurrency", limit: 1 });
    assert.throws(() => ask(counters, meter, "k"), /can't be counted approximately: concurrency/);
    counters.close();
  });

  it("hear within two syncs what others counted", async () => {
    const { clock, store, counters } = start();
    const other = new ApproximateCounters({ port: new MemorySyncPort(store, "two"), clock, random: () => 0.25 });
    const meter = makeMeter(MINUTE, { onStoreFailure: "local" });
    assert.equal(admitted(other, meter, "k", 4), 4);
    ask(counters, meter, "k", 0);
    assert.equal(admitted(counters, meter, "k", 1), 1);
    await clock.advance(2100);
    assert.equal(admitted(counters, meter, "k", 1), 0);
    for (const each of [counters, other]) each.close();
  });

  it("refuse nobody within a small limit for what few requests elsewhere might become", async () => {
    const { clock, store, counters } = start();
    const other = new ApproximateCounters({ port: new MemorySyncPort(store, "two"), clock, random: () => 0.25 });
    const meter = makeMeter(MINUTE, { onStoreFailure: "local" });
    for (const each of [other, counters, counters]) {
      assert.equal(ask(each, meter, "k").isAdmitted, true);
      await clock.advance(700);
    }
    assert.equal(ask(counters, meter, "k").remaining, 1);
    assert.equal(ask(other, meter, "k").isAdmitted, true);
    for (const each of [counters, other]) each.close();
  });

  it("stop asking about a key that nobody asks for any more, and forget it when its window is over", async () => {
    const { clock, port, counters } = start();
    const meter = makeMeter(MINUTE);
    for (const key of ["once", "twice", "twice"]) ask(counters, meter, key);
    await clock.advance(5000);
    const entries = port.batches.flatMap((batch) => batch.entries).sort((a, b) => a.key.localeCompare(b.key));
    // The last word on a rate is that there is none.
    assert.deepEqual(
      entries.map(({ key, units, askedPerMs }) => [key, units, askedPerMs > 0]),
      [
        ["once", 1, false],
        ["twice", 2, true],
        ["twice", 0, false],
      ],
    );
    assert.equal(counters.keys, 2);
    clock.jump(60_000);
    await clock.advance(1000);
    assert.equal(counters.keys, 0);
    counters.close();
  });

  it("count keys beyond those that they may keep together, which admits fewer", () => {
    const { counters } = start({ mostKeys: 3 });
    const meter = makeMeter(MINUTE);
    for (const key of ["a", "b"]) assert.equal(admitted(counters, meter, key, 9), 5);
    assert.equal(admitted(counters, meter, "c", 3) + admitted(counters, meter, "d", 3) + admitted(counters, meter, "e", 3), 3 + 5);
    assert.equal(counters.keys, 4);
    counters.close();
  });

  it("keep what they counted over a reload, and drop what a reload took away", async () => {
    const { counters } = start();
    const [kept, gone] = [makeMeter(MINUTE), makeMeter(MINUTE)];
    for (const meter of [kept, gone]) assert.equal(admitted(counters, meter, "k", 9), 5);
    counters.retain(new Set([kept.id]));
    assert.equal(admitted(counters, { ...kept }, "k", 9), 0);
    assert.equal(admitted(counters, gone, "k", 9), 5);
    counters.close();
  });

  it("learn the store's clock, and count in its windows", async () => {
    const { clock, counters } = start({ skewMs: 25_000 });
    await settle();
    const meter = makeMeter(MINUTE);
    assert.equal(ask(counters, meter, "k").resetMs, 35_000);
    await clock.advance(3000);
    clock.jump(32_000);
    assert.equal(ask(counters, meter, "k").remaining, 4);
    counters.close();
  });
});

describe("approximate counters whose store is away", () => {
  for (const [mode, decidedBy, expected] of [
    ["open", BY_OPEN, 9],
    ["closed", BY_CLOSED, 0],
    ["local", BY_LOCAL, 2],
  ] as const) {
    it(`decide as the limit says after two failures, and by the store within two seconds of its return: ${mode}`, async () => {
      const { clock, port, counters, states } = start();
      const meter = makeMeter(MINUTE, { onStoreFailure: mode });
      assert.equal(admitted(counters, meter, "k", 3), 3);
      await clock.advance(1000);
      assert.equal(ask(counters, meter, "k", 0).decidedBy, BY_STORE);
      port.mode = "refuses";
      ask(counters, meter, "other");
      await clock.advance(1200);
      assert.deepEqual(states, ["redis-sync down nobody there"]);
      assert.equal(ask(counters, meter, "k", 0).decidedBy, decidedBy);
      assert.equal(admitted(counters, meter, "k", 9), expected);
      await clock.advance(5000);
      port.mode = "well";
      await clock.advance(2000);
      assert.deepEqual(states.slice(1), ["redis-sync up"]);
      assert.equal(ask(counters, meter, "k", 0).decidedBy, BY_STORE);
      assert.equal(ask(counters, meter, "k", 0).remaining, mode === "local" ? 0 : 2);
      counters.close();
    });
  }

  it("go on by what they know where one sync fails", async () => {
    const { clock, port, counters, states } = start();
    const meter = makeMeter(MINUTE, { onStoreFailure: "closed" });
    ask(counters, meter, "k");
    await clock.advance(450);
    port.mode = "refuses";
    while (port.batches.length === 1) await clock.advance(50);
    assert.equal(ask(counters, meter, "k").isAdmitted, true);
    port.mode = "well";
    await clock.advance(1000);
    assert.deepEqual(states, []);
    counters.close();
  });

  for (const mode of ["loses its answers", "refuses"] as const) {
    it(`tell every unit once, also where the store ${mode}`, async () => {
      const { clock, port, store, counters } = start();
      const meter = makeMeter({ ...MINUTE, limit: 1000 }, { onStoreFailure: "local" });
      await clock.advance(100);
      port.mode = mode;
      for (let i = 0; i < 30; i++) {
        ask(counters, meter, "k", 10);
        await clock.advance(150);
      }
      port.mode = "well";
      await clock.advance(3000);
      const stranger = new ApproximateCounters({ port: new MemorySyncPort(store, "two"), clock, random: () => 0 });
      ask(stranger, meter, "k", 1);
      await clock.advance(2500);
      assert.equal(ask(stranger, meter, "k", 0).remaining, 1000 - 301);
      for (const each of [counters, stranger]) each.close();
    });
  }

  it("keep no request waiting for a store that hangs, and take it for away", async () => {
    const { clock, port, counters, states } = start();
    const meter = makeMeter(MINUTE, { onStoreFailure: "local" });
    await clock.advance(100);
    port.mode = "hangs";
    assert.equal(admitted(counters, meter, "k", 9), 5);
    await clock.advance(4000);
    assert.deepEqual(states, ["redis-sync down no answer"]);
    assert.equal(admitted(counters, meter, "other", 9), 5);
    counters.close();
  });
});
