import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { describe, it } from "node:test";
import fc from "fast-check";
import { jsonFixed, jsonString, jsonWireString } from "./json-text.ts";

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
const BREAKS_A_LINE = /[\u0000-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]/;

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.string({ unit: "grapheme" }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
);

describe("jsonString", () => {
  it("quotes plain text as it is", () => {
    assert.equal(jsonString(""), '""');
    assert.equal(jsonString("GET /a?b=c HTTP/1.1~"), '"GET /a?b=c HTTP/1.1~"');
  });

  it("escapes what would end the string or the line", () => {
    assert.equal(jsonString('a"b\\c'), '"a\\"b\\\\c"');
    assert.equal(jsonString('x\r\n{"forged":1}\u0085\u2028\u2029\0\x7f'), '"x\\r\\n{\\"forged\\":1}\\u0085\\u2028\\u2029\\u0000\\u007f"');
    assert.equal(jsonString("\b\t\f\x1b"), '"\\b\\t\\f\\u001b"');
    assert.equal(jsonString("a\u202eb\ufeff"), '"a\\u202eb\\ufeff"');
  });

  it("shows characters beyond ASCII and escapes lone surrogates", () => {
    assert.equal(jsonString("Grüße 🚢"), '"Grüße 🚢"');
    assert.equal(jsonString("\ud83d"), '"\\ud83d"');
    assert.equal(jsonString("\udea2\ud83d"), '"\\udea2\\ud83d"');
    assert.equal(jsonString("\ud83d\ud83d\udea2"), '"\\ud83d🚢"');
  });

  it("parses back to the same text, stays on its line and survives UTF-8, whatever the text", () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const json = jsonString(text);
        assert.equal(JSON.parse(json), text);
        assert.ok(!BREAKS_A_LINE.test(json));
        assert.equal(Buffer.from(json).toString("utf8"), json);
      }),
      { numRuns: 1000 },
    );
  });
});

describe("jsonWireString", () => {
  it("shows bytes that are UTF-8 as their characters", () => {
    assert.equal(jsonWireString(Buffer.from("Grüße 🚢").toString("latin1")), '"Grüße 🚢"');
  });

  it("escapes bytes that are not UTF-8, or spell a line end", () => {
    assert.equal(jsonWireString("caf\xe9"), '"caf\\u00e9"');
    assert.equal(jsonWireString("\xc0\x8a"), '"\\u00c0\\u008a"');
    assert.equal(jsonWireString("\xed\xa0\x80"), '"\\u00ed\\u00a0\\u0080"');
    assert.equal(jsonWireString(Buffer.from("a\u0085b\u2028").toString("latin1")), '"a\\u0085b\\u2028"');
  });

  it("stays on its line and parses, whatever the bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        const json = jsonWireString(Buffer.from(bytes).toString("latin1"));
        assert.equal(typeof JSON.parse(json), "string");
        assert.ok(!BREAKS_A_LINE.test(json));
      }),
      { numRuns: 1000 },
    );
  });
});

describe("jsonFixed", () => {
  it("writes exactly so many decimals", () => {
    const cases: [number, number, string][] = [
      [0, 3, "0.000"],
      [1.5, 3, "1.500"],
      [0.0004, 3, "0.000"],
      [0.0005, 3, "0.001"],
      [12.3456, 3, "12.346"],
      [-1.25, 1, "-1.3"],
      [-0.0001, 2, "0.00"],
      [99.9999, 2, "100.00"],
      [7, 0, "7"],
      [1767225600.123456, 6, "1767225600.123456"],
      [1e300, 3, "1e+300"],
      [Number.NaN, 3, "null"],
      [Number.NEGATIVE_INFINITY, 3, "null"],
    ];
    for (const [value, decimals, text] of cases) assert.equal(jsonFixed(value, decimals), text);
  });

  it("is a number within half a unit of the last place", () => {
    fc.assert(
      fc.property(fc.double({ min: -1e9, max: 1e9, noNaN: true }), fc.integer({ min: 0, max: 6 }), (value, decimals) => {
        const text = jsonFixed(value, decimals);
        assert.match(text, decimals === 0 ? /^-?\d+$/ : new RegExp(`^-?\\d+\\.\\d{${decimals}}$`));
        assert.ok(Math.abs(Number(JSON.parse(text)) - value) <= 0.5000001 * 10 ** -decimals + Math.abs(value) * 1e-15);
      }),
    );
  });
});
