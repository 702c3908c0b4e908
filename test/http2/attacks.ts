// Attacks on an HTTP/2 server, each as one connection does it: frames by hand, as many as the server takes until it has had enough. The
// bytes are made beforehand, so that an attacker costs as little as one can.

import type { Http2Gateway } from "../e2e/http2-gateway.ts";
import { FRAME, H2Client, HPACK } from "../kit/index.ts";

const POUR_MS = 5000;
const HUGE = 2 ** 31 - 1;

export function requestBlock(method: string, path: string, more: readonly HPACK.H2Field[] = []): Buffer {
  const { block } = HPACK;
  return block([[":method", method], [":scheme", "http"], [":path", path], [":authority", "gateway.test"], ...more]);
}

/** Sends the chunk again and again until the gateway has ended the connection, `times` at most. */
export async function pour(client: H2Client, chunk: Uint8Array, times: number): Promise<void> {
  const deadline = performance.now() + POUR_MS;
  for (let sent = 0; sent < times && !client.isClosed && performance.now() < deadline; sent++) {
    if (client.socket.write(chunk)) {
      await new Promise((resolve) => setImmediate(resolve));
      continue;
    }
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, 200);
      const go = (): void => {
        clearTimeout(timer);
        resolve();
      };
      client.socket.once("drain", go).once("close", go);
    });
  }
}

function repeat(bytes: Uint8Array, times: number): Buffer {
  return Buffer.concat(new Array<Uint8Array>(times).fill(bytes));
}

/** `count` streams from id 1 on, each the frames that `make` gives it. */
function streams(count: number, make: (id: number) => readonly Uint8Array[]): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, index) => make(1 + 2 * index)).flat());
}

const GET = requestBlock("GET", "/hang?id=attack");
const POST = requestBlock("POST", "/hang?id=attack");
const LENGTH_1 = requestBlock("POST", "/hang?id=attack", [["content-length", "1"]]);

/** A field of 4,000 bytes put into the table once, then named as often as fits: 16 KiB that stand for 60 MB. */
const BOMB = Buffer.concat([
  requestBlock("GET", "/hang?id=attack"),
  HPACK.literal("x-bomb", "b".repeat(4000), HPACK.INCREMENTAL),
  repeat(HPACK.indexed(62), 16_000 - 4200),
]);

export interface Attack {
  readonly title: string;
  /** Any of these fault codes may stand in the metric of connections that were ended: which bound is first is the engine's. */
  readonly faults: readonly string[];
  /** Its streams are requests that reach the upstream before they are reset: the gateway pays for those as for any request. */
  readonly asksUpstream?: true;
  /** Settings that the attacker begins with. */
  readonly settings?: readonly (readonly [number, number])[];
  readonly attack: (client: H2Client) => Promise<void>;
}

const RESETS = streams(2000, (id) => [FRAME.headers(id, GET, FRAME.END_STREAM), FRAME.rstStream(id, 8)]);
const ZERO_INCREMENTS = streams(1000, (id) => [FRAME.headers(id, GET, FRAME.END_STREAM), FRAME.windowUpdate(id, 0)]);
const OVERFLOWS = streams(1000, (id) => [FRAME.headers(id, GET, FRAME.END_STREAM), FRAME.windowUpdate(id, HUGE)]);
const DATA_BEHIND_END = streams(1000, (id) => [FRAME.headers(id, GET, FRAME.END_STREAM), FRAME.data(id, "x", FRAME.END_STREAM)]);
const WRONG_LENGTHS = streams(1000, (id) => [FRAME.headers(id, LENGTH_1), FRAME.data(id, "xx", FRAME.END_STREAM)]);
const SHORT_PRIORITIES = streams(1000, (id) => [
  FRAME.headers(id, GET, FRAME.END_STREAM),
  FRAME.frame(FRAME.PRIORITY, 0, id, Buffer.alloc(4)),
]);
const MALFORMED_HEADS = streams(2000, (id) => [FRAME.headers(id, requestBlock("GET", "/", [["Upper", "case"]]), FRAME.END_STREAM)]);
const BEYOND = streams(4000, (id) => [FRAME.headers(id, GET, FRAME.END_STREAM)]);
const BOMBS = streams(200, (id) => [FRAME.headers(id, BOMB, FRAME.END_STREAM)]);
const EMPTY_DATA = repeat(FRAME.data(1, ""), 2000);
const PADDING_ALONE = repeat(FRAME.frame(FRAME.DATA, FRAME.PADDED, 1, Buffer.from([0])), 2000);
const PINGS = repeat(FRAME.ping(), 2000);
const SETTINGS = repeat(FRAME.settings([FRAME.SETTINGS_INITIAL_WINDOW_SIZE, 70_000]), 2000);
const EMPTY_SETTINGS = repeat(FRAME.settings(), 2000);
const CONNECTION_WINDOWS = repeat(FRAME.windowUpdate(0, 1), 5000);
const STREAM_WINDOWS = repeat(FRAME.windowUpdate(1, 1), 5000);
const PRIORITIES = repeat(FRAME.priority(1, 3), 5000);
const CONTINUATIONS = repeat(FRAME.continuation(1, HPACK.literal("x-more", "m".repeat(1000))), 200);
const EMPTY_CONTINUATIONS = repeat(FRAME.continuation(1, Buffer.alloc(0)), 2000);
const UNKNOWN_FRAMES = repeat(FRAME.frame(0xfa, 0, 0, Buffer.alloc(0)), 5000);

