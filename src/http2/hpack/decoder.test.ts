import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BAD_HEADER_BLOCK } from "../faults.ts";
import { HpackDecoder } from "./decoder.ts";
import type { HeaderEntry } from "./header-entry.ts";
import { indexed, type Line, literal, sizeUpdate } from "./stage/block-writer.ts";

/** The lines of a block, or its fault's code. */
function decode(decoder: HpackDecoder, block: Uint8Array | readonly number[]): readonly Line[] | string {
  const entries = entriesOf(decoder, block);
  return typeof entries === "string" ? entries : entries.map(({ name, value }) => [name, value] as const);
}

function entriesOf(decoder: HpackDecoder, block: Uint8Array | readonly number[]): HeaderEntry[] | string {
  // Other bytes around it: nothing beyond the block may be read.
  const bytes = Uint8Array.from([0xff, ...block, 0x84, 0xff]);
  const entries: HeaderEntry[] = [];
  const fault = decoder.decode(bytes, 1, bytes.length - 2, { onEntry: (entry) => void entries.push(entry) });
  return fault === null ? entries : fault.code;
}

function hex(text: string): Uint8Array {
  return Buffer.from(text.replaceAll(" ", ""), "hex");
}

function refuses(block: readonly number[], decoder = new HpackDecoder(4096)): void {
  assert.equal(decode(decoder, block), BAD_HEADER_BLOCK.code);
}

const FIRST: readonly Line[] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "www.example.com"],
];
const SECOND: readonly Line[] = [...FIRST, ["cache-control", "no-cache"]];
const THIRD: readonly Line[] = [
  [":method", "GET"],
  [":scheme", "https"],
  [":path", "/index.html"],
  [":authority", "www.example.com"],
  ["custom-key", "custom-value"],
];
const DATE_1 = "Mon, 21 Oct 2013 20:13:21 GMT";
const ANSWER: readonly Line[] = [
  [":status", "302"],
  ["cache-control", "private"],
  ["date", DATE_1],
  ["location", "https://www.example.com"],
];
const ANSWERS: readonly (readonly Line[])[] = [
  ANSWER,
  [[":status", "307"], ...ANSWER.slice(1)],
  [
    [":status", "200"],
    ["cache-control", "private"],
    ["date", "Mon, 21 Oct 2013 20:13:22 GMT"],
    ["location", "https://www.example.com"],
    ["content-encoding", "gzip"],
    ["set-cookie", "foo=ASDJKHQKBZXOQWEOPIUAXQWEOIU; max-age=3600; version=1"],
  ],
];

/** RFC 7541 appendix C: blocks of one connection, each with the lines and the size of the table behind it. */
const EXAMPLES: Readonly<
  Record<string, readonly [limit: number, ...blocks: (readonly [bytes: string, lines: readonly Line[], size: number])[]]>
