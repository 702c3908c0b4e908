import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../../base/index.ts";
import { AdaptiveLimit, type LimitBounds } from "./adaptive-limit.ts";
import { UsualLatency } from "./usual-latency.ts";

const BOUNDS: LimitBounds = { minimum: 10, maximum: 200, tolerance: 2 };

/** Keeps a number of requests under way, all of which take as long as they are told. */
class Load {
  readonly clock = new FakeClock(1000);
  readonly limit: AdaptiveLimit;
  readonly usual = new UsualLatency();

  constructor(bounds: Partial<LimitBounds> = {}) {
    this.limit = new AdaptiveLimit({ ...BOUNDS, ...bounds }, this.clock);
  }

  /** For `forMs`: batches of as many as are let in, `wanted` at most; the others are shed. */
  run(
    forMs: number,
    wanted: number,
    tookMs: (inFlight: number, usual: UsualLatency) => number,
    routes: readonly UsualLatency[] = [this.usual],
  ): void {
    const endsMs = this.clock.now() + forMs;
    while (this.clock.now() < endsMs) {
      const startedMs = this.clock.now();
      const inFlight = Math.min(wanted, Math.max(1, Math.floor(this.limit.limit)));
      for (let i = 1; i <= inFlight; i++) this.limit.admitted(i, startedMs);
      for (let i = inFlight; i < wanted; i++) this.limit.shed();
      const jobs = Array.from({ length: inFlight }, (_, i) => {
        const usual = routes[i % routes.length] as UsualLatency;
        return { usual, endMs: startedMs + tookMs(inFlight, usual) };
      }).sort((a, b) => a.endMs - b.endMs);
      for (const [i, { usual, endMs }] of jobs.entries()) {
        this.clock.advance(Math.max(0, endMs - this.clock.now()));
        this.limit.sample(usual, startedMs, inFlight - 1 - i, this.clock.now());
      }
    }
  }

  fail(forMs: number, everyMs: number): void {
    for (let atMs = 0; atMs < forMs; atMs += everyMs) {
      this.clock.advance(everyMs);
      this.limit.drop(1, this.clock.now());
    }
  }
}

