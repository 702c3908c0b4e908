// Contract: nothing that was written is lost, changed or reordered.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pass } from "node:timers/promises";
import { BIG_BYTES, createOddText, QUIET_MS, type Rig, writeAll } from "./rig.ts";

export function writingContract(rig: Rig): void {
  describe("writing", () => {
    it("delivers 8.5 MB of every byte value intact to a slow reader", async () => {
      const text = createOddText(BIG_BYTES);
      const { near, far } = await rig.pair();
      let turn = 0;
      far.react = (event) => {
        turn += 1;
        if (event !== "data" || turn % 3 !== 0) return;
        far.call((socket) => socket.pause());
        setImmediate(() => far.call((socket) => socket.resume()));
      };
      far.call((socket) => socket.pause());
      const writing = writeAll(near, text, 99_991);
      await pass(QUIET_MS);
      far.call((socket) => socket.resume());
      assert.ok((await writing) > 0, "the kernel was never full");
      near.call((socket) => socket.end());
      await far.ended();
      assert.equal(far.receivedBytes, BIG_BYTES);
      assert.ok(far.text() === text);
    });

    it("delivers one string larger than every buffer", async () => {
      const text = createOddText(BIG_BYTES);
      const { near, far } = await rig.pair();
      far.call((socket) => socket.pause());
      assert.equal(
        near.call((socket) => socket.writeText(text)),
        false,
      );
      assert.ok(near.socket.queuedBytes > 0);
      near.call((socket) => socket.writeText("tail"));
      far.call((socket) => socket.resume());
      await far.received(BIG_BYTES + 4);
      assert.ok(far.text() === `${text}tail`);
      await near.until(() => near.events.includes("drain"));
      assert.equal(near.socket.queuedBytes, 0);
    });

    it("calls onDrain after every write that returned false, and not before the queue is empty", async () => {
      const { near, far } = await rig.pair();
      far.react = () => {};
      const text = createOddText(3_000_000);
      for (let round = 0; round < 4; round += 1) {
        const before = near.events.length;
        if (near.call((socket) => socket.writeText(text))) continue;
        await near.until(() => near.events.indexOf("drain", before) >= 0);
        assert.equal(near.socket.queuedBytes, 0);
      }
      await far.received(12_000_000);
    });

    it("ignores writes after close", async () => {
      const { near, far } = await rig.pair();
      near.call((socket) => {
        socket.close();
        assert.equal(socket.writeText("late"), true);
        assert.equal(socket.write(Buffer.from("late")), true);
        socket.cork();
        assert.equal(socket.writeText("late"), true);
        socket.uncork();
        socket.pause();
        socket.resume();
        socket.end();
        socket.reset();
        socket.close();
        assert.equal(socket.queuedBytes, 0);
      });
      await near.closed();
      await far.ended();
      assert.equal(far.receivedBytes, 0);
    });

    it("accepts empty chunks", async () => {
      const { near, far } = await rig.pair();
      near.call((socket) => {
        socket.write(new Uint8Array(0));
        socket.writeText("");
        socket.cork();
        socket.writeText("");
        socket.uncork();
        socket.writeText("x");
      });
      await far.received(1);
      assert.equal(far.text(), "x");
    });

    it("notices a far side that reset while it kept writing", async () => {
      const { near, far } = await rig.pair();
      far.call((socket) => socket.reset());
      await pass(5);
      near.call((socket) => socket.writeText("to nobody"));
      await near.closed();
      assert.ok(near.error === "ECONNRESET" || near.error === "EPIPE", String(near.error));
    });
  });
}
