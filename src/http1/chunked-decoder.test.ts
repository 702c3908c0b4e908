// The chunked coding: what it lets through, what it refuses, and that cuts make no difference.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { CHUNK_DATA, CHUNK_END, CHUNK_FAULT, CHUNK_MORE, ChunkedDecoder } from "./chunked-decoder.ts";
import * as H1 from "./faults.ts";

/** `data|trailer lines|rest`, or `more data`, or a fault's code. */
function decode(pieces: readonly string[]): string {
  const decoder = new ChunkedDecoder(H1.BAD_CHUNK, H1.BAD_TRAILER);
  let data = "";
  for (let n = 0; n < pieces.length; n++) {
    const bytes = Buffer.from(pieces[n] ?? "", "latin1");
    let at = 0;
    for (;;) {
      const result = decoder.next(bytes, at, bytes.length);
      if (result === CHUNK_FAULT) return decoder.fault.code.replace("SP_H1_", "");
      at = decoder.position;
      if (result === CHUNK_DATA) data += bytes.toString("latin1", decoder.dataStart, decoder.dataEnd);
      if (result === CHUNK_END)
        return `${data}|${decoder.trailers.toLines()}|${bytes.toString("latin1", at)}${pieces.slice(n + 1).join("")}`;
      if (result === CHUNK_MORE) {
        assert.equal(at, bytes.length);
        break;
      }
    }
  }
  return `more ${data}`;
}

describe("chunks", () => {
  it("give their data, and leave what stands behind the last", () => {
    assert.equal(decode(["5\r\nhello\r\n6\r\n world\r\n0\r\n\r\nGET / HTTP/1.1"]), "hello world||GET / HTTP/1.1");
    assert.equal(decode(["0\r\n\r\n"]), "||");
    assert.equal(decode(["3\r\nab"]), "more ab");
    assert.equal(decode(["3\r\nabc\r\n0\r\n"]), "more abc");
  });

  it("may hold bytes that look like chunks", () => {
    assert.equal(decode(["a\r\n0\r\n\r\n0\r\n\r\n\r\n0\r\n\r\n"]), "0\r\n\r\n0\r\n\r\n||");
  });

  it("have sizes of 1 to 16 hexadecimal digits below 2^53", () => {
    const data = "x".repeat(0xab);
    for (const size of ["ab", "AB", "aB", "0ab", "00000000000000ab"])
      assert.equal(decode([`${size}\r\n${data}\r\n0\r\n\r\n`]), `${data}||`);
    for (const size of [
      "000000000000000ab",
      "",
      " ab",
      "ab ",
      "+ab",
      "-ab",
      "0xab",
      "ab,",
      "g",
      "1_0",
      "１",
      "20000000000000",
      "ffffffffffffffff",
      "10000000000000000",
    ])
      assert.equal(decode([`${size}\r\n${data}\r\n0\r\n\r\n`]), "BAD_CHUNK", size);
    assert.equal(decode(["1fffffffffffff\r\nx"]), "more x");
    assert.equal(decode(["0000000000000000\r\n\r\n"]), "||");
  });

  it("end their lines in CR LF alone", () => {
    for (const bad of [
      "1\na\r\n0\r\n\r\n",
      "1\r\na\n0\r\n\r\n",
      "1\ra\r\n0\r\n\r\n",
      "1\r\na\r0\r\n\r\n",
      "1\r\nab\r\n0\r\n\r\n",
      "1\r\n\na\r\n0\r\n\r\n",
      "1\r\na\r\n0\n\n",
      "1\r\na\r\n\r\n0\r\n\r\n",
      "\r\n0\r\n\r\n",
    ])
      assert.equal(decode([bad]), "BAD_CHUNK", JSON.stringify(bad));
  });
});

describe("chunk extensions", () => {
  const chunk = (extension: string) => decode([`1${extension}\r\na\r\n0\r\n\r\n`]);

  it("are names with or without a value, and dropped", () => {
    for (const extension of [";a", ";a=b", ";a;b=c;d", ";!#$%&'*+-.^_`|~=x", ';a="b"', ';a=""', ';a="\\"\\\\ ;=\t\u0080"', ';a="b";c'])
      assert.equal(chunk(extension), "a||", extension);
    assert.equal(decode(["1\r\na\r\n0;last=1\r\n\r\n"]), "a||");
  });

  it("hold no white space between their parts, nor anything else that is not a token or a quoted string", () => {
    for (const extension of [
      ";",
      "; a",
      " ;a",
      ";a ",
      ";a =b",
      ";a= b",
      ";a=",
      ";=b",
      ";;a",
      ";a=b=c",
      ';a="b',
      ';a="b"c',
      ';a=b"c"',
      ';"a"',
      ";a=\u0080",
      ";a\u0000",
      ';a="\u0000"',
      ';a="\\\u0000"',
      ';a="\u007f"',
      ';a="\n"',
      ";a\n",
      ";a,b",
      ";a=(b)",
    ])
      assert.equal(chunk(extension), "BAD_CHUNK", JSON.stringify(extension));
  });

  it("take at most 256 bytes a chunk", () => {
    assert.equal(chunk(`;${"a".repeat(255)}`), "a||");
    assert.equal(chunk(`;${"a".repeat(256)}`), "BAD_CHUNK");
    assert.equal(chunk(`;a="${"b".repeat(251)}"`), "a||");
    assert.equal(chunk(`;a="${"b".repeat(252)}"`), "BAD_CHUNK");
    assert.equal(decode([`1;${"a".repeat(200)}\r\na\r\n`.repeat(3)]), "more aaa");
  });
});

