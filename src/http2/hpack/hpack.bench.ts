// Nanoseconds for header blocks: a request and a response as they come from peers that keep a table and from those that do not, and
// the writing of what passes through.

import { conclude, measure } from "../../../bench/measure.ts";
import { FieldBlock, Fields, fieldName, hashFolded } from "../../http/index.ts";
import { OutBuffer } from "../out-buffer.ts";
import { HpackDecoder } from "./decoder.ts";
import { writeField, writeFields, writeStatus } from "./encoder.ts";
import type { HeaderEntry } from "./header-entry.ts";
import { decodeHuffman, writeHuffman } from "./huffman.ts";
import { writeInteger } from "./integer.ts";

type Line = readonly [name: string, value: string];
let sum = 0;

const sink = {
  onEntry(entry: HeaderEntry): void {
    sum += entry.value.length;
  },
};

const REQUEST: readonly Line[] = [
  [":method", "POST"],
  [":scheme", "http"],
  [":authority", "ledger.example.com:8443"],
  [":path", "/ledger.v1.Ledger/Transfer"],
  ["te", "trailers"],
  ["content-type", "application/grpc"],
  ["user-agent", "grpc-node-js/1.14.0"],
  ["grpc-accept-encoding", "identity,deflate,gzip"],
  ["accept-encoding", "identity"],
  ["grpc-timeout", "1S"],
];

/** Every line a literal, Huffman coded; with `flags` of its kind. The names are written out. */
function literals(lines: readonly Line[], flags: number): Uint8Array {
  const bytes = new Uint8Array(4096);
  let at = 0;
  for (const line of lines) {
    bytes[at++] = flags;
    for (const text of line) {
      const coded = new Uint8Array(512);
      const length = writeHuffman(coded, 0, text);
      at = writeInteger(bytes, at, 0x80, 0x7f, length);
      bytes.set(coded.subarray(0, length), at);
      at += length;
    }
  }
  return bytes.slice(0, at);
}

function plain(lines: readonly Line[]): Uint8Array {
  const out = new OutBuffer();
  for (const [name, value] of lines) writeField(out, name, value, false);
  return out.bytes.slice(0, out.length);
}

const text = "/ledger.v1.Ledger/Transfer?trace=0af7651916cd43dd";
const coded = new Uint8Array(128);
const codedLength = writeHuffman(coded, 0, text);
const target = new Uint8Array(256);
measure(`Huffman: ${text.length} B from ${codedLength}`, () => {
  sum += decodeHuffman(coded, 0, codedLength, target);
});

const indexing = new HpackDecoder(4096);
const learnt = literals(REQUEST, 0x40);
indexing.decode(learnt, 0, learnt.length, sink);
const indexed = Uint8Array.from(REQUEST, (_, i) => 0x80 + 62 + REQUEST.length - 1 - i);
measure("decode a gRPC request, every line indexed", () => {
  indexing.decode(indexed, 0, indexed.length, sink);
});

const decoder = new HpackDecoder(4096);
const again = plain(REQUEST);
measure("decode a gRPC request, the same literals again", () => {
  decoder.decode(again, 0, again.length, sink);
});
measure("decode a gRPC request, the same literals into the table", () => {
  decoder.decode(learnt, 0, learnt.length, sink);
});

/** The same lines, each value with something in it that nobody has seen. */
function measureUnique(name: string, make: (lines: readonly Line[]) => Uint8Array): void {
  const blocks = Array.from({ length: 4096 }, (_, i) =>
    make(REQUEST.map(([field, value]) => [field, `${value}${i.toString(36).padStart(4, "-")}`])),
  );
  let next = 0;
  measure(name, () => {
    const block = blocks[next++ & 4095]!;
    decoder.decode(block, 0, block.length, sink);
  });
}
measureUnique("decode a gRPC request, literals never seen before", plain);
measureUnique("decode a gRPC request, Huffman literals never seen", (lines) => literals(lines, 0));

/** Fields as a reader leaves them. */
function received(lines: readonly Line[]): Fields {
  let block = "";
  const marks: number[] = [];
  for (const [name, value] of lines) {
    const at = block.length;
    block += `${name}: ${value}\r\n`;
    marks.push(at, at + name.length, at + name.length + 2, block.length - 2, hashFolded(name, 0, name.length));
  }
  const fields = new Fields(Buffer.from(block, "latin1").toString("latin1"), marks);
  fields.textEnd = block.length;
  return fields;
}

const out = new OutBuffer();
const OWN = new FieldBlock(["Via", "2.0 sallyport", "X-Forwarded-Proto", "https"]);
const REQUEST_ID = fieldName("X-Request-Id");
const passing = received(REQUEST.slice(4));
passing.addBlock(OWN);
passing.add(REQUEST_ID, "0af7651916cd43dd8448eb211c80319c");
measure("encode a gRPC request that passes through", () => {
  out.length = 0;
  writeField(out, ":method", "POST", false);
  writeField(out, ":scheme", "http", false);
  writeField(out, ":authority", "ledger.example.com:8443", false);
  writeField(out, ":path", "/ledger.v1.Ledger/Transfer", false);
  writeFields(out, passing);
  sum += out.length;
});

const trailers = received([
  ["grpc-status", "0"],
  ["grpc-message", ""],
]);
const answer = received([
  ["Date", "Tue, 24 Nov 2026 18:15:00 GMT"],
  ["Content-Type", "application/json; charset=utf-8"],
  ["ETag", '"33a64df551425fcc55e4d42a148795d9f25f89d4"'],
  ["Cache-Control", "private, max-age=0, must-revalidate"],
  ["Vary", "Accept-Encoding"],
  ["X-Frame-Options", "DENY"],
]);
answer.addBlock(new FieldBlock(["Via", "1.1 sallyport"]));
measure("encode an API's response that passes through", () => {
  out.length = 0;
  writeStatus(out, 200);
  writeFields(out, answer);
  writeField(out, "content-length", "1432", false);
  sum += out.length;
});
measure("encode trailers", () => {
  out.length = 0;
  writeFields(out, trailers);
  sum += out.length;
});
conclude(sum);
