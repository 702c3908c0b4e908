import assert from "node:assert/strict";
import { test } from "node:test";
import { describeOther } from "./other-protocol.ts";

const SETTINGS = [0, 0, 18, 4, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0, 100];

test("what answers in HTTP/2 or TLS is told by its first bytes", () => {
  assert.equal(describeOther(Uint8Array.from(SETTINGS), 0), ": it speaks HTTP/2");
  assert.equal(describeOther(Uint8Array.from([9, 9, ...SETTINGS]), 2), ": it speaks HTTP/2");
  assert.equal(describeOther(Uint8Array.from([0x15, 3, 1, 0, 2, 2, 70]), 0), ": it speaks TLS");
});

test("of anything else nothing is claimed", () => {
  assert.equal(describeOther(Buffer.from("SSH-2.0-x\r\n"), 0), "");
  assert.equal(describeOther(Uint8Array.from(SETTINGS.slice(0, 8)), 0), "");
  assert.equal(describeOther(Uint8Array.from(SETTINGS.with(8, 1)), 0), "", "a SETTINGS frame of a stream is none");
  assert.equal(describeOther(Uint8Array.from(SETTINGS.with(3, 1)), 0), "");
  assert.equal(describeOther(new Uint8Array(0), 0), "");
});