> = {
  "C.2.1, literal with indexing": [
    4096,
    ["400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572", [["custom-key", "custom-header"]], 55],
  ],
  "C.2.2, literal without indexing": [4096, ["040c 2f73 616d 706c 652f 7061 7468", [[":path", "/sample/path"]], 0]],
  "C.2.3, literal never indexed": [4096, ["1008 7061 7373 776f 7264 0673 6563 7265 74", [["password", "secret"]], 0]],
  "C.2.4, indexed": [4096, ["82", [[":method", "GET"]], 0]],
  "C.3, requests without Huffman": [
    4096,
    ["8286 8441 0f77 7777 2e65 7861 6d70 6c65 2e63 6f6d", FIRST, 57],
    ["8286 84be 5808 6e6f 2d63 6163 6865", SECOND, 110],
    ["8287 85bf 400a 6375 7374 6f6d 2d6b 6579 0c63 7573 746f 6d2d 7661 6c75 65", THIRD, 164],
  ],
  "C.4, requests with Huffman": [
    4096,
    ["8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff", FIRST, 57],
    ["8286 84be 5886 a8eb 1064 9cbf", SECOND, 110],
    ["8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf", THIRD, 164],
  ],
  "C.5, responses without Huffman, lines evicted": [
    256,
    [
      "4803 3330 3258 0770 7269 7661 7465 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3120 474d 546e 1768 7474 7073 3a2f 2f77 7777 2e65 7861 6d70 6c65 2e63 6f6d",
      ANSWERS[0]!,
      222,
    ],
    ["4803 3330 37c1 c0bf", ANSWERS[1]!, 222],
    [
      "88c1 611d 4d6f 6e2c 2032 3120 4f63 7420 3230 3133 2032 303a 3133 3a32 3220 474d 54c0 5a04 677a 6970 7738 666f 6f3d 4153 444a 4b48 514b 425a 584f 5157 454f 5049 5541 5851 5745 4f49 553b 206d 6178 2d61 6765 3d33 3630 303b 2076 6572 7369 6f6e 3d31",
      ANSWERS[2]!,
      215,
    ],
  ],
  "C.6, responses with Huffman, lines evicted": [
    256,
    [
      "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad 1718 63c7 8f0b 97c8 e9ae 82ae 43d3",
      ANSWERS[0]!,
      222,
    ],
    ["4883 640e ffc1 c0bf", ANSWERS[1]!, 222],
    [
      "88c1 6196 d07a be94 1054 d444 a820 0595 040b 8166 e084 a62d 1bff c05a 839b d9ab 77ad 94e7 821d d7f2 e6c7 b335 dfdf cd5b 3960 d5af 2708 7f36 72c1 ab27 0fb5 291f 9587 3160 65c0 03ed 4ee5 b106 3d50 07",
      ANSWERS[2]!,
      215,
    ],
  ],
};

describe("the examples of RFC 7541 appendix C", () => {
  for (const [title, [limit, ...blocks]] of Object.entries(EXAMPLES)) {
    it(title, () => {
      const decoder = new HpackDecoder(limit);
      for (const [bytes, lines, size] of blocks) {
        assert.deepEqual(decode(decoder, hex(bytes)), lines);
        assert.equal(decoder.tableSize, size);
      }
    });
  }

  it("cut at each byte are refused, or are whole lines of them", () => {
    for (const [limit, ...blocks] of Object.values(EXAMPLES)) {
      for (let length = 0; length < hex(blocks[0]![0]).length; length++) {
        const lines = decode(new HpackDecoder(limit), hex(blocks[0]![0]).subarray(0, length));
        if (typeof lines === "string") assert.equal(lines, BAD_HEADER_BLOCK.code);
        else assert.deepEqual(lines, blocks[0]![1].slice(0, lines.length));
      }
    }
  });
});

describe("a block is refused", () => {
  it("for index 0, and for one beyond the table", () => {
    refuses([0x80]);
    refuses(indexed(62));
    refuses([...literal("indexing", "a", "b"), ...indexed(63)]);
    refuses(indexed(2 ** 28));
    assert.deepEqual(decode(new HpackDecoder(4096), [...literal("indexing", "a", "b"), ...indexed(62)]), [
      ["a", "b"],
      ["a", "b"],
    ]);
  });

  it("for a name by an index beyond the table", () => {
    for (const kind of ["indexing", "plain", "never"] as const) {
      refuses(literal(kind, 62, "x"));
      refuses(literal(kind, 2 ** 20, "x"));
    }
  });

  it("for an integer that does not end, or is too large", () => {
    for (const first of [0xff, 0x7f, 0x0f, 0x1f, 0x3f]) {
      refuses([first]);
      refuses([first, 0x80]);
      refuses([first, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01]);
      refuses([first, 0x80, 0x80, 0x80, 0x80, 0x80, 0x00]);
    }
    refuses([0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0x0f]);
    refuses([0x00, 0x01, 0x61, 0x7f, 0xff, 0xff, 0xff, 0xff, 0x0f]);
  });

  it("for a string that is longer than the block", () => {
    refuses([0x00, 0x02, 0x61]);
    refuses([0x00, 0x01, 0x61, 0x02, 0x62]);
    refuses([0x00, 0x01, 0x61]);
    refuses([0x00]);
    refuses([0x41]);
    refuses([0x00, 0x01, 0x61, 0x7f, 0x80, 0x80, 0x80, 0x01]);
  });

  it("for Huffman code with wrong padding or with EOS, in the name or the value", () => {
    for (const bytes of [[0x00], [0xff], [0x07, 0xff], [0xff, 0xff, 0xff, 0xff]]) {
      refuses([0x00, 0x80 | bytes.length, ...bytes, 0x01, 0x61]);
      refuses([0x00, 0x01, 0x61, 0x80 | bytes.length, ...bytes]);
      refuses([0x41, 0x80 | bytes.length, ...bytes]);
    }
  });

  it("for the second time as for the first", () => {
    const decoder = new HpackDecoder(4096);
    for (let i = 0; i < 4; i++) refuses([0x00, 0x82, 0x07, 0xff, 0x01, 0x61], decoder);
  });

  it("for a size update behind a line, for one above what we announced, and for a third", () => {
    refuses([0x82, ...sizeUpdate(0)]);
    refuses([...literal("plain", "a", "b"), ...sizeUpdate(4096)]);
    refuses(sizeUpdate(4097));
    refuses([...sizeUpdate(0), ...sizeUpdate(10), ...sizeUpdate(20), 0x82]);
  });
});

