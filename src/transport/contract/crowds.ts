// Contract: many at once, and nothing left behind.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextTurn, setTimeout as pass } from "node:timers/promises";
import type { Recorder } from "./recorder.ts";
import type { Rig } from "./rig.ts";

export function crowdsContract(rig: Rig): void {
  describe("many connections", () => {
    it("serves 200 at once", async () => {
      const server = await rig.listen((recorder, event, chunk) => {
        if (event === "data" && chunk) recorder.call((socket) => socket.write(chunk));
        if (event === "end") recorder.call((socket) => socket.end());
      });
      const clients = Array.from({ length: 200 }, () => rig.connect(server.address));
      for (const [at, client] of clients.entries()) {
        client.react = (event) => {
          if (event === "open") client.call((socket) => socket.writeText(`number ${at}`));
        };
      }
      await Promise.all(clients.map((client, at) => client.received(`number ${at}`.length)));
      for (const [at, client] of clients.entries()) assert.equal(client.text(), `number ${at}`);
      for (const client of clients) client.call((socket) => socket.end());
      await Promise.all(clients.map((client) => client.closed()));
      for (const client of clients) assert.equal(client.story(), "open data end close");
    });

    it("leaks nothing after 500 that died in every way", async () => {
      const server = await rig.listen();
      const listenersOpen = rig.subject.countOpen();
      for (let i = 0; i < 500; i += 1) {
        const near = rig.connect(server.address);
        if (i % 9 === 8) {
          near.call((socket) => socket.close());
          await near.closed();
          continue;
        }
        await near.opened();
        let far = await server.next();
        // Where a pending connect can't be taken back, the server accepts what was given up, too.
        while (far.socket.remotePort !== near.socket.localPort) far = await server.next();
        await dieInWay(i % 9, near, far);
        await near.closed();
        await far.closed();
      }
      for (const recorder of rig.recorders) recorder.call((socket) => socket.close());
      for (const recorder of rig.recorders) await recorder.closed();
      let open = rig.subject.countOpen();
      // Connects that were given up are closed when they open; the runtimes close descriptors a turn or two later.
      for (let turn = 0; turn < 100 && open !== listenersOpen; turn += 1) {
        await pass(1);
        open = rig.subject.countOpen();
      }
      if (open !== null && listenersOpen !== null) assert.ok(open <= listenersOpen, `${open} open, ${listenersOpen} before`);
    });
  });
}

async function dieInWay(way: number, near: Recorder, far: Recorder): Promise<void> {
  switch (way) {
    case 0:
      near.call((socket) => socket.end());
      far.call((socket) => socket.end());
      return;
    case 1:
      near.call((socket) => socket.close());
      await far.until(() => far.isEnded || far.isClosed);
      far.call((socket) => socket.close());
      return;
    case 2:
      near.call((socket) => socket.reset());
      return;
    case 3:
      far.call((socket) => socket.reset());
      return;
    case 4:
      far.call((socket) => socket.pause());
      near.call((socket) => socket.writeText("x".repeat(100_000)));
      await nextTurn();
      far.call((socket) => socket.close());
      near.call((socket) => socket.close());
      return;
    case 5:
      far.call((socket) => socket.pause());
      near.call((socket) => socket.writeText("x".repeat(100_000)));
      near.call((socket) => socket.close());
      await nextTurn();
      far.call((socket) => socket.reset());
      return;
    case 6:
      near.call((socket) => socket.pause());
      near.call((socket) => socket.end());
      far.call((socket) => socket.end());
      await far.until(() => far.isEnded);
      near.call((socket) => socket.resume());
      return;
    default:
      near.call((socket) => socket.cork());
      near.call((socket) => socket.writeText("unsent"));
      near.call((socket) => socket.end());
      await far.ended();
      far.call((socket) => socket.end());
  }
}
