import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MessageBoundary } from "./message-boundary.ts";

describe("the boundary of gRPC messages", () => {
  it("is seen wherever the body is cut, whatever the flags and the length", () => {
    const lengths = [0, 1, 5, 300, 0, 70_000];
    const frames = lengths.map((length, index) => {
      const frame = Buffer.alloc(5 + length, 0xff);
      frame[0] = index % 2 === 0 ? 0 : 0xff;
      frame.writeUInt32BE(length, 1);
      return frame;
    });
    const ends = new Set(frames.map((_, index) => Buffer.concat(frames.slice(0, index)).length));
    ends.add(Buffer.concat(frames).length);
    const body = Buffer.concat(frames);
    const step = 613;
    for (const cut of [...ends, ...Array.from({ length: 330 }, (_, at) => at), ...Array.from({ length: 100 }, (_, at) => at * step)]) {
      const boundary = new MessageBoundary();
      boundary.pass(body.subarray(0, cut));
      assert.equal(boundary.isInside, !ends.has(cut), String(cut));
      boundary.pass(body.subarray(cut));
      assert.equal(boundary.isInside, false);
    }
    const bytewise = new MessageBoundary();
    for (let at = 0; at < 330; at++) {
      assert.equal(bytewise.isInside, !ends.has(at), String(at));
      bytewise.pass(body.subarray(at, at + 1));
    }
  });

  it("takes a length of all 32 bits for what it is", () => {
    const boundary = new MessageBoundary();
    boundary.pass(Buffer.from([0, 0xff, 0xff, 0xff, 0xff]));
    assert.equal(boundary.isInside, true);
  });
});
