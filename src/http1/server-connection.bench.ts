// Nanoseconds for one request on a kept client connection, from its bytes to those of the answer, without a socket and with an
// exchange that answers at once: what this room itself costs.

import { conclude, measure } from "../../bench/measure.ts";
import { FakeClock, TimerWheel } from "../base/index.ts";
import { type ClientEvents, type ClientSide, Fields, ResponseHead, UNKNOWN_LENGTH } from "../http/index.ts";
import { type Socket, Turn } from "../transport/index.ts";
import { ServerConnection } from "./server-connection.ts";
import { BROWSER_GET, CURL_GET } from "./stage/real-heads.ts";
import { BOUNDS } from "./stage/server-stage.ts";

let sink = 0;
const BODY = Buffer.from(`{"id":1,"name":"Lantern","price":1299,"currency":"EUR"}`);
const POST = Buffer.concat([Buffer.from(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${BODY.length}\r\n\r\n`, "latin1"), BODY]);

const socket: Socket = {
  remoteAddress: "192.0.2.7",
  remotePort: 1,
  localAddress: "10.0.0.1",
  localPort: 80,
  closed: false,
  queuedBytes: 0,
  tls: null,
  errorDetail: "",
  turn: new Turn(queueMicrotask),
  cork: () => undefined,
  uncork: () => undefined,
  write(chunk) {
    sink += chunk.length;
    return true;
  },
  writeText(text) {
    sink += text.length + text.charCodeAt(text.length - 1);
    return true;
  },
  pause: () => undefined,
  resume: () => undefined,
  end: () => undefined,
  close: () => undefined,
  reset: () => undefined,
};

function connect(answersWith: number): ServerConnection {
  return new ServerConnection(socket, {
    listener: "bench",
    scheme: "http",
    bounds: BOUNDS,
    wheel: new TimerWheel(new FakeClock()),
    draining: false,
    onHandshake: () => undefined,
    onConnectionClosed: () => undefined,
    acceptor: { accept: (head, client) => new Answering(client, head.bodyLength !== 0, answersWith), refuse: () => fail() },
  });
}

function fail(): never {
  throw new Error("refused");
}

class Answering implements ClientEvents {
  readonly webSocket = null;
  readonly holdsConnection = false;
  readonly toll = "answer";
  readonly #client: ClientSide;
  readonly #hasBody: boolean;
  readonly #length: number;

  constructor(client: ClientSide, hasBody: boolean, length: number) {
    this.#client = client;
    this.#hasBody = hasBody;
    this.#length = length;
  }

  onRequestReady(): void {
    if (this.#hasBody) this.#client.resumeRequest();
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

  onClientGone(): void {}

  #answer(): void {
    this.#client.sendHead(new ResponseHead(200, new Fields(""), this.#length, this.#length));
    this.#client.write(BODY);
    this.#client.end(null);
  }
}

const plain = connect(BODY.length);
measure("curl's GET, answered with a length", () => plain.onData(CURL_GET));
measure("browser's GET, answered with a length", () => plain.onData(BROWSER_GET));
measure("POST of 54 B", () => plain.onData(POST));
const chunked = connect(UNKNOWN_LENGTH);
measure("curl's GET, answered in one chunk", () => chunked.onData(CURL_GET));
conclude(sink);
