// Contract: how connections begin, and how they are given up.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setTimeout as pass } from "node:timers/promises";
import type { Recorder } from "./recorder.ts";
import { QUIET_MS, type Rig } from "./rig.ts";

export function connectingContract(rig: Rig): void {
  describe("connecting", () => {
    it("opens both ends and knows their addresses", async () => {
      const { near, far } = await rig.pair();
      assert.equal(far.socket.remoteAddress, "127.0.0.1");
      assert.equal(near.socket.remoteAddress, "127.0.0.1");
      assert.equal(near.socket.localAddress, "127.0.0.1");
      assert.equal(far.socket.remotePort, near.socket.localPort);
      assert.equal(far.socket.localPort, near.socket.remotePort);
      near.call((socket) => socket.close());
      await far.ended();
      far.call((socket) => socket.close());
      await far.closed();
      assert.equal(far.socket.remoteAddress, "127.0.0.1");
      assert.equal(near.story(), "open close");
      assert.equal(far.story(), "end close");
    });

    it("tells a refused connect by its code", async () => {
      const server = await rig.listen();
      server.listener.close();
      const near = rig.connect(server.address);
      await near.closed();
      assert.equal(near.error, "ECONNREFUSED");
      assert.equal(near.story(), "close");
    });

    it("gives up a pending connect at once", async () => {
      const blackhole = await rig.subject.openBlackhole();
      try {
        const near = rig.connect(blackhole.address);
        await pass(QUIET_MS);
        assert.equal(near.story(), "");
        near.call((socket) => socket.close());
        assert.equal(near.socket.closed, true);
        await near.closed();
        assert.equal(near.story(), "close");
        assert.equal(near.error, null);
      } finally {
        blackhole.close();
      }
    });

    it("gives up a connect in the turn that began it, and the far side does not keep it", async () => {
      const server = await rig.listen();
      for (const giveUp of ["close", "reset"] as const) {
        const near = rig.connect(server.address);
        near.call((socket) => socket[giveUp]());
        await near.closed();
        assert.equal(near.story(), "close");
      }
      const witness = rig.connect(server.address);
      await witness.opened();
      await pass(QUIET_MS);
      for (const recorder of rig.recorders) {
        if (recorder !== witness && !recorder.isClosed && recorder.socket.remotePort !== witness.socket.localPort) {
          assert.equal(recorder.isEnded, true);
        }
      }
    });

    it("sends what was written and ended before it opened", async () => {
      const server = await rig.listen();
      const near = rig.connect(server.address);
      assert.equal(
        near.call((socket) => socket.writeText("early ")),
        false,
      );
      near.call((socket) => {
        socket.cork();
        socket.writeText("bi");
        socket.write(Buffer.from("rd"));
        socket.uncork();
        socket.end();
      });
      const far = await server.next();
      await far.ended();
      assert.equal(far.text(), "early bird");
      far.call((socket) => socket.end());
      await near.closed();
      await far.closed();
      assert.equal(near.story(), "open end close");
      assert.equal(near.error, null);
    });

    it("sends the preamble first, before what was written before it opened", async () => {
      const server = await rig.listen();
      const near: Recorder = rig.connect(
        server.address,
        (event) => {
          if (event === "open") near.call((socket) => socket.writeText("third"));
        },
        Buffer.from("first "),
      );
      near.call((socket) => socket.writeText("second "));
      const far = await server.next();
      await far.until(() => far.receivedBytes === 18);
      assert.equal(far.text(), "first second third");
    });

    it("stays silent when closed inside onOpen", async () => {
      const server = await rig.listen();
      const near = rig.connect(server.address, () => near.call((socket) => socket.close()));
      await near.closed();
      assert.equal(near.story(), "open close");
      const far = await server.next();
      await far.until(() => far.isEnded || far.isClosed);
    });

    it("stays silent when closed while being accepted", async () => {
      const server = await rig.listen((recorder, event) => {
        if (event === "accept") recorder.call((socket) => socket.close());
      });
      const near = rig.connect(server.address);
      near.call((socket) => socket.writeText("unheard"));
      const far = await server.next();
      await far.closed();
      assert.equal(far.story(), "close");
      await near.until(() => near.isEnded || near.isClosed);
    });
  });
}
