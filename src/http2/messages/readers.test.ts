// What readers keep from one block to the next, and what they count. What each block comes to stands in test/conformance/http2-fields.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FIELD, RequestHead, ResponseHead } from "../../http/index.ts";
import { HeaderEntry } from "../hpack/index.ts";
import { RequestReader, ResponseReader, TrailerReader } from "./index.ts";

const BOUNDS = { lineBytes: 8192, headBytes: 32 * 1024, fieldCount: 100 };
const PSEUDO = entries([":method", "GET"], [":scheme", "https"], [":authority", "a.example"], [":path", "/"]);

function entries(...lines: readonly (readonly [string, string])[]): HeaderEntry[] {
  return lines.map(([name, value]) => new HeaderEntry(name, value, false));
}

function ask(reader: RequestReader, lines: readonly HeaderEntry[], bounds = BOUNDS): RequestHead {
  reader.begin(bounds);
  for (const entry of [...PSEUDO, ...lines]) reader.onEntry(entry);
  const head = reader.finish("https", true);
  assert.ok(head instanceof RequestHead);
  return head;
}

describe("a block that repeats the one before", () => {
  const accept = entries(["accept", "*/*"], ["x-user", "root"], ["cookie", "a=1"], ["cookie", "b=2"]);
  const text = "accept: */*\r\nx-user: root\r\ncookie: a=1; b=2\r\n";

  it("is a message of its own: what is removed from or added to one stays in the other", () => {
    const reader = new RequestReader();
    const first = ask(reader, accept);
    first.fields.remove(FIELD.ACCEPT);
    first.fields.add(FIELD.VIA, "1");
    const second = ask(reader, accept);
    assert.equal(first.fields.toLines(), `${text.slice(text.indexOf("x-user"))}Via: 1\r\n`);
    assert.equal(second.fields.toLines(), text);
    second.fields.remove(FIELD.ACCEPT);
    assert.equal(ask(reader, accept).fields.toLines(), text);
  });

  it("is told from one that is shorter, longer, in another order, or has other lines of the same text", () => {
    const reader = new RequestReader();
    const [a, b, c, d] = accept as [HeaderEntry, HeaderEntry, HeaderEntry, HeaderEntry];
    const other = new HeaderEntry("accept", "*/*", true);
    const blocks: readonly (readonly [readonly HeaderEntry[], string, string[] | null])[] = [
      [[a, b], "accept: */*\r\nx-user: root\r\n", null],
      [[a], "accept: */*\r\n", null],
      [[b, a], "x-user: root\r\naccept: */*\r\n", null],
      [[a, b], "accept: */*\r\nx-user: root\r\n", null],
      [[other, b], "accept: */*\r\nx-user: root\r\n", ["accept"]],
      [[a, b, c], "accept: */*\r\nx-user: root\r\ncookie: a=1\r\n", null],
      [[a, b, d, c], "accept: */*\r\nx-user: root\r\ncookie: b=2; a=1\r\n", null],
      [[], "", null],
      [[], "", null],
      [[c], "cookie: a=1\r\n", null],
    ];
    for (const [lines, expected, secrets] of blocks) {
      for (let i = 0; i < 2; i++) {
        const { fields } = ask(reader, lines);
        assert.equal(fields.toLines(), expected);
        assert.deepEqual(fields.secrets, secrets);
      }
    }
  });

  it("may be longer than what is kept", () => {
    const reader = new RequestReader();
    const long = entries(["x-long", "v".repeat(5000)], ["y", "z"]);
    for (let i = 0; i < 3; i++) assert.equal(ask(reader, long).fields.toLines(), `x-long: ${"v".repeat(5000)}\r\ny: z\r\n`);
    assert.equal(ask(reader, accept).fields.toLines(), text);
  });

  it("may follow one that was refused halfway", () => {
    const reader = new RequestReader();
    ask(reader, accept);
    reader.begin(BOUNDS);
    for (const entry of [...PSEUDO, ...accept, ...entries(["x", "\n"])]) reader.onEntry(entry);
    assert.ok("kind" in reader.finish("https", true));
    assert.equal(ask(reader, accept).fields.toLines(), text);
  });
});

describe("an entry of the static table", () => {
  it("is judged alike by requests, responses and trailers, whichever sees it first", () => {
    const [status] = entries([":status", "200"]) as [HeaderEntry];
    const [te] = entries(["te", "trailers"]) as [HeaderEntry];
    const requests = new RequestReader();
    const responses = new ResponseReader();
    const trailers = new TrailerReader();
    for (let i = 0; i < 2; i++) {
      requests.begin(BOUNDS);
      for (const entry of [...PSEUDO, status]) requests.onEntry(entry);
      assert.equal((requests.finish("https", true) as { code?: string }).code, "SP_H2_BAD_PSEUDO_FIELD");
      responses.begin(BOUNDS);
      responses.onEntry(status);
      const head = responses.finish("GET", true);
      assert.ok(head instanceof ResponseHead);
      assert.deepEqual([head.status, head.version], [200, 20]);
      trailers.begin(BOUNDS);
      trailers.onEntry(status);
      assert.equal((trailers.finish("response") as { code?: string }).code, "SP_H2_RESPONSE_BAD_HEAD");
      assert.ok(ask(requests, [te]).acceptsTrailers);
      responses.begin(BOUNDS);
      for (const entry of [status, te]) responses.onEntry(entry);
      assert.equal((responses.finish("GET", true) as { code?: string }).code, "SP_H2_RESPONSE_BAD_HEAD");
    }
  });
});

describe("the size of a list", () => {
  it("is that of RFC 9113 6.5.2, to the end of the block, also behind a fault", () => {
    const lines = entries(["x", "\n"], ["y", "z".repeat(100)]);
    for (const reader of [new RequestReader(), new ResponseReader(), new TrailerReader()]) {
      for (let i = 0; i < 2; i++) {
        reader.begin({ ...BOUNDS, headBytes: 50 });
        for (const entry of lines) reader.onEntry(entry);
        assert.equal(reader.listBytes, 34 + 133);
      }
    }
  });

  it("goes on without a line being read, once it is over its bound", () => {
    const reader = new RequestReader();
    reader.begin({ ...BOUNDS, headBytes: 50 });
    const [big, small] = entries(["x", "v".repeat(100)], ["y", "z"]) as [HeaderEntry, HeaderEntry];
    for (let i = 0; i < 1000; i++) reader.onEntry(i % 2 === 0 ? big : small);
    assert.equal(big.line, "", "nothing was made of it");
    assert.equal(small.line, "");
    assert.equal(reader.listBytes, 500 * 133 + 500 * 34);
    assert.equal((reader.finish("https", true) as { code?: string }).code, "SP_H2_HEAD_TOO_LARGE");
  });
});
