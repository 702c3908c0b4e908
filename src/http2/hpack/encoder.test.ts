import assert from "node:assert/strict";
import { beforeEach, describe, it } from "node:test";
import fc from "fast-check";
import { FieldBlock, Fields, fieldName, hashFolded } from "../../http/index.ts";
import { OutBuffer } from "../out-buffer.ts";
import { HpackDecoder } from "./decoder.ts";
import { writeField, writeFields, writeNoTable, writeStatus } from "./encoder.ts";
import type { HeaderEntry } from "./header-entry.ts";
import { indexed, type Line, literal } from "./stage/block-writer.ts";
import { STATIC_LENGTH, STATIC_TABLE } from "./static-table.ts";

/** Fields as a reader leaves them. */
function received(...lines: readonly Line[]): Fields {
  const start = "GET / HTTP/1.1\r\n";
  const fields = new Fields(start + lines.map(([name, value]) => `${name}: ${value}\r\n`).join(""));
  let at = start.length;
  for (const [name, value] of lines) {
    const valueStart = at + name.length + 2;
    fields.mark(at, at + name.length, valueStart, valueStart + value.length, hashFolded(name, 0, name.length));
    at = valueStart + value.length + 2;
  }
  fields.textEnd = at;
  return fields;
}

let out = new OutBuffer();

beforeEach(() => {
  out = new OutBuffer();
});

/** What was written since the last time. */
function written(): number[] {
  const bytes = [...out.bytes.subarray(0, out.length)];
  out.length = 0;
  return bytes;
}

function entriesOf(bytes: readonly number[]): HeaderEntry[] {
  const entries: HeaderEntry[] = [];
  assert.equal(
    new HpackDecoder(4096).decode(Uint8Array.from(bytes), 0, bytes.length, { onEntry: (entry) => void entries.push(entry) }),
    null,
  );
  return entries;
}

/** What a receiver reads of the fields. Secrets have a `!`. */
function read(fields: Fields): string[] {
  writeFields(out, fields);
  return entriesOf(written()).map(({ name, value, isSecret }) => `${isSecret ? "!" : ""}${name}: ${value}`);
}

describe("one line", () => {
  it("of the static table is its index", () => {
    for (let index = 1; index <= STATIC_LENGTH; index++) {
      const { name, value } = STATIC_TABLE[index]!;
      if (value === "") continue;
      writeField(out, name, value, false);
      assert.deepEqual(written(), indexed(index));
    }
  });

  it("whose name is in the static table names it by index", () => {
    writeField(out, "content-type", "application/grpc", false);
    writeField(out, ":path", "/ledger.v1.Ledger/Transfer", false);
    writeField(out, ":authority", "a:1", false);
    writeField(out, "accept-encoding", "gzip", false);
    assert.deepEqual(written(), [
      ...literal("plain", 31, "application/grpc"),
      ...literal("plain", 4, "/ledger.v1.Ledger/Transfer"),
      ...literal("plain", 1, "a:1"),
      ...literal("plain", 16, "gzip"),
    ]);
  });

  it("of another name spells it out, and its value as it is", () => {
    writeField(out, "grpc-status", "0", false);
    writeField(out, ":protocol", "websocket", false);
    assert.deepEqual(written(), [...literal("plain", "grpc-status", "0"), ...literal("plain", ":protocol", "websocket")]);
  });

  it("that is secret by its name, or is said to be, may never be indexed", () => {
    for (const name of ["authorization", "cookie", "set-cookie", "proxy-authorization", "x-api-key", "x-internal-token"])
      writeField(out, name, "v", false);
    writeField(out, "x-token", "v", true);
    writeField(out, "accept-encoding", "gzip, deflate", true);
    assert.deepEqual(written(), [
      ...[23, 32, 55, 49].flatMap((index) => literal("never", index, "v")),
      ...literal("never", "x-api-key", "v"),
      ...literal("never", "x-internal-token", "v"),
      ...literal("never", "x-token", "v"),
      ...literal("never", 16, "gzip, deflate"),
    ]);
  });

  it("of any length and any bytes comes back as it was", () => {
    const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join("");
    for (const length of [0, 1, 31, 32, 33, 34, 126, 127, 128, 254, 255, 256, 20_000]) {
      const value = bytes.repeat(80).slice(0, length);
      writeField(out, "x", value, false);
      writeField(out, `n${"m".repeat(length)}`, value, false);
      assert.deepEqual(
        entriesOf(written()).map((entry) => [entry.name, entry.value]),
        [
          ["x", value],
          [`n${"m".repeat(length)}`, value],
        ],
      );
    }
  });
});

