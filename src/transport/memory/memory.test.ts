import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { dial, Recorder } from "../contract/recorder.ts";
import { type Subject, socketContract } from "../socket.contract.ts";
import { tlsContract } from "../tls.contract.ts";
import { MemoryNetwork, type MemoryNetworkOptions } from "./index.ts";

function createSubject(options: MemoryNetworkOptions): Subject {
  const network = new MemoryNetwork(options);
  return {
    transport: network.transport,
    countOpen: () => network.openSockets.length,
    async openBlackhole() {
      const address = { host: "127.0.0.1", port: 9 };
      network.setConnectFault(address, "blackhole");
      return { address, close: () => network.setConnectFault(address, null) };
    },
  };
}

socketContract("memory", () => createSubject({}));
socketContract("memory, narrow and noisy", () => createSubject({ chunkBytes: 4_093, windowBytes: 9_973, spuriousDrain: true }));
tlsContract("memory", () => createSubject({}));
tlsContract("memory, narrow and noisy,", () => createSubject({ chunkBytes: 4_093, windowBytes: 9_973, spuriousDrain: true }));

const SERVER = { host: "10.0.0.1", port: 80 };

function serve(network: MemoryNetwork): Recorder[] {
  const accepted: Recorder[] = [];
  network.transport.listen(SERVER, (socket) => {
    const recorder = new Recorder().attach(socket);
    accepted.push(recorder);
    return recorder;
  });
  return accepted;
}

describe("memory network", () => {
  it("delivers nothing on its own when pumped by hand", async () => {
    const network = new MemoryNetwork({ schedule: null });
    const accepted = serve(network);
    const near = dial(network.transport, SERVER, (event) => {
      if (event === "open") near.call((socket) => socket.writeText("hello"));
    });
    await Promise.resolve();
    assert.equal(near.story(), "");
    assert.ok(network.pump() > 0);
    assert.equal(near.story(), "open");
    assert.equal(accepted[0]?.text(), "hello");
    assert.equal(network.pump(), 0);
  });

  it("tells the same story every time", () => {
    function play(): string {
      const network = new MemoryNetwork({ schedule: null, chunkBytes: 3, windowBytes: 7 });
      const story: string[] = [];
      const accepted = serve(network);
      for (const name of ["a", "b", "c"]) {
        const near = dial(network.transport, SERVER, (event) => {
          story.push(`${name} ${event}`);
          if (event === "open") near.call((socket) => socket.writeText(name.repeat(20)));
          if (event === "drain") near.call((socket) => socket.end());
        });
      }
      while (network.step()) story.push(accepted.map((recorder) => recorder.receivedBytes).join("/"));
      return story.join(" ");
    }
    assert.equal(play(), play());
  });

  it("cuts input at every byte when asked to", () => {
    const network = new MemoryNetwork({ schedule: null, chunkBytes: 1 });
    const accepted = serve(network);
    const near = dial(network.transport, SERVER);
    near.call((socket) => socket.writeText("bytes"));
    network.pump();
    assert.deepEqual(
      accepted[0]?.chunks.map((chunk) => chunk.length),
      [1, 1, 1, 1, 1],
    );
  });

  it("makes writes short at the window and drains when the far side reads", () => {
    const network = new MemoryNetwork({ schedule: null, windowBytes: 10 });
    const accepted = serve(network);
    const near = dial(network.transport, SERVER);
    network.pump();
    accepted[0]?.call((socket) => socket.pause());
    assert.equal(
      near.call((socket) => socket.writeText("0123456789abcdef")),
      false,
    );
    assert.equal(near.socket.queuedBytes, 6);
    network.pump();
    assert.equal(near.events.includes("drain"), false);
    accepted[0]?.call((socket) => socket.resume());
    network.pump();
    assert.equal(near.events.includes("drain"), true);
    assert.equal(accepted[0]?.text(), "0123456789abcdef");
  });

  it("fails connects as told, then heals", () => {
    const network = new MemoryNetwork({ schedule: null });
    serve(network);
    network.setConnectFault(SERVER, "ENOTFOUND");
    const lost = dial(network.transport, SERVER);
    network.pump();
    assert.equal(lost.error, "ENOTFOUND");
    network.setConnectFault(SERVER, null);
    const found = dial(network.transport, SERVER);
    network.pump();
    assert.equal(found.story(), "open");
  });

  it("breaks a connection in the middle for both ends", () => {
    const network = new MemoryNetwork({ schedule: null });
    const accepted = serve(network);
    const near = dial(network.transport, SERVER);
    network.pump();
    near.call((socket) => socket.writeText("lost in flight"));
    network.injectReset(near.socket);
    network.pump();
    assert.equal(near.error, "ECONNRESET");
    assert.equal(accepted[0]?.error, "ECONNRESET");
    assert.equal(accepted[0]?.receivedBytes, 0);
    assert.deepEqual(network.openSockets, []);
  });

  it("lets a client come from any address", () => {
    const network = new MemoryNetwork({ schedule: null });
    const accepted = serve(network);
    dial(network.transportFrom("203.0.113.7"), SERVER);
    network.pump();
    assert.equal(accepted[0]?.socket.remoteAddress, "203.0.113.7");
    assert.equal(accepted[0]?.socket.localAddress, "10.0.0.1");
  });
});
