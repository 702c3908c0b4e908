// Contract: addresses, bound and refused.
import assert from "node:assert/strict";
import { existsSync, linkSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { setTimeout as pass } from "node:timers/promises";
import type { Rig } from "./rig.ts";

export function listeningContract(rig: Rig): void {
  describe("listening", () => {
    it("rejects an address in use with its code", async () => {
      const server = await rig.listen();
      await assert.rejects(rig.listen(undefined, server.address), { code: "EADDRINUSE" });
    });

    it("leaves a file alone that is not a socket", async () => {
      if (rig.subject.transport.name === "memory") return;
      const folder = mkdtempSync(join(tmpdir(), "sallyport-"));
      try {
        const path = join(folder, "precious.txt");
        writeFileSync(path, "text");
        await assert.rejects(rig.listen(undefined, { path }), { code: "EADDRINUSE" });
        assert.equal(readFileSync(path, "utf8"), "text");
      } finally {
        rmSync(folder, { recursive: true });
      }
    });

    it("shows an IPv4 client of a dual-stack listener by its IPv4 address", async () => {
      const server = await rig.listen(undefined, { host: "::", port: 0 });
      assert.ok("port" in server.address);
      const near = rig.connect({ host: "127.0.0.1", port: server.address.port });
      const far = await server.next();
      await near.opened();
      assert.equal(far.socket.remoteAddress, "127.0.0.1");
      assert.equal(far.socket.localAddress, "127.0.0.1");
    });

    it("reports the port it was given", async () => {
      const server = await rig.listen();
      assert.ok("port" in server.address && server.address.port > 0);
    });

    it("serves unix sockets, replaces a stale file and respects a live one", async () => {
      const folder = mkdtempSync(join(tmpdir(), "sallyport-"));
      try {
        const path = join(folder, "a.sock");
        const { near, far } = await rig.pair({ path });
        near.call((socket) => socket.writeText("ping"));
        await far.received(4);
        assert.equal(far.socket.remoteAddress, "");
        assert.equal(far.socket.remotePort, 0);
        assert.deepEqual(rig.listeners[0]?.address, { path });
        await assert.rejects(rig.listen(undefined, { path }), { code: "EADDRINUSE" });
        far.call((socket) => socket.reset());
        await near.until(() => near.isClosed || near.isEnded);
        // A second name for the socket file outlives the listener, as the file of a killed process does.
        const stale = join(folder, "stale.sock");
        const hasFile = existsSync(path);
        if (hasFile) linkSync(path, stale);
        rig.listeners[0]?.close();
        await pass(5);
        assert.equal(existsSync(stale), hasFile);
        const revived = await rig.pair({ path: stale });
        revived.near.call((socket) => socket.writeText("pong"));
        await revived.far.received(4);
        const missing = rig.connect({ path });
        await missing.closed();
        assert.equal(missing.error, "ECONNREFUSED");
        assert.equal(existsSync(path), false);
      } finally {
        rmSync(folder, { recursive: true });
      }
    });
  });
}