describe("a size update", () => {
  it("to 0 empties the table; a second one in the same block may open it again", () => {
    const decoder = new HpackDecoder(4096);
    decode(decoder, literal("indexing", "a", "b"));
    assert.equal(decoder.tableSize, 34);
    assert.deepEqual(decode(decoder, [...sizeUpdate(0), ...sizeUpdate(4096), 0x82]), [[":method", "GET"]]);
    assert.equal(decoder.tableSize, 0);
    refuses(indexed(62), decoder);
  });

  it("drops the oldest lines until the rest fits, and holds for those that come", () => {
    const decoder = new HpackDecoder(4096);
    decode(decoder, [...literal("indexing", "a", "1"), ...literal("indexing", "b", "2"), ...literal("indexing", "c", "3")]);
    assert.deepEqual(decode(decoder, [...sizeUpdate(70), ...indexed(63)]), [["b", "2"]]);
    decode(decoder, literal("indexing", "d", "4"));
    assert.deepEqual(decode(decoder, [...indexed(62), ...indexed(63)]), [
      ["d", "4"],
      ["c", "3"],
    ]);
    refuses(indexed(64), decoder);
  });

  it("may stand in a block alone", () => assert.deepEqual(decode(new HpackDecoder(4096), sizeUpdate(100)), []));

  it("may go up to what was announced; without one the table has 4096 bytes at most", () => {
    const decoder = new HpackDecoder(16_384);
    const long = literal("indexing", "a", "x".repeat(4096 - 33));
    decode(decoder, [...long, ...long]);
    assert.equal(decoder.tableSize, 4096);
    decode(decoder, [...sizeUpdate(16_384), ...long, ...long]);
    assert.equal(decoder.tableSize, 3 * 4096);
  });
});

describe("a line", () => {
  it("that is indexed is the same entry each time, of the static table on every connection", () => {
    const decoder = new HpackDecoder(4096);
    const [first] = entriesOf(decoder, literal("indexing", "x-once", "1")) as HeaderEntry[];
    const [again, method] = entriesOf(decoder, [...indexed(62), 0x82]) as HeaderEntry[];
    assert.equal(again, first);
    assert.equal((entriesOf(new HpackDecoder(4096), [0x82]) as HeaderEntry[])[0], method);
  });

  it("may take its name from a line that leaves the table for it", () => {
    const decoder = new HpackDecoder(64);
    assert.deepEqual(decode(decoder, [...literal("indexing", "name", "1".repeat(20)), ...literal("indexing", 62, "2".repeat(20))]), [
      ["name", "1".repeat(20)],
      ["name", "2".repeat(20)],
    ]);
    assert.deepEqual(decode(decoder, indexed(62)), [["name", "2".repeat(20)]]);
  });

  it("that no hop may index is told as such, and is not kept", () => {
    const decoder = new HpackDecoder(4096);
    const entries = entriesOf(decoder, [
      ...literal("never", "x-key", "k"),
      ...literal("never", 23, "k"),
      ...literal("plain", 23, "k"),
      ...literal("indexing", 23, "k"),
    ]);
    assert.deepEqual(
      (entries as HeaderEntry[]).map(({ isSecret }) => isSecret),
      [true, true, false, false],
    );
    assert.equal(decoder.tableSize, 46);
  });

  it("may be empty, long, and of any bytes", () => {
    const bytes = Array.from({ length: 256 }, (_, byte) => String.fromCharCode(byte)).join("");
    const long = bytes.repeat(400);
    for (const isHuffman of [false, true]) {
      for (const value of ["", "x", "xy", "xyz", "wxyz", bytes, long]) {
        const lines = decode(new HpackDecoder(4096), [
          ...literal("plain", value, value, isHuffman),
          ...literal("indexing", 1, value, isHuffman),
        ]);
        assert.deepEqual(lines, [
          [value, value],
          [":authority", value],
        ]);
      }
    }
  });
});

