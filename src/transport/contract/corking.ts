// Contract: what is gathered leaves together, in order, also when sockets take turns.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createOddText, type Rig } from "./rig.ts";

export function corkingContract(rig: Rig): void {
  describe("corking", () => {
    it("gathers text and bytes into one arrival", async () => {
      const { near, far } = await rig.pair();
      near.call((socket) => {
        socket.cork();
        socket.cork();
        assert.equal(socket.writeText("HTTP/1.1 200 OK\r\n\u00e9\r\n\r\n"), true);
        assert.equal(socket.write(Buffer.from("body")), true);
        assert.ok(socket.queuedBytes > 0);
        socket.uncork();
        socket.uncork();
        assert.equal(socket.queuedBytes, 0);
      });
      await far.received(26);
      assert.equal(far.text(), "HTTP/1.1 200 OK\r\n\u00e9\r\n\r\nbody");
      assert.equal(far.events.filter((event) => event === "data").length, Math.ceil(26 / (far.chunks[0]?.length ?? 1)));
    });

    it("keeps the order of two corked sockets that interleave", async () => {
      const server = await rig.listen();
      const one = rig.connect(server.address);
      const farOne = await server.next();
      const two = rig.connect(server.address);
      const farTwo = await server.next();
      await one.opened();
      await two.opened();
      one.call((socket) => socket.cork());
      one.call((socket) => socket.writeText("a1"));
      two.call((socket) => socket.cork());
      two.call((socket) => socket.writeText("b1"));
      one.call((socket) => socket.writeText("a2"));
      two.call((socket) => socket.writeText("b2"));
      one.call((socket) => socket.cork());
      one.call((socket) => socket.writeText("a3"));
      two.call((socket) => socket.writeText("b3"));
      two.call((socket) => socket.uncork());
      one.call((socket) => socket.uncork());
      await farOne.received(6);
      await farTwo.received(6);
      assert.equal(farOne.text(), "a1a2a3");
      assert.equal(farTwo.text(), "b1b2b3");
    });

    it("lets chunks through that are too large to gather, in order", async () => {
      const { near, far } = await rig.pair();
      const large = createOddText(200_003);
      near.call((socket) => {
        socket.cork();
        socket.writeText("head");
        socket.write(Buffer.from(large, "latin1"));
        socket.writeText("mid");
        socket.writeText(large);
        socket.writeText("tail");
        socket.uncork();
      });
      await far.received(2 * 200_003 + 11);
      assert.ok(far.text() === `head${large}mid${large}tail`);
    });

    it("keeps corked bytes that the kernel did not take", async () => {
      const { near, far } = await rig.pair();
      const piece = createOddText(40_009);
      far.call((socket) => socket.pause());
      let sent = "";
      for (let i = 0; i < 400 && near.socket.queuedBytes === 0; i += 1) {
        near.call((socket) => {
          socket.cork();
          socket.writeText(piece);
          socket.writeText(String(i));
          socket.uncork();
        });
        sent += piece + String(i);
      }
      assert.ok(near.socket.queuedBytes > 0, "the kernel was never full");
      // Another cork must not overwrite what is left of the last one.
      const { near: other, far: otherFar } = await rig.pair();
      other.call((socket) => {
        socket.cork();
        socket.writeText("?".repeat(60_000));
        socket.uncork();
      });
      await otherFar.received(60_000);
      far.call((socket) => socket.resume());
      await far.received(sent.length);
      assert.ok(far.text() === sent);
    });

    it("has copied what was gathered: the writer may use its bytes again, also for what the kernel did not take", async () => {
      const { near, far } = await rig.pair();
      far.call((socket) => socket.pause());
      const bytes = Buffer.alloc(65_536);
      let sent = 0;
      // Until something waits, and then some more.
      for (let behind = 0; behind < 20 && sent < 4000; sent += 1) {
        bytes.fill(sent & 0xff);
        near.call((socket) => {
          socket.cork();
          socket.write(bytes.subarray(0, 60_000));
          socket.uncork();
          if (socket.queuedBytes > 0) behind += 1;
        });
      }
      far.call((socket) => socket.resume());
      await far.received(sent * 60_000);
      const text = far.text();
      for (let i = 0; i < sent; i += 1) {
        assert.equal(text.charCodeAt(i * 60_000), i & 0xff);
        assert.equal(text.charCodeAt(i * 60_000 + 59_999), i & 0xff);
      }
    });

    it("sends the corked bytes at end() and drops them at close()", async () => {
      const one = await rig.pair();
      one.near.call((socket) => {
        socket.cork();
        socket.writeText("last words");
        socket.end();
      });
      await one.far.ended();
      assert.equal(one.far.text(), "last words");
      const two = await rig.pair();
      two.near.call((socket) => {
        socket.cork();
        socket.writeText("unsaid");
        socket.close();
      });
      const three = await rig.pair();
      three.near.call((socket) => {
        socket.cork();
        socket.writeText("own");
        socket.uncork();
      });
      await three.far.received(3);
      await two.far.ended();
      assert.equal(two.far.text(), "");
      assert.equal(three.far.text(), "own");
    });
  });
}