describe("a status", () => {
  it("is one byte where the static table has it, and a literal otherwise", () => {
    for (const [status, index] of [
      [200, 8],
      [204, 9],
      [206, 10],
      [304, 11],
      [400, 12],
      [404, 13],
      [500, 14],
    ] as const) {
      writeStatus(out, status);
      assert.deepEqual(written(), indexed(index));
    }
    for (const status of [100, 103, 201, 302, 503, 599]) {
      writeStatus(out, status);
      assert.deepEqual(written(), literal("plain", 8, String(status)));
    }
  });
});

describe("the far side's table", () => {
  it("is turned off by the first byte of a connection, and nothing enters it before or after", () => {
    const decoder = new HpackDecoder(4096);
    const ignore = { onEntry: () => undefined };
    const filled = literal("indexing", "a", "b");
    decoder.decode(Uint8Array.from(filled), 0, filled.length, ignore);
    writeNoTable(out);
    writeStatus(out, 503);
    writeFields(out, received(["Server", "x"], ["X-Y", "z"]));
    assert.equal(out.bytes[0], 0x20);
    decoder.decode(out.bytes, 0, out.length, ignore);
    assert.equal(decoder.tableSize, 0);
  });
});

describe("the fields of a message", () => {
  it("are its received lines, the shared ones and those added, names in lower case", () => {
    const fields = received(["Content-Type", "text/html"], ["X-Odd_NAME", "V"], ["date", "now"]);
    fields.addBlock(new FieldBlock(["Via", "2.0 sallyport", "Strict-Transport-Security", "max-age=1"]));
    fields.add(fieldName("X-Request-Id"), "1");
    assert.deepEqual(read(fields), [
      "content-type: text/html",
      "x-odd_name: V",
      "date: now",
      "via: 2.0 sallyport",
      "strict-transport-security: max-age=1",
      "x-request-id: 1",
    ]);
  });

  it("do not hold what was removed, wherever it stood", () => {
    for (const gone of ["a", "b", "c", "d"]) {
      for (let i = 0; i < 4; i++) {
        const fields = received(["a", "1"], ["b", "2"], ["c", "3"], ["d", "4"]);
        fields.remove(fieldName(gone));
        assert.deepEqual(
          read(fields),
          ["a: 1", "b: 2", "c: 3", "d: 4"].filter((line) => !line.startsWith(gone)),
        );
      }
    }
    const none = received(["a", "1"]);
    none.remove(fieldName("a"));
    assert.deepEqual(read(none), []);
    assert.deepEqual(read(new Fields("")), []);
  });

  it("that are credentials may never be indexed, in any spelling, received, shared or added", () => {
    const fields = received(
      ["A", "1"],
      ["AUTHORIZATION", "Basic x"],
      ["Cookie", "a=b"],
      ["B", "2"],
      ["X-Api-Key", "k"],
      ["X_Api_Key", "no"],
    );
    fields.addBlock(new FieldBlock(["Set-Cookie", "s=1"]));
    fields.add(fieldName("Proxy-Authorization"), "Basic y");
    for (let i = 0; i < 4; i++) {
      assert.deepEqual(read(fields), [
        "a: 1",
        "!authorization: Basic x",
        "!cookie: a=b",
        "b: 2",
        "!x-api-key: k",
        "x_api_key: no",
        "!set-cookie: s=1",
        "!proxy-authorization: Basic y",
      ]);
    }
  });

  it("that came as never indexed go on as such, one attempt's copy too", () => {
    const fields = received(["x-token", "t"], ["x-plain", "p"], ["content-type", "secret/type"]);
    fields.add(fieldName("X-Token"), "u");
    fields.secrets = ["x-token", "content-type"];
    for (const each of [fields, fields.copy()]) {
      assert.deepEqual(read(each), ["!x-token: t", "x-plain: p", "!content-type: secret/type", "!x-token: u"]);
    }
  });

  it("grow the buffer they are written into, which may hold something already", () => {
    const lines = Array.from({ length: 400 }, (_, i): Line => [`X-${i}`, "v".repeat(i)]);
    for (let round = 0; round < 3; round++) {
      out = new OutBuffer();
      writeStatus(out, 200);
      writeFields(out, received(...lines));
      assert.deepEqual(
        entriesOf(written()).map(({ name, value }) => [name, value]),
        [[":status", "200"], ...lines.map(([name, value]) => [name.toLowerCase(), value])],
      );
    }
  });
});

