// The reader of frames against a plain second reading that has all bytes before it begins: the same frames come of it, however they are
// cut. RFC 9113 4.1 and 6.1.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FrameReader, type FrameSink } from "./frame-reader.ts";

const DATA = 0;
const PADDED = 8;
const MAX_BYTES = 16_384;

interface Sent {
  readonly type: number;
  readonly flags: number;
  readonly id: number;
  readonly payload: readonly number[];
}

function encode({ type, flags, id, payload }: Sent): number[] {
  const { length } = payload;
  const ids = [24, 16, 8, 0].map((bits) => (id >>> bits) & 255);
  return [length >> 16, (length >> 8) & 255, length & 255, type, flags, ...ids, ...payload];
}

/** What the sink must hear, one line each; content of DATA in one piece. */
function readPlainly(frames: readonly Sent[]): string[] {
  const heard: string[] = [];
  for (const { type, flags, id, payload } of frames) {
    heard.push(`head ${type} ${flags} ${id & 0x7fffffff} ${payload.length}`);
    if (type !== DATA) {
      heard.push(`frame ${type} ${flags} ${id & 0x7fffffff} ${payload.join(" ")}`);
      continue;
    }
    let content = payload;
    if ((flags & PADDED) !== 0) {
      const padding = payload[0];
      if (padding === undefined || padding >= payload.length) return [...heard, "bad padding"];
      content = payload.slice(1, payload.length - padding);
    }
    if (content.length > 0) heard.push(`data ${content.join(" ")}`);
    heard.push("data end");
  }
  return heard;
}

/** Hears and writes down; says no to the frame `stopsAt`. */
class Recorder implements FrameSink {
  readonly heard: string[] = [];
  readonly #stopsAt: number;
  #frames = 0;
  #content: number[] = [];

  constructor(stopsAt = Number.POSITIVE_INFINITY) {
    this.#stopsAt = stopsAt;
  }

  onFrameHead(type: number, flags: number, id: number, length: number): boolean {
    this.heard.push(`head ${type} ${flags} ${id} ${length}`);
    return this.#frames++ < this.#stopsAt;
  }

  onFrame(type: number, flags: number, id: number, bytes: Uint8Array, from: number, to: number): boolean {
    this.heard.push(`frame ${type} ${flags} ${id} ${bytes.subarray(from, to).join(" ")}`);
    return true;
  }

  onDataPiece(bytes: Uint8Array, from: number, to: number): void {
    assert.ok(to > from, "no piece is empty");
    this.#content.push(...bytes.subarray(from, to));
  }

