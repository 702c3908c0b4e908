import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FakeClock } from "../../base/index.ts";
import { PRIORITIES, type SheddingConfig } from "../../config/index.ts";
import { LoadShedder, SHARES } from "./load-shedder.ts";

const SETTINGS: SheddingConfig = { minimum: 20, maximum: 20, tolerance: 2, retryAfterSeconds: 1 };
const [CRITICAL, HIGH, NORMAL, LOW] = [0, 1, 2, 3] as const;

function countAdmitted(shedder: LoadShedder, level: number, tries = 1000): number {
  let admitted = 0;
  for (let i = 0; i < tries; i++) if (shedder.admit(level, 1000)) admitted++;
  return admitted;
}

describe("priorities", () => {
  it("have the shares that are documented, each on top of what is under way already", () => {
    const shedder = new LoadShedder(SETTINGS, new FakeClock(1000));
    assert.equal(countAdmitted(shedder, LOW), 14);
    assert.equal(countAdmitted(shedder, NORMAL), 3);
    assert.equal(countAdmitted(shedder, HIGH), 2);
    assert.equal(countAdmitted(shedder, CRITICAL), 1);
    assert.equal(shedder.inFlight, 20);
    assert.deepEqual(
      PRIORITIES.map((priority) => shedder.shed(priority)),
      [999, 998, 997, 986],
    );
  });

  it("let one in of any class where nothing is under way", () => {
    for (const level of [CRITICAL, HIGH, NORMAL, LOW]) {
      assert.equal(countAdmitted(new LoadShedder({ ...SETTINGS, minimum: 1, maximum: 1 }, new FakeClock(1000)), level), 1);
    }
  });

  it("hold whatever comes: nobody is shed while one of a lower class is let in, nor let in beyond its share", () => {
    const act = fc.oneof(
      { weight: 3, arbitrary: fc.record({ act: fc.constant("ask" as const), level: fc.integer({ min: 0, max: 3 }) }) },
      { weight: 2, arbitrary: fc.record({ act: fc.constantFrom("answer", "fail", "leave"), level: fc.constant(0) }) },
      { weight: 1, arbitrary: fc.record({ act: fc.constant("wait"), level: fc.constant(0) }) },
    );
    const property = fc.property(fc.array(act, { maxLength: 2000 }), fc.integer({ min: 1, max: 50 }), fc.nat(60), (acts, minimum, more) => {
      const clock = new FakeClock(1000);
      const shedder = new LoadShedder({ ...SETTINGS, minimum, maximum: minimum + more }, clock);
      const usual = shedder.usualOf("route");
      let underWay = 0;
      for (const { act, level } of acts) {
        if (act === "wait") clock.advance(37);
        else if (act !== "ask") {
          if (underWay === 0) continue;
          underWay--;
          if (act === "answer") shedder.releaseAnswered(usual, clock.now() - 20, clock.now());
          else if (act === "fail") shedder.releaseFailed(clock.now());
          else shedder.releaseAbandoned(usual, clock.now() - 30, clock.now());
        } else {
          const { limit } = shedder;
          const room = Math.max(1, Math.floor(limit * SHARES[PRIORITIES[level]!] + 1));
          const isAdmitted = shedder.admit(level, clock.now());
          if (isAdmitted) assert.ok(++underWay <= room, `${PRIORITIES[level]} is number ${underWay} of ${limit}`);
          // Who is more important would have been let in, too: below the same number, or a higher one.
          else if (level === CRITICAL) assert.ok(underWay >= limit, `a critical one is shed with ${underWay} of ${limit} under way`);
          if (!isAdmitted && level < LOW) {
            assert.ok(!shedder.admit(LOW, clock.now()), "a low one is let in where another is shed");
          }
        }
        assert.equal(shedder.inFlight, underWay);
        assert.ok(shedder.limit >= minimum && shedder.limit <= minimum + more);
      }
    });
    fc.assert(property, { numRuns: 200 });
  });
});

describe("what is usual for a route", () => {
  it("is kept by its name, so that a reload under load begins with what is known", () => {
    const shedder = new LoadShedder(SETTINGS, new FakeClock(1000));
    const usual = shedder.usualOf("orders");
    assert.equal(shedder.usualOf("orders"), usual);
    assert.notEqual(shedder.usualOf("catalog"), usual);
  });
});
