import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { encodeTimeout, MALFORMED, parseTimeout } from "./timeout.ts";

describe("grpc-timeout", () => {
  it("is read in each unit, and rounded up to milliseconds", () => {
    for (const [text, ms] of [
      ["1H", 3_600_000],
      ["2M", 120_000],
      ["3S", 3000],
      ["250m", 250],
      ["1500u", 2],
      ["1u", 1],
      ["1n", 1],
      ["1000000n", 1],
      ["99999999n", 100],
      ["0m", 0],
      ["0n", 0],
      ["00000001S", 1000],
      ["99999999m", 99_999_999],
      ["99999999H", 99_999_999 * 3_600_000],
    ] as const) {
      assert.equal(parseTimeout(text), ms, text);
    }
  });

  it("is malformed in any other spelling", () => {
    for (const text of [
      "",
      "S",
      "1",
      "1s",
      "1h",
      "1 S",
      " 1S",
      "1S ",
      "-1S",
      "+1S",
      "1.5S",
      "1e3m",
      "0x1S",
      "1mS",
      "123456789m",
      "1S, 2S",
      "١S",
      "1\0",
    ]) {
      assert.equal(parseTimeout(text), MALFORMED, JSON.stringify(text));
    }
  });

  it("is written in milliseconds as long as they fit, then in what does", () => {
    for (const [ms, text] of [
      [-5, "1m"],
      [0, "1m"],
      [0.4, "1m"],
      [1, "1m"],
      [1500.9, "1500m"],
      [99_999_999, "99999999m"],
      [100_000_000, "100000S"],
      [99_999_999_000, "99999999S"],
      [99_999_999_001, "27777H"],
      [99_999_999 * 3_600_000 * 2, "99999999H"],
    ] as const) {
      assert.equal(encodeTimeout(ms), text, String(ms));
    }
  });

  it("never tells an upstream more time than there is, nor much less", () => {
    fc.assert(
      fc.property(fc.double({ min: 1, max: 99_999_999 * 3_600_000, noNaN: true }), (ms) => {
        const told = parseTimeout(encodeTimeout(ms));
        assert.ok(told !== MALFORMED && told <= ms && told > ms / 2, `${ms} is told as ${told}`);
      }),
    );
  });
});