describe("lines that many messages have", () => {
  it("are coded once for a shared block, by Huffman where that is shorter", () => {
    const block = new FieldBlock(["Via", "2.0 sallyport", "X-Frame-Options", "DENY"]);
    const fields = new Fields("");
    fields.addBlock(block);
    writeFields(out, fields);
    const first = written();
    const coded = block.hpack;
    assert.ok(coded !== null && first.length < block.text.length * 0.8);
    writeFields(out, fields.copy());
    assert.deepEqual(written(), first);
    assert.equal(block.hpack, coded);
  });

  it("are the same bytes the first time and from the cache", () => {
    const lines: Line[] = [
      ["user-agent", "grpc-node-js/1.14.0"],
      ["te", "trailers"],
      ["grpc-accept-encoding", "identity,deflate,gzip"],
    ];
    writeFields(out, received(...lines));
    const first = written();
    for (let i = 0; i < 10; i++) {
      writeFields(out, received(...lines));
      assert.deepEqual(written(), first);
    }
  });

  it("are told from lines of the same shape, however often either came", () => {
    for (let i = 0; i < 200; i++) {
      const id = String(i).padStart(8, "0");
      assert.deepEqual(read(received(["accept", "*/*"], ["x-shape", id], ["user-agent", "a"])), [
        "accept: */*",
        `x-shape: ${id}`,
        "user-agent: a",
      ]);
      assert.deepEqual(read(received(["accept", "*/*"], ["x-shape", "constant"], ["user-agent", "a"])), [
        "accept: */*",
        "x-shape: constant",
        "user-agent: a",
      ]);
    }
  });

  it("come out as toLines() has them, whatever was received, removed, shared and added before", () => {
    const line = fc.tuple(
      fc.constantFrom("Accept", "ACCEPT", "x-a", "X-B", "x_b", "Date", "Cookie", "authorization", "Content-Type", "X-Trace"),
      fc.constantFrom("1", "2", "22", "a: b", "", "v".repeat(40), "w".repeat(40), "application/json"),
    );
    const change = fc.tuple(fc.constantFrom("add", "set", "remove"), line);
    fc.assert(
      fc.property(fc.array(line, { maxLength: 8 }), fc.array(change, { maxLength: 4 }), fc.boolean(), (lines, changes, hasBlock) => {
        const fields = received(...lines);
        if (hasBlock) fields.addBlock(new FieldBlock(["Via", "1.1 x"]));
        for (const [kind, [name, value]] of changes) {
          if (kind === "remove") fields.remove(fieldName(name));
          else fields[kind](fieldName(name), value);
        }
        const expected = fields.toLines().split("\r\n").slice(0, -1);
        const isSecret = (name: string) => ["cookie", "authorization"].includes(name);
        assert.deepEqual(
          read(fields),
          expected.map((text) => {
            const [, name, value] = /^([^:]*): (.*)$/.exec(text)!;
            const lower = name!.toLowerCase();
            return `${isSecret(lower) ? "!" : ""}${lower}: ${value}`;
          }),
        );
      }),
      { seed: 20261124, numRuns: 2_000 },
    );
  });
});
