// Contract: how connections end early, and how listeners do.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pass } from "node:timers/promises";
import { BIG_BYTES, createOddText, QUIET_MS, type Rig } from "./rig.ts";

export function closingContract(rig: Rig): void {
  describe("closing", () => {
    it("shows a reset as ECONNRESET", async () => {
      const { near, far } = await rig.pair();
      near.call((socket) => socket.reset());
      await far.closed();
      await near.closed();
      assert.equal(far.story(), "close");
      assert.equal(far.error, "ECONNRESET");
      assert.equal(near.error, null);
    });

    it("shows a reset to a paused socket at the latest after resume", async () => {
      const { near, far } = await rig.pair();
      far.call((socket) => socket.pause());
      near.call((socket) => socket.reset());
      await pass(QUIET_MS);
      far.call((socket) => socket.resume());
      await far.closed();
      assert.equal(far.error, "ECONNRESET");
    });

    it("delivers nothing but onClose when closed inside onData", async () => {
      for (const end of ["close", "reset"] as const) {
        const { near, far } = await rig.pair();
        far.react = (event) => {
          if (event === "data") far.call((socket) => socket[end]());
        };
        const text = createOddText(BIG_BYTES);
        near.call((socket) => socket.writeText(text));
        await far.closed();
        await near.closed();
        assert.equal(far.story(), "data close");
        assert.equal(far.error, null);
        assert.ok(near.error === "ECONNRESET" || near.error === "EPIPE", String(near.error));
      }
    });

    it("closes when reset or closed in the turn of its end()", async () => {
      for (const end of ["close", "reset"] as const) {
        const { near, far } = await rig.pair();
        near.call((socket) => {
          socket.end();
          socket[end]();
        });
        await near.closed();
        assert.equal(near.story(), "open close");
        await far.until(() => far.isEnded || far.isClosed);
        far.call((socket) => socket.close());
        await far.closed();
      }
    });

    it("drops the queue at close", async () => {
      const { near, far } = await rig.pair();
      far.call((socket) => socket.pause());
      near.call((socket) => socket.writeText(createOddText(BIG_BYTES)));
      assert.ok(near.socket.queuedBytes > 0);
      near.call((socket) => socket.close());
      assert.equal(near.socket.queuedBytes, 0);
      await near.closed();
      far.call((socket) => socket.resume());
      await far.until(() => far.isEnded || far.isClosed);
      assert.ok(far.receivedBytes < BIG_BYTES);
    });

    it("leaves accepted sockets alive when the listener closes, and frees the address", async () => {
      const { near, far } = await rig.pair();
      const listener = rig.listeners[0];
      assert.ok(listener);
      listener.close();
      listener.close();
      near.call((socket) => socket.writeText("alive"));
      await far.received(5);
      const again = await rig.listen(undefined, listener.address);
      assert.deepEqual(again.address, listener.address);
      far.call((socket) => socket.writeText("too"));
      await near.received(3);
    });
  });
}