  onDataEnd(): boolean {
    if (this.#content.length > 0) this.heard.push(`data ${this.#content.join(" ")}`);
    this.#content = [];
    this.heard.push("data end");
    return true;
  }

  onBadPadding(): void {
    this.heard.push("bad padding");
  }
}

/** Reads `bytes` in pieces that end at `cuts`, each in a buffer of its own that is overwritten afterwards. */
function read(bytes: Uint8Array, cuts: readonly number[], recorder = new Recorder()): string[] {
  const reader = new FrameReader();
  let from = 0;
  for (const to of [...cuts, bytes.length]) {
    // Something stands before it, as the preface does.
    const piece = Uint8Array.from([99, ...bytes.subarray(from, to)]);
    const goesOn = reader.take(piece, 1, recorder);
    piece.fill(0xee);
    if (!goesOn) break;
    from = to;
  }
  return recorder.heard;
}

function expectEach(frames: readonly Sent[], what: string): void {
  const bytes = Uint8Array.from(frames.flatMap(encode));
  const expected = readPlainly(frames);
  for (let cut = 0; cut <= bytes.length; cut++) assert.deepEqual(read(bytes, [cut]), expected, `${what}, cut at ${cut}`);
  const each = Array.from(bytes, (_, at) => at);
  assert.deepEqual(read(bytes, each), expected, `${what}, byte by byte`);
}

const PING: Sent = { type: 6, flags: 0, id: 0, payload: [1, 2, 3, 4, 5, 6, 7, 8] };

describe("frames", () => {
  it("are the same cut anywhere: all kinds, with and without payload, known or not", () => {
    const frames: Sent[] = [
      { type: 4, flags: 1, id: 0, payload: [] },
      { type: DATA, flags: 0, id: 1, payload: [7, 8, 9] },
      { type: DATA, flags: 1, id: 3, payload: [] },
      { type: 1, flags: 0x2d, id: 5, payload: [3, 0, 0, 0, 1, 2, 130, 0, 0, 0] },
      PING,
      { type: 0xfe, flags: 255, id: 0x7fffffff, payload: [0] },
    ];
    expectEach(frames, "all kinds");
  });

  it("do not count the reserved bit of their stream", () => {
    const heard = read(Uint8Array.from(encode({ ...PING, id: 0x80000005 })), []);
    assert.equal(heard[0], "head 6 0 5 8");
  });

  it("of DATA are read with each padding there is, and refused beyond", () => {
    for (const length of [0, 1, 2, 3, 6]) {
      for (let padding = 0; padding <= length + 1; padding++) {
        const payload = Array.from({ length }, (_, at) => (at === 0 ? padding : at));
        expectEach([{ type: DATA, flags: PADDED, id: 1, payload }, PING], `${length} bytes, padding ${padding}`);
      }
    }
    const most = [255, ...Array.from({ length: 256 }, () => 4)];
    expectEach([{ type: DATA, flags: PADDED, id: 1, payload: most }, PING], "the most");
  });

  it("of any other kind keep their padding", () => {
    expectEach([{ type: 1, flags: PADDED, id: 1, payload: [9, 1] }, PING], "HEADERS");
  });

  it("of each length up to the most come whole, and what stands behind them too", () => {
    for (const length of [1, 8, 9, 10, 255, 256, MAX_BYTES - 1, MAX_BYTES]) {
      for (const type of [DATA, 1]) {
        const frames: Sent[] = [{ type, flags: 0, id: 1, payload: Array.from({ length }, (_, at) => at % 251) }, PING];
        const bytes = Uint8Array.from(frames.flatMap(encode));
        const expected = readPlainly(frames);
        for (const cut of [0, 8, 9, 10, 9 + (length >> 1), 9 + length - 1, 9 + length, 9 + length + 1]) {
          assert.deepEqual(read(bytes, [cut]), expected, `${type} of ${length}, cut at ${cut}`);
        }
      }
    }
  });

  it("end with the one that its sink refuses", () => {
    for (let stopsAt = 0; stopsAt < 3; stopsAt++) {
      const frames: Sent[] = [PING, { type: DATA, flags: 0, id: 1, payload: [1, 2] }, { ...PING, flags: 1 }];
      const bytes = Uint8Array.from(frames.flatMap(encode));
      for (let cut = 0; cut < bytes.length; cut++) {
        const expected = [...readPlainly(frames.slice(0, stopsAt)), readPlainly(frames)[2 * stopsAt + (stopsAt === 2 ? 1 : 0)]];
        assert.deepEqual(read(bytes, [cut], new Recorder(stopsAt)), expected, `${stopsAt}, cut at ${cut}`);
      }
    }
  });

  const frame = fc.record({
    type: fc.constantFrom(DATA, DATA, DATA, 1, 6, 8, 200),
    flags: fc.constantFrom(0, 1, PADDED, PADDED | 1, 255),
    id: fc.nat(0xffffffff),
    payload: fc.array(fc.oneof(fc.nat(6), fc.nat(255)), { maxLength: 40 }),
  });

  it("are the same for a plain reading, whatever they are and however they are cut", () => {
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 8, size: "max" }), fc.array(fc.nat(), { maxLength: 12, size: "max" }), (frames, places) => {
        const bytes = Uint8Array.from(frames.flatMap(encode));
        const cuts = places.map((place) => place % (bytes.length + 1)).sort((a, b) => a - b);
        assert.deepEqual(read(bytes, cuts), readPlainly(frames));
      }),
      { seed: 20261124, numRuns: 2000 },
    );
  });
});
