// The two stages of stopping, with a clock that the test moves.
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { describe, it } from "node:test";
import { onStopSignal } from "./stop-signal.ts";

function setUp() {
  const source = new EventEmitter();
  const seen: string[] = [];
  const clock = { nowMs: 1000 };
  const dispose = onStopSignal(source, () => clock.nowMs, {
    onStop: (cause) => seen.push(`stop ${cause}`),
    onStopNow: (cause) => seen.push(`now ${cause}`),
  });
  return { source, seen, clock, dispose };
}

describe("stop signals", () => {
  it("stops in order at the first signal and at once at the second", () => {
    const { source, seen, clock } = setUp();
    source.emit("SIGTERM");
    clock.nowMs += 1000;
    source.emit("SIGINT");
    assert.deepEqual(seen, ["stop SIGTERM", "now SIGINT"]);
  });

  it("takes signals within 300 ms for one press of the keys", () => {
    const { source, seen, clock } = setUp();
    source.emit("SIGINT");
    clock.nowMs += 300;
    source.emit("SIGINT");
    source.emit("SIGTERM");
    assert.deepEqual(seen, ["stop SIGINT"]);
  });

  it("stops in order when the process that holds the channel is gone", () => {
    const { source, seen } = setUp();
    source.emit("disconnect");
    assert.deepEqual(seen, ["stop the end of the parent process"]);
  });

  it("leaves no listener behind", () => {
    const { source, dispose } = setUp();
    dispose();
    assert.deepEqual(source.eventNames(), []);
  });
});
