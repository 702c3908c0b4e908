// Nanoseconds for one request on a connection of HTTP/2, from the bytes of its frames to those of the answer's, without a socket and with
// an exchange, or an upstream, that answers at once: what this room itself costs, HPACK and messages included.

import { conclude, measure } from "../../../bench/measure.ts";
import { FakeClock, TimerWheel } from "../../base/index.ts";
import { type ClientEvents, type ClientSide, Fields, ResponseHead, UNKNOWN_LENGTH, type UpstreamEvents } from "../../http/index.ts";
import { type Socket, type SocketHandler, type Transport, Turn } from "../../transport/index.ts";
import type { MultiplexedConnection } from "../connection-owner.ts";
import { Http2ClientConnection } from "./client-connection.ts";
import { DATA, END_HEADERS, END_STREAM, FRAME_HEAD_BYTES, HEADERS, PREFACE, SETTINGS, WINDOW_UPDATE } from "./frames.ts";
import { Http2ServerConnection } from "./server-connection.ts";

type Line = readonly [name: string, value: string];

const STREAMS = 100;
const MESSAGE = Buffer.concat([Buffer.from([0, 0, 0, 0, 54]), Buffer.alloc(54, 0x78)]);
const GET: readonly Line[] = [
  [":method", "GET"],
  [":scheme", "http"],
  [":authority", "shop.example.com"],
  [":path", "/api/products/1"],
  ["user-agent", "curl/8.17.0"],
  ["accept", "*/*"],
];
const CALL: readonly Line[] = [
  [":method", "POST"],
  [":scheme", "http"],
  [":authority", "ledger.example.com:8443"],
  [":path", "/ledger.v1.Ledger/Transfer"],
  ["te", "trailers"],
  ["content-type", "application/grpc"],
  ["user-agent", "grpc-node-js/1.14.0"],
  ["grpc-timeout", "1S"],
];
const OK: readonly Line[] = [
  [":status", "200"],
  ["content-type", "application/json"],
];
const CALL_OK: readonly Line[] = [
  [":status", "200"],
  ["content-type", "application/grpc"],
];
const CALL_END: readonly Line[] = [["grpc-status", "0"]];

let sink = 0;
let endTurn = (): void => undefined;

const socket: Socket = {
  remoteAddress: "192.0.2.7",
  remotePort: 1,
  localAddress: "10.0.0.1",
  localPort: 80,
  closed: false,
  queuedBytes: 0,
  tls: null,
  errorDetail: "",
  turn: new Turn((end) => {
    endTurn = end;
  }),
  cork: () => undefined,
  uncork: () => undefined,
  write(chunk) {
    sink += chunk.length;
    return true;
  },
  writeText: () => true,
  pause: () => undefined,
  resume: () => undefined,
  end: () => undefined,
  close: () => undefined,
  reset: () => undefined,
};

