// Short doses of the fuzzing, with a fixed seed.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { compareDecoders, connections } from "./decoder.fuzz.ts";
import { literal } from "./stage/block-writer.ts";
import { PlainDecoder } from "./stage/plain-decoder.fuzz.ts";

describe("the decoder and a plain reading of RFC 7541", () => {
  it("find the same lines, faults and table sizes in whatever comes", () => {
    fc.assert(
      fc.property(connections, ({ maxTableBytes, blocks }) => assert.equal(compareDecoders(maxTableBytes, blocks), null)),
      { seed: 20261124, numRuns: 1_500 },
    );
  });

  it("are really compared: connections go on for more than a block", () => {
    let read = 0;
    for (const { maxTableBytes, blocks } of fc.sample(connections, { seed: 1, numRuns: 200 })) {
      const plain = new PlainDecoder(maxTableBytes);
      for (const bytes of blocks.slice(1)) {
        if (plain.decode(Uint8Array.from(bytes)) === null) break;
        read++;
      }
    }
    assert.ok(read > 200, `${read} blocks`);
    assert.equal(new PlainDecoder(4096).decode(Uint8Array.from(literal("plain", 62, "x"))), null);
  });
});
