import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { frame } from "../../test/kit/websocket-frames.ts";
import type { WebSocketLimits } from "../http/index.ts";
import { ClientFrames } from "./client-frames.ts";
import { FrameCursor } from "./frame-cursor.ts";

const NONE: WebSocketLimits = { idleMs: undefined, messageBytes: null, messagesPerSecond: null, untilMs: null };

/** The verdicts on the heads of these frames, "" for one that passes; those behind a refused one are not judged. */
function judge(frames: readonly Uint8Array[], limits: Partial<WebSocketLimits> = {}): string[] {
  const judged = new ClientFrames({ ...NONE, ...limits }, 0);
  return frames.map((bytes) => judgeOne(judged, bytes));
}

function judgeOne(judged: ClientFrames, bytes: Uint8Array): string {
  const cursor = new FrameCursor();
  cursor.advance(bytes, 0);
  assert.ok(cursor.isBehindHead);
  return judged.judge(cursor)?.kind.code.replace("SP_WS_", "") ?? "";
}

const ours = (first: number, payload = "") => frame(first, payload, true);

/** A head alone, of a frame whose payload is as long as these bytes say. */
function head(first: number, ...length: number[]): Uint8Array {
  return Uint8Array.of(first, 0x80 | (length.length === 2 ? 126 : 127), ...length, 1, 2, 3, 4);
}

describe("a client's frames", () => {
  it("pass in every form that RFC 6455 has, with extensions' bits untouched", () => {
    const frames = [ours(0x81), ours(0x82, "x"), ours(0xc1, "deflated"), ours(0xf2), ours(0x89, "ping"), ours(0x8a), ours(0x88)];
    const parts = [ours(0x01, "a"), ours(0x89), ours(0x00, "b"), ours(0x40, "c"), ours(0x80, "d"), ours(0x81)];
    assert.deepEqual(judge([...frames, ...parts]), Array(frames.length + parts.length).fill(""));
    assert.deepEqual(judge([head(0x82, 0, 31, 255, 255, 255, 255, 255, 255)]), [""]);
  });

  it("are refused without a mask, which every client's have", () => {
    for (const first of [0x81, 0x00, 0x88, 0x89]) assert.deepEqual(judge([frame(first, "x")]), ["BAD_FRAME"]);
  });

  it("are refused with an opcode that nobody knows", () => {
    for (let opcode = 0; opcode < 16; opcode++) {
      const isKnown = [1, 2, 8, 9, 10].includes(opcode);
      assert.deepEqual(judge([ours(0x80 | opcode)]), [isKnown ? "" : "BAD_FRAME"], String(opcode));
    }
  });

  it("are refused with a length that none can have", () => {
    assert.deepEqual(judge([head(0x82, 128, 0, 0, 0, 0, 0, 0, 0)]), ["BAD_FRAME"]);
    assert.deepEqual(judge([head(0x82, 255, 255, 255, 255, 255, 255, 255, 255)]), ["BAD_FRAME"]);
    assert.deepEqual(judge([head(0x82, 0, 32, 0, 0, 0, 0, 0, 0)]), ["BAD_FRAME"]);
  });

  it("of control are refused in pieces, or beyond 125 bytes", () => {
    for (const opcode of [8, 9, 10]) {
      assert.deepEqual(judge([ours(opcode)]), ["BAD_FRAME"]);
      assert.deepEqual(judge([ours(0x80 | opcode, "x".repeat(125))]), [""]);
      assert.deepEqual(judge([head(0x80 | opcode, 0, 126)]), ["BAD_FRAME"]);
      assert.deepEqual(judge([head(0x80 | opcode, 0, 1)]), [""]);
    }
  });

  it("are refused that go on with no message, or begin one inside of another", () => {
    assert.deepEqual(judge([ours(0x80)]), ["BAD_FRAME"]);
    assert.deepEqual(judge([ours(0x01), ours(0x80), ours(0x00)]), ["", "", "BAD_FRAME"]);
    assert.deepEqual(judge([ours(0x01), ours(0x81)]), ["", "BAD_FRAME"]);
    assert.deepEqual(judge([ours(0x01), ours(0x00), ours(0x02)]), ["", "", "BAD_FRAME"]);
  });
});

