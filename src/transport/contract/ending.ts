// Contract: half-close in both directions.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pass } from "node:timers/promises";
import { BIG_BYTES, createOddText, QUIET_MS, type Rig, writeAll } from "./rig.ts";

export function endingContract(rig: Rig): void {
  describe("ending", () => {
    it("lets the far side answer after our FIN", async () => {
      const { near, far } = await rig.pair();
      const answer = createOddText(1_000_003);
      near.call((socket) => {
        socket.writeText("question");
        socket.end();
        socket.end();
      });
      await far.ended();
      assert.equal(far.text(), "question");
      await writeAll(far, answer, 65_537);
      far.call((socket) => socket.end());
      await near.closed();
      await far.closed();
      assert.ok(near.text() === answer);
      assert.equal(near.story(), "open data end close");
      assert.equal(near.error, null);
      assert.equal(far.error, null);
    });

    it("lets us answer after the far side's FIN, whoever accepted", async () => {
      const { near, far } = await rig.pair();
      far.call((socket) => socket.end());
      await near.ended();
      near.call((socket) => socket.writeText("still here"));
      await far.received(10);
      near.call((socket) => socket.end());
      await far.closed();
      await near.closed();
      assert.equal(far.story(), "data end close");
      assert.equal(near.story(), "open end close");
    });

    it("flushes the queue before FIN", async () => {
      const { near, far } = await rig.pair();
      const text = createOddText(BIG_BYTES);
      far.call((socket) => socket.pause());
      near.call((socket) => {
        assert.equal(socket.writeText(text), false);
        socket.end();
        assert.equal(socket.writeText("after end"), true);
      });
      await pass(QUIET_MS);
      far.call((socket) => socket.resume());
      await far.ended();
      assert.ok(far.text() === text);
    });

    it("closes in order when both sides end at once", async () => {
      const { near, far } = await rig.pair();
      near.call((socket) => socket.end());
      far.call((socket) => socket.end());
      await near.closed();
      await far.closed();
      assert.equal(near.story(), "open end close");
      assert.equal(far.story(), "end close");
      assert.equal(near.error, null);
      assert.equal(far.error, null);
    });
  });
}
