import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock } from "../base/index.ts";
import { H2 } from "../http2/index.ts";
import { ConnectionFaultLines } from "./connection-faults.ts";

test("a connection that was ended is told with listener, address, code and detail", () => {
  const lines: string[] = [];
  const faults = new ConnectionFaultLines(new FakeClock(), (line) => lines.push(line));
  faults.tell("https", "203.0.113.9", H2.RESET_FLOOD);
  assert.deepEqual(lines, ["listener https: the HTTP/2 connection of 203.0.113.9 was ended: SP_H2_RESET_FLOOD"]);
});

test("of many in one second the first is told, and their number with the next", () => {
  const lines: string[] = [];
  const clock = new FakeClock();
  const faults = new ConnectionFaultLines(clock, (line) => lines.push(line));
  for (let i = 0; i < 1000; i++) faults.tell("https", `203.0.113.${i % 250}`, H2.BAD_PREFACE);
  clock.advance(999);
  faults.tell("https", "203.0.113.9", H2.BAD_PREFACE);
  assert.equal(lines.length, 1);
  clock.advance(1);
  faults.tell("inside", "203.0.113.7", H2.HEAD_TIMEOUT.with("the preface"));
  clock.advance(1000);
  faults.tell("inside", "203.0.113.7", H2.BAD_PREFACE);
  assert.deepEqual(lines.slice(1), [
    "listener inside: the HTTP/2 connection of 203.0.113.7 was ended: SP_H2_HEAD_TIMEOUT, the preface; 1000 more since the last such line",
    "listener inside: the HTTP/2 connection of 203.0.113.7 was ended: SP_H2_BAD_PREFACE",
  ]);
});

test("one that was lost on the way is no news", () => {
  const lines: string[] = [];
  new ConnectionFaultLines(new FakeClock(), (line) => lines.push(line)).tell("https", "203.0.113.9", H2.PING_LATE);
  assert.deepEqual(lines, []);
});
