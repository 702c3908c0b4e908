import assert from "node:assert/strict";
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readlinkSync, rmSync, unlinkSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { listRuntimes } from "../../../bin/runtime.mjs";
import { countDescriptors } from "../contract/descriptors.ts";
import type { SocketAddress } from "../socket.ts";
import { adoptListener, bindListener } from "./index.ts";
import { spawnHeir, spawnStranger, stopChild } from "./inheriting-child.ts";

const ANY = { host: "127.0.0.1", port: 0 };
const folder = mkdtempSync(join(tmpdir(), "shared-listener-"));
after(() => rmSync(folder, { recursive: true }));

/** What the far side says until it closes; the error's code when it never came to that. */
function hear(address: SocketAddress): Promise<string> {
  return new Promise((resolve) => {
    let heard = "";
    const socket = connect("path" in address ? { path: address.path } : address);
    // It asks before it is answered: on Bun a client of a unix socket takes a server that closes at once for one that resets.
    socket.on("connect", () => socket.write("?"));
    socket.on("data", (chunk) => {
      heard += chunk.toString();
    });
    socket.on("end", () => {
      socket.destroy();
      resolve(heard);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
  });
}

/** Resolves when the connection is made, which the kernel does without anybody who accepts. */
function reach(address: SocketAddress): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect("path" in address ? { path: address.path } : address);
    socket.on("connect", () => {
      socket.destroy();
      resolve("connected");
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "error"));
  });
}

function isConnected(socket: Socket, patienceMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(false), patienceMs);
    socket.once("connect", () => {
      clearTimeout(timer);
      resolve(true);
    });
  });
}

function reject(work: Promise<unknown>): Promise<Error & { code?: string }> {
  return work.then(
    () => assert.fail("it was taken"),
    (error) => error,
  );
}