/** One chunk, again and again. */
function pouring(chunk: Uint8Array, times: number, first: readonly Uint8Array[] = []): (client: H2Client) => Promise<void> {
  return (client) => {
    if (first.length > 0) client.send(...first);
    return pour(client, chunk, times);
  };
}

/** Resets that come when the request has reached its upstream: over HTTP/1.1 each costs a connection. Batches, so that none goes in one write. */
async function churn(client: H2Client): Promise<void> {
  const deadline = performance.now() + POUR_MS;
  while (!client.isClosed && performance.now() < deadline) {
    const ids = Array.from({ length: 30 }, () => client.nextStreamId());
    client.send(...ids.map((id) => FRAME.headers(id, GET, FRAME.END_STREAM)));
    await new Promise((resolve) => setTimeout(resolve, 20));
    client.send(...ids.map((id) => FRAME.rstStream(id, 8)));
  }
}

/** No reset is needed where the client's own deadline gives the request up. */
async function hurry(client: H2Client): Promise<void> {
  const call = requestBlock("POST", "/hang?id=attack", [
    ["content-type", "application/grpc"],
    ["grpc-timeout", "1m"],
  ]);
  const deadline = performance.now() + POUR_MS;
  while (!client.isClosed && performance.now() < deadline) {
    client.send(...Array.from({ length: 30 }, () => FRAME.headers(client.nextStreamId(), call, FRAME.END_STREAM)));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const OPEN_GET = FRAME.headers(1, GET, FRAME.END_STREAM);
const OPEN_POST = FRAME.headers(1, POST);
const BEGUN_HEAD = FRAME.frame(FRAME.HEADERS, 0, 1, GET);

/** Each ends with the connection: GOAWAY, and the fault in the metric. */
export const FATAL_ATTACKS: readonly Attack[] = [
  { title: "rapid reset", faults: ["SP_H2_RESET_FLOOD", "SP_H2_CHURN_FLOOD"], asksUpstream: true, attack: pouring(RESETS, 1) },
  {
    title: "resets of requests that have reached an HTTP/1.1 upstream",
    faults: ["SP_H2_RESET_FLOOD", "SP_H2_CHURN_FLOOD"],
    asksUpstream: true,
    attack: churn,
  },
  {
    title: "calls that give their HTTP/1.1 upstream a millisecond",
    faults: ["SP_H2_RESET_FLOOD", "SP_H2_CHURN_FLOOD"],
    asksUpstream: true,
    attack: hurry,
  },
  { title: "header blocks without end", faults: ["SP_H2_CONTINUATION_FLOOD"], attack: pouring(CONTINUATIONS, 500, [BEGUN_HEAD]) },
  {
    title: "CONTINUATION frames with nothing in them",
    // The second where the address is suspected already.
    faults: ["SP_H2_CONTINUATION_FLOOD", "SP_H2_EMPTY_DATA_FLOOD"],
    attack: pouring(EMPTY_CONTINUATIONS, 500, [BEGUN_HEAD]),
  },
  { title: "settings", faults: ["SP_H2_SETTINGS_FLOOD"], attack: pouring(SETTINGS, 200) },
  { title: "settings that set nothing", faults: ["SP_H2_SETTINGS_FLOOD"], attack: pouring(EMPTY_SETTINGS, 200) },
  { title: "pings", faults: ["SP_H2_PING_FLOOD"], attack: pouring(PINGS, 200) },
  { title: "DATA with nothing in it", faults: ["SP_H2_EMPTY_DATA_FLOOD"], attack: pouring(EMPTY_DATA, 200, [OPEN_POST]) },
  { title: "DATA with padding alone", faults: ["SP_H2_EMPTY_DATA_FLOOD"], attack: pouring(PADDING_ALONE, 200, [OPEN_POST]) },
  { title: "windows of one byte, the connection's", faults: ["SP_H2_WINDOW_FLOOD"], attack: pouring(CONNECTION_WINDOWS, 200) },
  { title: "windows of one byte, a stream's", faults: ["SP_H2_WINDOW_FLOOD"], attack: pouring(STREAM_WINDOWS, 200, [OPEN_GET]) },
  { title: "priorities", faults: ["SP_H2_PRIORITY_FLOOD"], attack: pouring(PRIORITIES, 200, [OPEN_GET]) },
  {
    title: "streams beyond the limit, again and again",
    faults: ["SP_H2_STREAM_FLOOD", "SP_H2_ERROR_FLOOD"],
    asksUpstream: true,
    attack: pouring(BEYOND, 1),
  },
  { title: "heads that decompress to thousands of times their size", faults: ["SP_H2_HEADER_FLOOD"], attack: pouring(BOMBS, 1) },
  {
    title: "resets that the server is made to send: increments of 0",
    faults: ["SP_H2_ERROR_FLOOD", "SP_H2_BAD_FRAME"],
    asksUpstream: true,
    attack: pouring(ZERO_INCREMENTS, 1),
  },
  {
    title: "resets that the server is made to send: windows that overflow",
    faults: ["SP_H2_ERROR_FLOOD", "SP_H2_WINDOW_EXCEEDED"],
    asksUpstream: true,
    attack: pouring(OVERFLOWS, 1),
  },
  {
    title: "resets that the server is made to send: DATA behind END_STREAM",
    faults: ["SP_H2_ERROR_FLOOD", "SP_H2_STREAM_CLOSED"],
    asksUpstream: true,
    attack: pouring(DATA_BEHIND_END, 1),
  },
  {
    title: "resets that the server is made to send: bodies that are not as long as they said",
    faults: ["SP_H2_ERROR_FLOOD"],
    asksUpstream: true,
    attack: pouring(WRONG_LENGTHS, 1),
  },
  {
    title: "resets that the server is made to send: priorities of 4 bytes",
    faults: ["SP_H2_ERROR_FLOOD", "SP_H2_BAD_FRAME_SIZE"],
    asksUpstream: true,
    attack: pouring(SHORT_PRIORITIES, 1),
  },
  { title: "resets that the server is made to send: malformed heads", faults: ["SP_H2_ERROR_FLOOD"], attack: pouring(MALFORMED_HEADS, 1) },
  {
    title: "frames of a type that nobody knows",
    faults: ["SP_H2_EMPTY_DATA_FLOOD", "SP_H2_BAD_FRAME", "SP_H2_PING_FLOOD"],
    attack: pouring(UNKNOWN_FRAMES, 200),
  },
];

export interface Fight {
  readonly attacker: H2Client;
  readonly connections: number;
  readonly attackerMs: number;
  readonly gatewayMs: number;
}

/** One connection after the other does the attack, for at least `leastMs`; CPU time of both sides. */
export async function fight(gateway: Http2Gateway, { attack, settings = [] }: Attack, leastMs: number, mostMs: number): Promise<Fight> {
  const deadline = performance.now() + leastMs;
  const cpuBefore = process.cpuUsage();
  const gatewayBefore = gateway.cpuMs;
  let connections = 0;
  for (;;) {
    // An acknowledgement could fall between the frames of a header block.
    const attacker = await H2Client.open(gateway.plainPort, { acksSettings: false }, ...settings);
    connections++;
    await attack(attacker);
    await attacker.until(() => attacker.isClosed, mostMs, "the end of the attacker's connection");
    attacker.destroy();
    if (performance.now() < deadline) continue;
    const { user, system } = process.cpuUsage(cpuBefore);
    return { attacker, connections, attackerMs: (user + system) / 1000, gatewayMs: gateway.cpuMs - gatewayBefore };
  }
}