describe("an adaptive limit", () => {
  it("begins at its minimum, stays there while nothing is known, and grows by itself to what is wanted", () => {
    const load = new Load();
    assert.equal(load.limit.limit, 10);
    load.run(60, 100, () => 20);
    assert.equal(load.limit.limit, 10);
    load.run(3000, 100, () => 20);
    assert.ok(load.limit.limit > 100, `${load.limit.limit}`);
  });

  it("does not grow beyond twice what is used, nor beyond its maximum", () => {
    const load = new Load();
    load.run(60_000, 30, () => 20);
    assert.ok(load.limit.limit < 100, `${load.limit.limit}`);
    load.run(9000, 1000, () => 20);
    assert.equal(load.limit.limit, 200);
  });

  it("goes down when everything takes longer than is tolerated, and is never below its minimum", () => {
    const load = new Load();
    load.run(5000, 100, () => 20);
    load.run(1500, 100, () => 200);
    assert.ok(load.limit.limit <= 50, `${load.limit.limit}`);
    load.run(2500, 100, () => 200);
    assert.equal(load.limit.limit, 10);
  });

  it("lets requests take as long as is tolerated", () => {
    const load = new Load();
    load.run(5000, 100, () => 20);
    const before = load.limit.limit;
    load.run(4000, 100, () => 35);
    assert.ok(load.limit.limit >= before, `${load.limit.limit}, ${before} before`);
  });

  it("finds the place where a queue takes as long again as the work", () => {
    const load = new Load({ minimum: 4 });
    // As many as 40 at once take 20 ms each; more wait for their turn.
    load.run(9000, 400, (inFlight) => 20 * Math.max(1, inFlight / 40));
    assert.ok(load.limit.limit > 55 && load.limit.limit < 110, `${load.limit.limit}`);
  });

  it("takes for usual what it can't have quicker, so that a service that became slow is not starved for ever", () => {
    const load = new Load();
    load.run(5000, 100, () => 20);
    load.run(60_000, 100, () => 400);
    assert.ok(load.limit.limit > 100, `${load.limit.limit}`);
  });

  it("follows at once when it is quicker again: what was slow is no excuse any more", () => {
    const load = new Load();
    load.run(5000, 100, () => 20);
    load.run(60_000, 100, () => 400);
    load.run(20_000, 100, () => 20);
    load.run(3000, 100, () => 200);
    assert.ok(load.limit.limit < 30, `${load.limit.limit}`);
  });

  it("is not brought down by a route of the fewer that is slow, however slow", () => {
    const load = new Load({ minimum: 2 });
    const quick = [new UsualLatency(), new UsualLatency()];
    const slow = new UsualLatency();
    const all = [...quick, slow];
    load.run(9000, 60, () => 20, all);
    const before = load.limit.limit;
    load.run(9000, 60, (_, usual) => (usual === slow ? 1000 : 20), all);
    assert.ok(load.limit.limit >= before, `${load.limit.limit}, ${before} before`);
  });

  it("is not for ever at its minimum where most routes have become slow", () => {
    const load = new Load({ minimum: 9 });
    const all = [new UsualLatency(), new UsualLatency(), new UsualLatency()];
    load.run(9000, 60, () => 20, all);
    load.run(9000, 60, (_, usual) => (usual === all[0] ? 20 : 500), all);
    load.run(90_000, 60, (_, usual) => (usual === all[0] ? 20 : 500), all);
    assert.ok(load.limit.limit >= 60, `${load.limit.limit}`);
  });

  it("does not take another mix of the same routes for load", () => {
    const load = new Load();
    const quick = new UsualLatency();
    const slow = new UsualLatency();
    const tookMs = (_: number, usual: UsualLatency) => (usual === slow ? 300 : 10);
    load.run(9000, 60, tookMs, [quick, quick, quick, slow]);
    const before = load.limit.limit;
    load.run(9000, 60, tookMs, [slow, slow, slow, quick]);
    assert.ok(load.limit.limit >= before, `${load.limit.limit}, ${before} before`);
  });

  it("goes down for failures, and comes back", () => {
    const load = new Load();
    load.run(5000, 100, () => 20);
    load.fail(2000, 2);
    assert.equal(load.limit.limit, 10);
    load.run(3000, 100, () => 20);
    assert.ok(load.limit.limit > 100, `${load.limit.limit}`);
  });

  it("remembers what it knew over hours of rest, and is not misled by what came before them", () => {
    const load = new Load();
    load.run(5000, 100, () => 20);
    // Ten of a window's samples are slow, and then nothing comes.
    load.run(1, 10, () => 300);
    const before = load.limit.limit;
    load.clock.advance(3 * 3_600_000);
    load.run(1000, 100, () => 20);
    assert.ok(load.limit.limit >= before, `${load.limit.limit}, ${before} before`);
  });

  it("is measured at the same moments wherever the wall clock is the same, whenever it began", () => {
    const lowest = (startMs: number) => {
      const load = new Load();
      load.clock.advance(startMs);
      load.run(8000, 1000, (inFlight) => 20 * Math.max(1, inFlight / 40));
      const found: number[] = [];
      let before = load.limit.limit;
      while (load.clock.now() < 41_000) {
        load.run(1, 1000, (inFlight) => 20 * Math.max(1, inFlight / 40));
        if (load.limit.limit < before / 3) found.push(Math.round(load.clock.wall() / 1000) % 60);
        before = load.limit.limit;
      }
      return found;
    };
    assert.deepEqual(lowest(0).slice(-3), [20, 30, 40]);
    assert.deepEqual(lowest(3456).slice(-2), [30, 40]);
  });
});

describe("a usual latency", () => {
  const fill = (usual: UsualLatency, tookMs: number, count: number, nowMs: number) => {
    for (let i = 0; i < count; i++) usual.add(Math.log2(tookMs), 0, nowMs);
  };

  it("is not known before 32 requests, and not moved much by a few slow ones", () => {
    const usual = new UsualLatency();
    fill(usual, 16, 31, 0);
    usual.learn(1);
    assert.ok(!usual.isKnown);
    fill(usual, 16_000, 1, 1);
    usual.learn(1);
    assert.ok(usual.isKnown);
    assert.ok(2 ** usual.bits < 22, `${2 ** usual.bits}`);
  });

  it("falls within seconds and rises within minutes", () => {
    const usual = new UsualLatency();
    fill(usual, 64, 32, 0);
    usual.learn(0);
    for (let second = 1; second <= 20; second++) {
      fill(usual, 16, 1000, second * 1000);
      usual.learn(second * 1000);
    }
    assert.ok(2 ** usual.bits < 18, `${2 ** usual.bits}`);
    for (let second = 21; second <= 80; second++) {
      fill(usual, 64, 1000, second * 1000);
      usual.learn(second * 1000);
    }
    assert.ok(2 ** usual.bits > 18 && 2 ** usual.bits < 28, `${2 ** usual.bits}`);
    for (let second = 81; second <= 1200; second++) {
      fill(usual, 64, 1000, second * 1000);
      usual.learn(second * 1000);
    }
    assert.ok(2 ** usual.bits > 58, `${2 ** usual.bits}`);
  });

  it("does not sink by chance: requests that differ by a factor of ten leave it where it is", () => {
    const usual = new UsualLatency();
    const mean = Math.log2(20);
    for (let second = 0; second < 600; second++) {
      for (let i = 0; i < 40; i++) usual.add(mean + Math.sin(second * 40 + i * i) * 1.6, 0, second * 1000);
      usual.learn(second * 1000);
    }
    assert.ok(Math.abs(usual.bits - mean) < 0.3, `${usual.bits - mean}`);
  });
});