describe("a shared listener", () => {
  for (const [what, address] of [
    ["IPv4", ANY],
    ["IPv6", { host: "::1", port: 0 }],
    ["unix", { path: join(folder, "a.sock") }],
  ] as const) {
    it(`makes connections wait (${what}) and accepts none itself, however long its process runs`, async () => {
      const listener = await bindListener(address);
      const before = countDescriptors();
      assert.equal(await reach(listener.address), "connected");
      const waiting = hear(listener.address);
      let isHeard = false;
      waiting.then(() => {
        isHeard = true;
      });
      // Turns of the loop, in which a runtime that accepted would do so.
      for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setTimeout(resolve, 1));
      assert.equal(isHeard, false);
      if (before !== null) assert.equal(countDescriptors(), before + 1, "only the client's own");
      listener.close();
      assert.match(await waiting, /^(ECONNRESET|EPIPE)$|^$/, "the queue goes with the last descriptor");
      assert.equal(await reach(listener.address), "path" in address ? "ENOENT" : "ECONNREFUSED");
      listener.close();
    });

    for (const runtime of ["bun", "node"] as const) {
      const binary = listRuntimes()[runtime];
      const skip = binary === null ? `${runtime} is not installed` : false;
      it(`is accepted on by a child on ${runtime} that inherits it (${what}), also what came before the child`, { skip }, async () => {
        const listener = await bindListener(address);
        const early = hear(listener.address);
        const child = await spawnHeir(runtime, binary ?? "", listener.descriptor);
        try {
          assert.equal(await early, runtime);
          assert.equal(await hear(listener.address), runtime);
        } finally {
          await stopChild(child);
        }
        // Nobody accepts any more, and still nothing is refused.
        assert.equal(await reach(listener.address), "connected");
        listener.close();
      });
    }
  }

  it("has the port that the system chose, and the address as it was asked for", async () => {
    const v4 = await bindListener(ANY);
    const v6 = await bindListener({ host: "::", port: 0 });
    assert.ok("port" in v4.address && v4.address.port > 0 && v4.address.host === "127.0.0.1");
    assert.ok("port" in v6.address && v6.address.port > 0 && v6.address.host === "::");
    assert.equal(await reach({ host: "127.0.0.1", port: v6.address.port }), "connected", "[::] takes IPv4 too");
    v4.close();
    v6.close();
  });

  it("refuses an address that is taken, in the transport's words", async () => {
    const first = await bindListener(ANY);
    const error = await reject(bindListener(first.address));
    assert.equal(error.code, "EADDRINUSE");
    assert.match(error.message, /^cannot listen on 127\.0\.0\.1:\d+: something else listens there \(EADDRINUSE\)$/);
    first.close();
    const again = await bindListener(first.address);
    assert.deepEqual(again.address, first.address);
    again.close();
  });

  it("refuses addresses that are not this machine's and folders that are not there", async () => {
    const elsewhere = await reject(bindListener({ host: "192.0.2.1", port: 0 }));
    assert.match(elsewhere.message, /this machine has no such address \(EADDRNOTAVAIL\)$/);
    const nowhere = await reject(bindListener({ path: join(folder, "none", "a.sock") }));
    assert.match(nowhere.message, /\((ENOENT|EACCES)\)$/);
  });

  it("shares an address with another that asks for it too, and only with such", { skip: process.platform !== "linux" }, async () => {
    const first = await bindListener(ANY, { reusePort: true });
    const second = await bindListener(first.address, { reusePort: true });
    assert.equal((await reject(bindListener(first.address))).code, "EADDRINUSE");
    first.close();
    second.close();
  });

  it("takes no share of an address until somebody accepts on it, when it was told to bind alone", {
    skip: process.platform !== "linux",
  }, async () => {
    const quiet = await bindListener(ANY, { reusePort: true, listens: false });
    assert.equal(await reach(quiet.address), "ECONNREFUSED");
    const [runtime, binary] =
      process.versions.bun === undefined ? (["node", process.execPath] as const) : (["bun", process.execPath] as const);
    const heir = await spawnHeir(runtime, binary, quiet.descriptor);
    assert.equal(await hear(quiet.address), runtime);
    await stopChild(heir);
    quiet.close();
  });

  it("is refused an address where another listens that shares it with nobody, also when it binds alone", async () => {
    const taken = await bindListener(ANY);
    assert.equal((await reject(bindListener(taken.address, { reusePort: true, listens: false }))).code, "EADDRINUSE");
    taken.close();
  });

  it("holds as many waiting connections as it was asked to", { skip: process.platform !== "linux" }, async () => {
    const listener = await bindListener(ANY, { backlog: 2 });
    const sockets = Array.from({ length: 6 }, () => connect(listener.address as { port: number; host: string }));
    const isReached = await Promise.all(sockets.map((socket) => isConnected(socket, 200)));
    // Linux takes one more than it says, and drops what comes beyond.
    assert.equal(isReached.filter(Boolean).length, 3);
    for (const socket of sockets) socket.destroy();
    listener.close();
  });

  it("takes no place of a file, be it a socket that listens or anything else", async () => {
    const path = join(folder, "taken.sock");
    const first = await bindListener({ path });
    assert.equal((await reject(bindListener({ path }))).code, "EADDRINUSE");
    first.close();
    assert.equal(existsSync(path), false);
    const file = join(folder, "file");
    writeFileSync(file, "");
    assert.equal((await reject(bindListener({ path: file }))).code, "EADDRINUSE");
  });

  it("knows the address of one that was inherited, and leaves its file", async () => {
    for (const address of [ANY, { host: "::1", port: 0 }, { path: join(folder, "inherited.sock") }]) {
      const listener = await bindListener(address);
      assert.deepEqual((await adoptListener(listener.descriptor)).address, listener.address);
      listener.close();
    }
  });

  it("adopts nothing that does not listen", async () => {
    const listener = await bindListener({ path: join(folder, "adopt.sock") });
    const client = connect(listener.address as { path: string });
    await new Promise((resolve) => client.once("connect", resolve));
    const connected = (client as unknown as { _handle: { fd: number } })._handle.fd;
    if (connected > 0) await reject(adoptListener(connected));
    client.destroy();
    listener.close();
    const file = openSync(join(folder, "some-file"), "w");
    await reject(adoptListener(file));
    closeSync(file);
    await reject(adoptListener(4095));
  });

  const unlinks = process.versions.bun === undefined && "Node unlinks the path whatever is there, as it does for every server";
  it("leaves a socket file alone that another put in its place", { skip: unlinks }, async () => {
    const path = join(folder, "moved.sock");
    const first = await bindListener({ path });
    unlinkSync(path);
    const second = createServer().listen(path);
    await new Promise((resolve) => second.once("listening", resolve));
    first.close();
    assert.equal(await reach({ path }), "connected");
    second.close();
  });

  it("is not inherited by a child that it was not given to", { skip: process.platform !== "linux" && "reads /proc" }, async () => {
    const listener = await bindListener(ANY);
    const own = readlinkSync(`/proc/self/fd/${listener.descriptor}`);
    const child = await spawnStranger();
    try {
      const theirs = readdirSync(`/proc/${child.pid}/fd`).map((fd) => readlinkSync(`/proc/${child.pid}/fd/${fd}`));
      assert.ok(theirs.length >= 3);
      assert.equal(theirs.includes(own), false);
    } finally {
      await stopChild(child);
      listener.close();
    }
  });
});
