// Nanoseconds for one request on a kept upstream connection: lent, sent, answered, given back. No socket, no pool.

import { conclude, measure } from "../../bench/measure.ts";
import { FakeClock, TimerWheel } from "../base/index.ts";
import { FieldBlock, Fields, type UpstreamEvents } from "../http/index.ts";
import { type Socket, type Transport, Turn } from "../transport/index.ts";
import { ClientConnection } from "./client-connection.ts";
import { API_RESPONSE } from "./stage/real-heads.ts";
import { upstreamRequest } from "./stage/upstream-stage.ts";

let sink = 0;

const socket: Socket = {
  remoteAddress: "10.0.0.2",
  remotePort: 8080,
  localAddress: "10.0.0.1",
  localPort: 1,
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
const transport: Transport = { name: "memory", listen: () => Promise.reject(new Error("not here")), connect: () => socket };

const events: UpstreamEvents = {
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

const connection = new ClientConnection(
  {
    wheel: new TimerWheel(new FakeClock()),
    bounds: { connectMs: 1_000, firstByteMs: 30_000, betweenBytesMs: 30_000, idleMs: 60_000 },
    onIdle: () => undefined,
    onClosed: () => undefined,
  },
  transport,
  { address: { host: "10.0.0.2", port: 8080 }, tls: null },
  "u1",
  null,
);
connection.onOpen();

const WITH_LENGTH = Buffer.concat([API_RESPONSE, Buffer.alloc(54, 0x78)]);
const CHUNKED = Buffer.from(`HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n36\r\n${"x".repeat(54)}\r\n0\r\n\r\n`, "latin1");
const fields = new Fields("");
fields.addBlock(new FieldBlock(["User-Agent", "curl/8.17.0", "Accept", "*/*", "Via", "1.1 sallyport"]));

function ask(response: Uint8Array): void {
  connection.lend(events);
  connection.send(upstreamRequest({ target: "/api/products/1", authority: "10.0.0.2:8080", fields }));
  connection.onData(response);
}

measure("GET, answer with a length and 54 B", () => ask(WITH_LENGTH));
measure("GET, answer in one chunk", () => ask(CHUNKED));
conclude(sink);
