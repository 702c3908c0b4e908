import assert from "node:assert/strict";
import { test } from "node:test";
import { FakeClock, type Fault, TimerWheel } from "../base/index.ts";
import {
  type AcceptedSocket,
  encodeProxyHeader,
  MemoryNetwork,
  type ServerTls,
  type Socket,
  type SocketHandler,
} from "../transport/index.ts";
import { ProxiedConnection, type ProxiedOwner } from "./proxied-connection.ts";

const ADDRESS = { host: "10.0.0.1", port: 443 };
const CLIENT = { address: "192.0.2.7", port: 40_000 };
const HEADER = encodeProxyHeader("v2", CLIENT, { address: "198.51.100.1", port: 443 });
const QUIET: SocketHandler = { onOpen() {}, onData() {}, onDrain() {}, onEnd() {}, onClose() {} };
const TLS: ServerTls = { minVersion: "TLSv1.2", protocols: [], select: () => null };

/** A listener that takes nothing but connections with a header, and writes down what becomes of them. */
class Stage implements ProxiedOwner {
  readonly clock = new FakeClock();
  readonly wheel = new TimerWheel(this.clock);
  readonly bounds = { headTimeoutMs: 10_000 };
  readonly tls: ServerTls | null;
  readonly network = new MemoryNetwork({ schedule: null });
  readonly events: string[] = [];
  readonly client: Socket;
  connection: ProxiedConnection | null = null;
  refusesAll = false;

  constructor(tls: ServerTls | null = null) {
    this.tls = tls;
    void this.network.transport.listen(ADDRESS, (socket) => {
      Object.assign(socket, { startTls: (_: ServerTls, rest: Uint8Array | null) => this.events.push(`tls ${text(rest)}`) });
      this.connection = new ProxiedConnection(socket, this);
      return this.connection;
    });
    this.client = this.network.transportFrom("10.0.0.9").connect(ADDRESS, {
      ...QUIET,
      onEnd: () => void this.events.push("FIN for the far side"),
      onClose: (error) => void this.events.push(`closed ${error ?? "in order"}`),
    });
    this.network.pump();
  }

  acceptProxied(socket: AcceptedSocket): SocketHandler {
    this.events.push(`accept ${socket.remoteAddress}:${socket.remotePort} > ${socket.localAddress}:${socket.localPort}`);
    if (this.refusesAll) socket.reset();
    return { ...QUIET, onData: (chunk) => void this.events.push(`data ${text(chunk)}`), onEnd: () => void this.events.push("end") };
  }

  onHeaderOver(connection: ProxiedConnection, fault: Fault | null): void {
    assert.equal(connection, this.connection);
    this.events.push(`over ${fault?.kind.code ?? ""}`);
  }

  send(...chunks: readonly Uint8Array[]): this {
    for (const chunk of chunks) {
      this.client.write(chunk);
      this.network.pump();
    }
    return this;
  }

  take(): string[] {
    return this.events.splice(0);
  }
}

function text(bytes: Uint8Array | null): string {
  return bytes === null ? "nothing" : Buffer.from(bytes).toString("latin1");
}

const ACCEPTED = "accept 192.0.2.7:40000 > 198.51.100.1:443";

test("what stands behind the header goes to who accepted the client that it names", () => {
  const stage = new Stage().send(Buffer.concat([HEADER, Buffer.from("GET")]), Buffer.from(" /"));
  stage.client.end();
  stage.network.pump();
  assert.deepEqual(stage.take(), ["over ", ACCEPTED, "data GET", "data  /", "end"]);
  assert.equal(stage.wheel.size, 0);
});

test("a header in single bytes is one header, and nothing is read before its end", () => {
  const stage = new Stage().send(...Array.from(HEADER.subarray(0, -1), (byte) => Uint8Array.of(byte)));
  assert.deepEqual(stage.take(), []);
  stage.send(HEADER.subarray(-1));
  assert.deepEqual(stage.take(), ["over ", ACCEPTED]);
});

test("behind the header the handshake begins, with what came of it already", () => {
  assert.deepEqual(new Stage(TLS).send(Buffer.concat([HEADER, Buffer.from("hello")])).take(), ["over ", ACCEPTED, "tls hello"]);
  assert.deepEqual(new Stage(TLS).send(HEADER).take(), ["over ", ACCEPTED, "tls nothing"]);
});

test("a header for nobody leaves the connection's own addresses", () => {
  const stage = new Stage().send(Buffer.from("PROXY UNKNOWN\r\n"));
  assert.match(stage.take().join(), /^over ,accept 10\.0\.0\.9:\d+ > 10\.0\.0\.1:443$/);
});

test("who sends no header is closed and told nothing", () => {
  const stage = new Stage().send(Buffer.from("GET / HTTP/1.1\r\n\r\n"));
  assert.deepEqual(stage.take(), ["over SP_PROXY_MISSING", "FIN for the far side"]);
  assert.equal(stage.wheel.size, 0);
});

test("a header that does not come in five seconds is late, however slowly its bytes come", () => {
  const stage = new Stage().send(HEADER.subarray(0, 5));
  stage.clock.advance(4900);
  stage.send(HEADER.subarray(5, 10));
  assert.deepEqual(stage.take(), []);
  stage.clock.advance(200);
  stage.network.pump();
  assert.equal(stage.take()[0], "over SP_PROXY_LATE");
});

test("a connection that ends before its first byte is a health check, inside the header it is a fault", () => {
  const quiet = new Stage();
  quiet.client.end();
  quiet.network.pump();
  assert.equal(quiet.take()[0], "over ");
  const cut = new Stage().send(HEADER.subarray(0, 20));
  cut.client.reset();
  cut.network.pump();
  assert.ok(cut.take().includes("over SP_PROXY_TRUNCATED"));
});

test("the wait is over once, whether by close, by a refusal of whom the header names, or by a reset", () => {
  const closed = new Stage();
  closed.connection?.close();
  closed.network.pump();
  assert.deepEqual(
    closed.take().filter((event) => event.startsWith("over")),
    ["over "],
  );
  assert.deepEqual(closed.network.openSockets.length, closed.client.closed ? 0 : 1);

  const refused = new Stage();
  refused.refusesAll = true;
  refused.send(Buffer.concat([HEADER, Buffer.from("GET")]));
  assert.deepEqual(refused.take(), ["over ", ACCEPTED, "closed ECONNRESET"]);
});
