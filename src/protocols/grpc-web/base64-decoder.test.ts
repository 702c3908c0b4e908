import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Fields } from "../../http/index.ts";
import { Base64Decoder } from "./base64-decoder.ts";
import { WebResponse } from "./bodies.ts";

/** What comes of `text` in these chunks; null when it is refused, also for ending inside of a group. */
function decode(chunks: readonly string[]): string | null {
  const decoder = new Base64Decoder();
  let found = "";
  for (const chunk of chunks) {
    const bytes = decoder.decode(Buffer.from(chunk, "latin1"));
    if (bytes === null) return null;
    found += Buffer.from(bytes).toString("latin1");
  }
  return decoder.isInside ? null : found;
}

describe("base64 of a gRPC-Web request", () => {
  it("comes out the same wherever it is cut, with padding in the middle", () => {
    const text = "AAAAAAE=AA==AQ==SGVsbG8hSGVsbG8hIQ==";
    const whole = decode([text]);
    assert.equal(whole, `\0\0\0\0\x01\0\x01Hello!Hello!!`);
    for (let cut = 0; cut <= text.length; cut++) assert.equal(decode([text.slice(0, cut), text.slice(cut)]), whole);
    assert.equal(decode([...text]), whole);
  });

  it("is refused where it is none, wherever that is cut", () => {
    for (const text of [
      "AAA",
      "A",
      "AA",
      "AA=",
      "=",
      "A===",
      "====",
      "AA=A",
      "AAA\n",
      "AA-_",
      "AAAA AAAA",
      "AAAA\0",
      "AA==A",
      "AAA=A===",
    ]) {
      assert.equal(decode([text]), null, JSON.stringify(text));
      assert.equal(decode([...text]), null, JSON.stringify(text));
    }
  });

  it("of any bytes in any pieces, each with its padding, cut anywhere, is those bytes", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), fc.array(fc.nat({ max: 400 })), (pieces, cuts) => {
        const text = pieces.map((piece) => Buffer.from(piece).toString("base64")).join("");
        const at = [0, ...cuts.map((cut) => cut % (text.length + 1)), text.length].sort((a, b) => a - b);
        const chunks = at.slice(1).map((end, index) => text.slice(at[index], end));
        assert.equal(decode(chunks), pieces.map((piece) => Buffer.from(piece).toString("latin1")).join(""));
      }),
    );
  });

  it("of an answer, in whatever chunks it comes, can be read piece by piece as it leaves", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40 })), (pieces) => {
        const body = Buffer.concat(pieces);
        const head = Buffer.alloc(5);
        head.writeUInt32BE(body.length, 1);
        const chunks = [head, ...pieces];
        const response = new WebResponse(true, false, assert.fail);
        const decoder = new Base64Decoder();
        const sink = {
          write(piece: Uint8Array) {
            const bytes = decoder.decode(piece);
            assert.ok(bytes !== null && bytes.length > 0 && !decoder.isInside);
            found += Buffer.from(bytes).toString("latin1");
            return true;
          },
          end: (trailers: Fields | null) => assert.equal(trailers, null),
        };
        let found = "";
        let sent = "";
        for (const chunk of chunks) {
          response.write(chunk, sink);
          sent += Buffer.from(chunk).toString("latin1");
          assert.equal(found, sent);
        }
        response.end(new Fields(""), sink);
        assert.equal(found, `${sent}\x80\0\0\0\0`);
      }),
    );
  });
});