describe("the bound on messages", () => {
  const limits = { messageBytes: 10 };

  it("counts all frames of one, what the head declares, and begins anew with the next", () => {
    assert.deepEqual(judge([ours(0x81, "0123456789"), ours(0x82, "0123456789")], limits), ["", ""]);
    assert.deepEqual(judge([head(0x82, 0, 11)], limits), ["MESSAGE_TOO_LARGE"]);
    assert.deepEqual(judge([ours(0x01, "01234"), ours(0x00, "56789"), ours(0x80, "x")], limits), ["", "", "MESSAGE_TOO_LARGE"]);
    assert.deepEqual(judge([ours(0x01, "01234"), ours(0x80, "56789"), ours(0x81, "x")], limits), ["", "", ""]);
  });

  it("leaves out what control frames carry between them", () => {
    assert.deepEqual(judge([ours(0x01, "0123456789"), ours(0x89, "01234"), ours(0x80)], limits), ["", "", ""]);
  });

  it("is not got around by sums that overflow", () => {
    const most = head(0x02, 0, 31, 255, 255, 255, 255, 255, 255);
    assert.deepEqual(judge([most, head(0x00, 0, 31, 255, 255, 255, 255, 255, 255)], { messageBytes: 1024 ** 3 })[0], "MESSAGE_TOO_LARGE");
  });
});

describe("the rate of messages", () => {
  const limits = { messagesPerSecond: 5 };

  it("takes a second's at once and then one more for each share of a second", () => {
    const judged = new ClientFrames({ ...NONE, ...limits }, 1000);
    const send = () => judgeOne(judged, ours(0x81, "x"));
    for (let i = 0; i < 5; i++) assert.equal(send(), "");
    judged.fill(1199, false);
    assert.equal(send(), "TOO_MANY_MESSAGES");
    judged.fill(1200, false);
    assert.equal(send(), "");
    judged.fill(60_000, false);
    for (let i = 0; i < 5; i++) assert.equal(send(), "", String(i));
    assert.equal(send(), "TOO_MANY_MESSAGES");
  });

  it("counts pings and pongs, but no Close", () => {
    const frames = [ours(0x89), ours(0x8a), ours(0x89), ours(0x8a), ours(0x89)];
    assert.deepEqual(judge([...frames, ours(0x88)], limits), ["", "", "", "", "", ""]);
    assert.deepEqual(judge([...frames, ours(0x89)], limits).at(-1), "TOO_MANY_MESSAGES");
  });

  it("counts a message in pieces once, but each small piece of it that is not the last", () => {
    const piece = "x".repeat(256);
    const large = [ours(0x01, piece), ...Array.from({ length: 50 }, () => ours(0x00, piece)), ours(0x80)];
    assert.deepEqual(judge(large, limits), Array(large.length).fill(""));
    const small = [ours(0x01, piece), ...Array.from({ length: 5 }, () => ours(0x00, "x"))];
    assert.deepEqual(judge(small, limits), ["", "", "", "", "", "TOO_MANY_MESSAGES"]);
    assert.deepEqual(judge([ours(0x01), ours(0x80), ours(0x01), ours(0x80), ours(0x01)], limits).at(-1), "TOO_MANY_MESSAGES");
  });

  it("is kept over the time in which the client was not read", () => {
    const judged = new ClientFrames({ ...NONE, ...limits }, 0);
    const send = () => judgeOne(judged, ours(0x81, "x"));
    judged.fill(10_000, true);
    // Fifty of the pause and five that it had; what comes a moment later is the rest of them.
    for (let i = 0; i < 30; i++) assert.equal(send(), "");
    judged.fill(10_001, false);
    for (let i = 0; i < 25; i++) assert.equal(send(), "");
    assert.equal(send(), "TOO_MANY_MESSAGES");
  });
});