function frame(type: number, flags: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(FRAME_HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  return Buffer.concat([head, payload]);
}

/** What an encoder sends of lines that it has not sent before, each of fewer than 127 bytes: kept by whoever reads it. */
function spellOut(lines: readonly Line[]): Buffer {
  return Buffer.concat(
    lines.flatMap(([name, value]) => [
      Buffer.from([0x40, name.length]),
      Buffer.from(name),
      Buffer.from([value.length]),
      Buffer.from(value),
    ]),
  );
}

/** And of those that stand `behind` others at the end of the table: a byte each. */
function nameAgain(lines: readonly Line[], behind = 0): Buffer {
  return Buffer.from(lines.map((_, at) => 0x80 | (62 + behind + lines.length - 1 - at)));
}

/** Frames that come again and again, each time for the next stream. */
class Repeated {
  readonly bytes: Buffer;
  readonly #heads: number[] = [];
  readonly #perStream: number;

  constructor(frames: readonly Buffer[], streams = 1) {
    const all = Array.from({ length: streams }, () => frames).flat();
    this.bytes = Buffer.concat(all);
    this.#perStream = frames.length;
    let at = 0;
    for (const each of all) {
      this.#heads.push(at);
      at += each.length;
    }
  }

  for(id: number): Buffer {
    const heads = this.#heads;
    for (let i = 0; i < heads.length; i++) this.bytes.writeUInt32BE(id + 2 * Math.floor(i / this.#perStream), heads[i]! + 5);
    return this.bytes;
  }
}

const greeting = Buffer.concat([frame(SETTINGS, 0, Buffer.alloc(0)), frame(WINDOW_UPDATE, 0, Buffer.from([0x7f, 0xfe, 0, 0]))]);

// ── the side of the client ───────────────────────────────────────────────────────────────────────────────────────────

function fail(): never {
  throw new Error("refused");
}

class Answering implements ClientEvents {
  readonly webSocket = null;
  readonly holdsConnection = false;
  readonly toll = "answer";
  readonly #client: ClientSide;
  readonly #isCall: boolean;

  constructor(client: ClientSide, isCall: boolean) {
    this.#client = client;
    this.#isCall = isCall;
  }

  onRequestReady(): void {
    if (this.#isCall) this.#client.resumeRequest();
    else this.#answer();
  }

  onRequestChunk(): boolean {
    return true;
  }

  onRequestEnd(): void {
    this.#answer();
  }

  onRequestFault(): void {
    fail();
  }

  onClientDrain(): void {}

  onTunnelFault(): void {}

  onClientGone(): void {
    fail();
  }

  #answer(): void {
    const length = this.#isCall ? UNKNOWN_LENGTH : MESSAGE.length;
    this.#client.sendHead(new ResponseHead(200, new Fields(""), length, length));
    this.#client.write(MESSAGE);
    this.#client.end(this.#isCall ? new Fields("grpc-status: 0\r\n") : null);
  }
}

function accept(): Http2ServerConnection {
  const connection = new Http2ServerConnection(socket, {
    listener: "bench",
    scheme: "http",
    bounds: {
      lineBytes: 8192,
      headBytes: 32 * 1024,
      fieldCount: 100,
      headTimeoutMs: 10_000,
      idleTimeoutMs: 60_000,
      minBodyBytesPerSecond: 100,
      streams: STREAMS,
    },
    wheel: new TimerWheel(new FakeClock()),
    draining: false,
    onHandshake: () => undefined,
    isSuspect: () => false,
    onConnectionFault: (_, fault) => {
      throw new Error(fault.kind.code);
    },
    onConnectionClosed: () => undefined,
    acceptor: { accept: (head, client) => new Answering(client, head.method === "POST"), refuse: () => fail() },
  });
  connection.onData(Buffer.from(PREFACE));
  connection.onData(greeting);
  return connection;
}

/** A client that asks the same on one stream after the other, `streams` of them in each read. */
function serve(lines: readonly Line[], body: readonly Buffer[], streams: number): () => void {
  const connection = accept();
  const flags = END_HEADERS | (body.length === 0 ? END_STREAM : 0);
  let id = 1;
  connection.onData(new Repeated([frame(HEADERS, flags, spellOut(lines)), ...body]).for(id));
  const again = new Repeated([frame(HEADERS, flags, nameAgain(lines)), ...body], streams);
  id += 2;
  return () => {
    connection.onData(again.for(id));
    endTurn();
    id += 2 * streams;
  };
}

const message = [frame(DATA, END_STREAM, MESSAGE)];
measure("client's GET, answered with a length", serve(GET, [], 1));
measure("client's call, a message each way", serve(CALL, message, 1));
measure(`client's GET, ${STREAMS} in a read`, serve(GET, [], STREAMS), STREAMS);
measure(`client's call, ${STREAMS} in a read`, serve(CALL, message, STREAMS), STREAMS);

// ── the side of the upstream ─────────────────────────────────────────────────────────────────────────────────────────

const attempt: UpstreamEvents = {
  onInterim: () => undefined,
  onSwitch: () => true,
  onResponseHead(head) {
    sink += head.status;
    return true;
  },
  onResponseChunk(chunk) {
    sink += chunk.length;
    return true;
  },
  onResponseEnd: () => undefined,
  onUpstreamDrain: () => undefined,
  onUpstreamFault(fault) {
    throw new Error(fault.kind.code);
  },
  onBatchStart: () => undefined,
  onBatchEnd: () => undefined,
};

function connect(): Http2ClientConnection {
  const transport: Transport = {
    name: "memory",
    listen: () => Promise.reject(new Error("not here")),
    connect: (_, _handler: SocketHandler) => socket,
  };
  const owner = {
    wheel: new TimerWheel(new FakeClock()),
    bounds: { connectMs: 1_000, firstByteMs: 30_000, betweenBytesMs: 30_000, idleMs: 60_000 },
    streams: STREAMS,
    onReady: () => undefined,
    onStreamsFree: () => undefined,
    onDraining: () => undefined,
    onClosed: (_: MultiplexedConnection) => undefined,
  };
  const connection = new Http2ClientConnection(owner, transport, { address: { host: "10.0.0.2", port: 8080 }, tls: null }, "u1", null);
  connection.onOpen();
  connection.onData(greeting);
  return connection;
}

/** `streams` requests sent in one turn, and their answers in one read. */
function ask(lines: readonly Line[], isCall: boolean, streams: number): () => void {
  const connection = connect();
  const fields = new Fields("user-agent: curl/8.17.0\r\naccept: */*\r\n");
  const request = {
    method: isCall ? "POST" : "GET",
    target: "/api/products/1",
    authority: "10.0.0.2:8080",
    fields,
    bodyLength: isCall ? UNKNOWN_LENGTH : 0,
    expectsContinue: false,
    acceptsTrailers: isCall,
    upgrade: null,
  };
  const answer = (head: Buffer, trailers: Buffer, count: number) =>
    new Repeated(
      isCall
        ? [frame(HEADERS, END_HEADERS, head), frame(DATA, 0, MESSAGE), frame(HEADERS, END_HEADERS | END_STREAM, trailers)]
        : [frame(HEADERS, END_HEADERS, head), frame(DATA, END_STREAM, MESSAGE)],
      count,
    );
  let id = 1;
  const send = (count: number) => {
    for (let i = 0; i < count; i++) {
      const stream = connection.open(attempt);
      stream.send(request);
      if (!isCall) continue;
      stream.write(MESSAGE);
      stream.endRequest(null);
    }
    endTurn();
  };
  send(1);
  connection.onData(answer(spellOut(lines), spellOut(CALL_END), 1).for(id));
  const again = answer(nameAgain(lines, isCall ? CALL_END.length : 0), nameAgain(CALL_END), streams);
  id += 2;
  return () => {
    send(streams);
    connection.onData(again.for(id));
    id += 2 * streams;
  };
}

measure("GET to an upstream, answer with 59 B", ask(OK, false, 1));
measure("call to an upstream, a message each way", ask(CALL_OK, true, 1));
measure(`GET to an upstream, ${STREAMS} in a turn`, ask(OK, false, STREAMS), STREAMS);
measure(`call to an upstream, ${STREAMS} in a turn`, ask(CALL_OK, true, STREAMS), STREAMS);
conclude(sink);
