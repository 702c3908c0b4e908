// Contract: a bug in a handler costs its own socket and nothing else.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setHandlerErrorHook } from "../handler-error.ts";
import { ANY_PORT, type Rig } from "./rig.ts";

export function throwingContract(rig: Rig): void {
  describe("handlers that throw", () => {
    it("lose their socket and nobody else's, and the hook hears of it", async () => {
      const heard: unknown[] = [];
      setHandlerErrorHook((error) => heard.push(error));
      const { near, far } = await rig.pair();
      const { near: bystander, far: bystanderFar } = await rig.pair();
      const bug = new Error("bug");
      far.react = (event) => {
        if (event === "data") throw bug;
      };
      near.call((socket) => socket.writeText("x"));
      await far.closed();
      await near.closed();
      assert.deepEqual(heard, [bug]);
      assert.equal(far.error, "EABORTED");
      assert.equal(near.error, "ECONNRESET");
      bystander.call((socket) => socket.writeText("y"));
      await bystanderFar.received(1);
    });

    it("lose it in every callback", async () => {
      const heard: string[] = [];
      setHandlerErrorHook((error) => heard.push(String(error)));
      for (const guilty of ["open", "drain", "end"]) {
        const server = await rig.listen((recorder, event) => {
          if (event === "accept") recorder.call((socket) => socket.end());
        });
        const near = rig.connect(server.address, (event) => {
          if (event === guilty) throw guilty;
        });
        near.call((socket) => socket.writeText("makes a drain"));
        await near.closed();
        assert.equal(near.error, "EABORTED");
        const far = await server.next();
        await far.closed();
      }
      assert.deepEqual(heard, ["open", "drain", "end"]);
    });

    it("do not stop other closes from being delivered", async () => {
      const heard: unknown[] = [];
      setHandlerErrorHook((error) => heard.push(error));
      const one = await rig.pair();
      const two = await rig.pair();
      one.near.react = () => {
        throw "in onClose";
      };
      one.near.call((socket) => socket.close());
      two.near.call((socket) => socket.close());
      await two.near.closed();
      await one.far.ended();
      assert.deepEqual(heard, ["in onClose"]);
      rig.recorders = rig.recorders.filter((recorder) => recorder !== one.near);
    });

    it("refuse the connection when accept itself throws", async () => {
      const heard: unknown[] = [];
      setHandlerErrorHook((error) => heard.push(error));
      const listener = await rig.subject.transport.listen(ANY_PORT, () => {
        throw "in accept";
      });
      rig.listeners.push(listener);
      const near = rig.connect(listener.address);
      await near.closed();
      assert.deepEqual(heard, ["in accept"]);
      assert.equal(near.error, "ECONNRESET");
    });
  });
}
