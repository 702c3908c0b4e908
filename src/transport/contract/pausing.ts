// Contract: a paused socket holds back and loses nothing.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pass } from "node:timers/promises";
import { BIG_BYTES, createOddText, QUIET_MS, type Rig, writeAll } from "./rig.ts";

export function pausingContract(rig: Rig): void {
  describe("pausing", () => {
    it("holds bytes back and loses none", async () => {
      const { near, far } = await rig.pair();
      const text = createOddText(BIG_BYTES);
      far.call((socket) => socket.pause());
      far.call((socket) => socket.pause());
      near.call((socket) => socket.writeText(text));
      await pass(QUIET_MS);
      // One chunk may have been on its way.
      assert.ok(far.events.filter((event) => event === "data").length <= 1);
      assert.ok(near.socket.queuedBytes > 0, "the far side's pause is felt");
      far.call((socket) => socket.resume());
      far.call((socket) => socket.resume());
      await far.received(BIG_BYTES);
      assert.ok(far.text() === text);
    });

    it("holds back from the first byte when paused before it opened", async () => {
      const server = await rig.listen((recorder, event) => {
        if (event === "accept") recorder.call((socket) => socket.writeText("hello"));
      });
      const near = rig.connect(server.address);
      near.call((socket) => socket.pause());
      await near.opened();
      await pass(QUIET_MS);
      assert.equal(near.receivedBytes, 0);
      near.call((socket) => socket.resume());
      await near.received(5);
      assert.equal(near.text(), "hello");
    });

    it("delivers data and then FIN in order when both came while paused", async () => {
      const { near, far } = await rig.pair();
      const text = createOddText(300_007);
      far.call((socket) => socket.pause());
      near.call((socket) => {
        socket.writeText(text);
        socket.end();
      });
      await pass(QUIET_MS);
      assert.equal(far.isEnded, false, "FIN must not overtake data");
      far.call((socket) => socket.resume());
      await far.ended();
      assert.ok(far.text() === text);
      assert.equal(far.story(), "data end");
      far.call((socket) => socket.end());
      await far.closed();
      await near.closed();
      assert.equal(near.error, null);
    });

    it("sees a bare FIN at the latest after resume", async () => {
      const { near, far } = await rig.pair();
      far.call((socket) => socket.pause());
      near.call((socket) => socket.end());
      await pass(QUIET_MS);
      far.call((socket) => socket.resume());
      await far.ended();
      assert.equal(far.story(), "end");
    });

    it("pauses and resumes inside onData at every chunk", async () => {
      const { near, far } = await rig.pair();
      far.react = (event) => {
        if (event !== "data") return;
        far.call((socket) => socket.pause());
        far.call((socket) => socket.resume());
      };
      const text = createOddText(500_009);
      await writeAll(near, text, 7_919);
      await far.received(text.length);
      assert.ok(far.text() === text);
    });

    it("closes from our side while paused", async () => {
      for (const end of ["close", "reset"] as const) {
        const { near, far } = await rig.pair();
        far.call((socket) => socket.pause());
        near.call((socket) => socket.writeText("unread"));
        await pass(5);
        far.call((socket) => socket[end]());
        await far.closed();
        assert.equal(far.error, null);
        await near.until(() => near.isClosed || near.isEnded);
      }
    });
  });
}