describe("a literal that comes again in the same bytes", () => {
  it("has the entry that it had, from its third time on, on every connection", () => {
    const block = literal("plain", "x-often", "the same");
    const seen = Array.from({ length: 5 }, () => (entriesOf(new HpackDecoder(4096), block) as HeaderEntry[])[0]!);
    assert.notEqual(seen[0], seen[1]);
    assert.equal(seen[2], seen[1]);
    assert.equal(seen[4], seen[1]);
  });

  it("goes into the table each time when it says so", () => {
    const decoder = new HpackDecoder(4096);
    const block = literal("indexing", "x-often", "into the table", true);
    for (let i = 1; i <= 5; i++) {
      decode(decoder, block);
      assert.equal(decoder.tableSize, i * (7 + 14 + 32));
    }
  });

  it("is nobody else's entry when it is a credential, or named by a connection's own table", () => {
    const mine = new HpackDecoder(4096);
    const yours = new HpackDecoder(4096);
    decode(mine, literal("indexing", "x-mine", "1"));
    decode(yours, literal("indexing", "x-yours", "1"));
    for (let i = 0; i < 4; i++) {
      assert.deepEqual(decode(mine, literal("plain", 62, "same bytes")), [["x-mine", "same bytes"]]);
      assert.deepEqual(decode(yours, literal("plain", 62, "same bytes")), [["x-yours", "same bytes"]]);
    }
    for (const block of [
      literal("plain", 23, "Basic YTpi"),
      literal("plain", "cookie", "a=b"),
      literal("never", "x-token", "t"),
      literal("plain", "x-api-key", "k"),
    ]) {
      const seen = Array.from({ length: 4 }, () => (entriesOf(mine, block) as HeaderEntry[])[0]!);
      assert.equal(new Set(seen).size, 4);
    }
  });

  it("differs from one that differs in its last byte", () => {
    const decoder = new HpackDecoder(4096);
    for (let round = 0; round < 4; round++) {
      for (let i = 0; i < 300; i++) assert.deepEqual(decode(decoder, literal("plain", "x-n", `value ${i}`)), [["x-n", `value ${i}`]]);
    }
  });
});

describe("a block made to explode", () => {
  it("of 4 KiB named 30,000 times costs a call of the sink for each, and nothing is copied", () => {
    const decoder = new HpackDecoder(4096);
    const [bomb] = entriesOf(decoder, literal("indexing", "x", "b".repeat(4096 - 33))) as HeaderEntry[];
    const block = new Uint8Array(30_000).fill(0x80 | 62);
    let calls = 0;
    let others = 0;
    const fault = decoder.decode(block, 0, block.length, {
      onEntry(entry) {
        calls++;
        if (entry !== bomb) others++;
      },
    });
    assert.deepEqual([fault, calls, others, decoder.tableSize], [null, 30_000, 0, 4096]);
  });

  it("of lines that push each other out leaves the table at its limit", () => {
    const decoder = new HpackDecoder(4096);
    const pair = [...literal("indexing", "", ""), ...literal("indexing", "x", "b".repeat(4000))];
    decode(decoder, Array.from({ length: 200 }, () => pair).flat());
    assert.ok(decoder.tableSize <= 4096);
  });
});