describe("trailers", () => {
  const trailers = (section: string) => decode([`0\r\n${section}rest`]);

  it("are field lines behind the last chunk", () => {
    assert.equal(trailers("\r\n"), "||rest");
    assert.equal(trailers("A: b\r\nC:\t d\r\n\r\n"), "|A: b\r\nC:\t d\r\n|rest");
    assert.equal(decode(["0\r\nA: b\r\n"]), "more ");
  });

  it("obey the rules of fields", () => {
    for (const bad of [
      "A : b\r\n\r\n",
      "A: b\r\n c\r\n\r\n",
      " A: b\r\n\r\n",
      "A\r\n\r\n",
      ": b\r\n\r\n",
      "A: \u0000\r\n\r\n",
      "A: b\n\r\n",
      "\n",
      "\rA: b\r\n\r\n",
      "A: b\r\r\n\r\n",
      "A: b\r\n\n",
    ])
      assert.equal(trailers(bad), "BAD_TRAILER", JSON.stringify(bad));
  });

  it("hold no framing field in any spelling", () => {
    for (const name of [
      "Content-Length",
      "content_length",
      "TRANSFER-ENCODING",
      "Transfer.Encoding",
      "Host",
      "Connection",
      "TE",
      "Trailer",
      "Upgrade",
      "Expect",
      "Keep-Alive",
      "Proxy--Connection",
    ])
      assert.equal(trailers(`X: y\r\n${name}: 1\r\n\r\n`), "BAD_TRAILER", name);
  });

  it("take at most 8192 bytes and 64 fields", () => {
    assert.match(trailers(`A: ${"b".repeat(8192 - 7)}\r\n\r\n`), /^\|A: b/);
    assert.equal(trailers(`A: ${"b".repeat(8192 - 6)}\r\n\r\n`), "BAD_TRAILER");
    assert.match(trailers(`${"A: b\r\n".repeat(64)}\r\n`), /^\|A: b/);
    assert.equal(trailers(`${"A: b\r\n".repeat(65)}\r\n`), "BAD_TRAILER");
  });
});

describe("a chunked body cut at each byte", () => {
  const BODIES = [
    "5\r\nhello\r\n6;x=y\r\n world\r\n0\r\n\r\nGET",
    '1;a="q\\"";b\r\na\r\n00\r\nX-Sum: 1\r\nY: 2\r\n\r\nGET',
    "1\r\na\r\nx",
    "1 \r\na\r\n",
    "2\r\na\r\n\r\n0\r\n\r\n",
    "0\r\nHost: a\r\n\r\nGET",
    "0\r\nA: b\n\r\n",
    `0\r\nA: ${"b".repeat(600)}\r\n\r\nGET`,
  ];
  for (const body of BODIES) {
    it(`comes to the same as whole: ${JSON.stringify(body.slice(0, 30))}`, () => {
      const whole = decode([body]);
      for (let cut = 0; cut <= body.length; cut++) assert.equal(decode([body.slice(0, cut), body.slice(cut)]), whole, `cut at ${cut}`);
      assert.equal(decode([...body]), whole);
    });
  }

  it("gives back what was encoded, whatever the data, the sizes and the cuts", () => {
    const data = fc.array(
      fc.string({ unit: fc.integer({ min: 0, max: 255 }).map((c) => String.fromCharCode(c)), minLength: 1, maxLength: 40 }),
      { maxLength: 6 },
    );
    fc.assert(
      fc.property(data, fc.array(fc.nat(200), { maxLength: 6 }), (chunks, cuts) => {
        const text = `${chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("")}0\r\n\r\nrest`;
        const places = [0, ...cuts.map((cut) => cut % (text.length + 1)).sort((a, b) => a - b), text.length];
        const pieces = places.slice(1).map((place, n) => text.slice(places[n], place));
        assert.equal(decode(pieces), `${chunks.join("")}||rest`);
      }),
      { seed: 1, numRuns: 300 },
    );
  });
});
