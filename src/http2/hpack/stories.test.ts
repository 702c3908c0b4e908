// The stories of http2jp/hpack-test-case: whole connections as six encoders wrote them. The data is read from beside the project and never
// copied into it.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { OutBuffer } from "../out-buffer.ts";
import { HpackDecoder } from "./decoder.ts";
import { writeField } from "./encoder.ts";

const DATA = new URL("../../../../shared/data/hpack/", import.meta.url);
const ENCODERS = [
  "haskell-http2-linear-huffman",
  "haskell-http2-naive",
  "nghttp2",
  "nghttp2-16384-4096",
  "nghttp2-change-table-size",
  "swift-nio-hpack-huffman",
];
const STORIES = ["00", "05", "10", "15", "20", "25", "30"];
/** The blocks of each encoder's seven stories: data that grows is looked at again. */
const BLOCKS = 1_099;

interface Story {
  readonly cases: readonly { readonly wire: string; readonly headers: readonly Readonly<Record<string, string>>[] }[];
}

/** Names and values in turn. */
function decode(decoder: HpackDecoder, bytes: Uint8Array): string[] {
  const lines: string[] = [];
  const fault = decoder.decode(bytes, 0, bytes.length, { onEntry: ({ name, value }) => void lines.push(name, value) });
  assert.equal(fault, null);
  return lines;
}

const skip = existsSync(DATA) ? false : "SKIPPED: ../shared/data/hpack is not there";

describe("the stories of hpack-test-case", () => {
  for (const encoder of ENCODERS) {
    it(`are read as ${encoder} meant them, and come through our own encoder`, { skip }, () => {
      let blocks = 0;
      for (const story of STORIES) {
        const { cases } = JSON.parse(readFileSync(new URL(`${encoder}/story_${story}.json`, DATA), "utf8")) as Story;
        // The largest size that any of them announces on the way: the updates stand in the blocks.
        const decoder = new HpackDecoder(16_384);
        const second = new HpackDecoder(4096);
        const out = new OutBuffer();
        for (const { wire, headers } of cases) {
          const lines = headers.flatMap((header) => Object.entries(header)[0]!);
          assert.deepEqual(decode(decoder, Buffer.from(wire, "hex")), lines);
          out.length = 0;
          for (let i = 0; i < lines.length; i += 2) writeField(out, lines[i]!, lines[i + 1]!, false);
          assert.deepEqual(decode(second, out.bytes.subarray(0, out.length)), lines);
          blocks++;
        }
        assert.equal(second.tableSize, 0);
      }
      assert.equal(blocks, BLOCKS);
    });
  }
});
