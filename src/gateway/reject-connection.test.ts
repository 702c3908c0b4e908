// Connections over the limit: told why, and gone soon whatever their clients do.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock, TimerWheel } from "../base/index.ts";
import { MemoryNetwork, type Socket, type SocketHandler } from "../transport/index.ts";
import { RejectedConnection } from "./reject-connection.ts";

const ADDRESS = { host: "10.0.0.1", port: 80 };

class Client implements SocketHandler {
  text = "";
  ended = false;
  closed = false;
  onOpen(): void {}
  onDrain(): void {}
  onData(chunk: Uint8Array): void {
    this.text += Buffer.from(chunk).toString("latin1");
  }
  onEnd(): void {
    this.ended = true;
  }
  onClose(): void {
    this.closed = true;
  }
}

class Stage {
  readonly clock = new FakeClock();
  readonly wheel = new TimerWheel(this.clock);
  readonly network = new MemoryNetwork({ schedule: null });

  constructor() {
    void this.network.transport.listen(ADDRESS, (socket) => new RejectedConnection(socket, this.wheel, "address"));
  }

  connect(): { client: Client; socket: Socket } {
    const client = new Client();
    const socket = this.network.transport.connect(ADDRESS, client);
    this.network.pump();
    return { client, socket };
  }

  get held(): number {
    return this.network.openSockets.filter((socket) => socket.localPort === ADDRESS.port).length;
  }
}

describe("a connection over the limit", () => {
  it("is told why, and its connection ends", () => {
    const stage = new Stage();
    const { client, socket } = stage.connect();
    assert.match(client.text, /^HTTP\/1\.1 503 .*Connection: close\r\n\r\n\{.*SP_H1_TOO_MANY_CONNECTIONS/s);
    assert.ok(client.ended);
    socket.close();
    stage.network.pump();
    assert.equal(stage.held, 0);
  });

  it("is gone when its client says goodbye or sends something", () => {
    const stage = new Stage();
    const { socket } = stage.connect();
    socket.end();
    stage.network.pump();
    assert.equal(stage.held, 0);
    const sending = stage.connect();
    sending.socket.writeText("GET / HTTP/1.1\r\n");
    stage.network.pump();
    assert.equal(stage.held, 0);
    assert.equal(stage.wheel.size, 0);
  });

  it("is gone after a second though its client does nothing", () => {
    const stage = new Stage();
    stage.connect();
    assert.equal(stage.held, 1);
    stage.clock.advance(1_020);
    stage.network.pump();
    assert.equal(stage.held, 0);
    assert.equal(stage.wheel.size, 0);
  });

  it("is one of few that linger: a flood is closed without a word", () => {
    const stage = new Stage();
    const clients = Array.from({ length: 40 }, () => stage.connect().client);
    const silent = clients.filter((client) => client.text === "");
    // The process has one count, which other tests may have a share in.
    assert.ok(silent.length >= 8 && silent.length < 40, `${silent.length} were not told`);
    assert.ok(silent.every((client) => client.closed));
    assert.equal(stage.held, 40 - silent.length);
    stage.clock.advance(1_020);
    stage.network.pump();
    assert.equal(stage.held, 0);
    assert.match(stage.connect().client.text, /503/);
  });
});
