// Short doses of the fuzzing, with a fixed seed.

import { describe, it } from "node:test";
import fc from "fast-check";
import { happenings, playGarbageToClient, playGarbageToServer } from "./garbage.fuzz.ts";
import { interleavings } from "./interleaving.ts";
import { playClient, playServer } from "./interleavings.fuzz.ts";

const DOSE = { seed: 20261124, numRuns: 150 };

describe("many streams at once, in any order,", () => {
  it("lose nothing between a client and its exchanges", async () => {
    await fc.assert(fc.asyncProperty(interleavings, playServer), DOSE);
  });

  it("lose nothing between attempts and their upstream", async () => {
    await fc.assert(fc.asyncProperty(interleavings, playClient), DOSE);
  });
});

describe("whatever comes,", () => {
  it("from a client, nothing throws and nothing is left over", async () => {
    await fc.assert(fc.asyncProperty(happenings, playGarbageToServer), DOSE);
  });

  it("from an upstream, nothing throws and nothing is left over", async () => {
    await fc.assert(fc.asyncProperty(happenings, playGarbageToClient), DOSE);
  });
});
