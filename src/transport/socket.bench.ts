// Echo over loopback: what an adapter adds to its runtime's bare API, as CPU of the whole process per round trip, and what
// the ways to send a head with a small body cost. Run: `node src/transport/socket.bench.ts`, the same with bun.
// Both ends live in this process, so one round trip is two adapter reads and two adapter writes.
import { connect as connectNet, createServer } from "node:net";
import { bunTransport, nodeTransport, type SocketHandler, type Transport } from "./index.ts";

const ROUND_TRIPS = 15_000;
const ROUNDS = 11;
const HEAD = `HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ndate: Tue, 24 Nov 2026 00:00:00 GMT\r\n${"x".repeat(60)}\r\n\r\n`;
const BODY = Buffer.alloc(130, "b");
const MESSAGE = Buffer.concat([Buffer.from(HEAD, "latin1"), BODY]);

interface Rig {
  readonly name: string;
  /** Runs round trips and resolves when the last answer is in. */
  run(roundTrips: number): Promise<void>;
}

type Send = (socket: { cork(): void; uncork(): void; write(chunk: Uint8Array): unknown; writeText(text: string): unknown }) => void;

const NO_OP: SocketHandler = { onOpen() {}, onData() {}, onDrain() {}, onEnd() {}, onClose() {} };

function sendWhole(socket: Parameters<Send>[0]): void {
  socket.write(MESSAGE);
}
function sendCorked(socket: Parameters<Send>[0]): void {
  socket.cork();
  socket.writeText(HEAD);
  socket.write(BODY);
  socket.uncork();
}
function sendText(socket: Parameters<Send>[0]): void {
  socket.writeText(HEAD);
}

/** Counts round trips on the dialling side: each complete answer sends the next question. */
function createCounter(length: number, ask: () => void) {
  let left = 0;
  let missing = length;
  let finish: () => void = () => {};
  return {
    onBytes(count: number): void {
      missing -= count;
      if (missing > 0) return;
      missing = length;
      left -= 1;
      if (left === 0) finish();
      else ask();
    },
    run(roundTrips: number): Promise<void> {
      left = roundTrips;
      return new Promise((resolve) => {
        finish = resolve;
        ask();
      });
    },
  };
}

async function createAdapterRig(name: string, transport: Transport, send: Send, length: number): Promise<Rig> {
  const listener = await transport.listen({ host: "127.0.0.1", port: 0 }, (socket) => {
    let missing = length;
    return {
      ...NO_OP,
      onData(chunk) {
        missing -= chunk.length;
        if (missing > 0) return;
        missing = length;
        send(socket);
      },
    };
  });
  const counter = createCounter(length, () => send(near));
  const opened = Promise.withResolvers<void>();
  const near = transport.connect(listener.address, {
    ...NO_OP,
    onOpen: () => opened.resolve(),
    onData: (chunk) => counter.onBytes(chunk.length),
  });
  await opened.promise;
  return { name, run: counter.run };
}

async function createBareNodeRig(name: string, send: (raw: import("node:net").Socket) => void, length: number): Promise<Rig> {
  const server = createServer({ noDelay: true, allowHalfOpen: true }, (raw) => {
    let missing = length;
    raw.on("data", (chunk) => {
      missing -= chunk.length;
      if (missing > 0) return;
      missing = length;
      send(raw);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  const near = connectNet({ port: address.port, host: "127.0.0.1", noDelay: true, allowHalfOpen: true });
  await new Promise<void>((resolve) => near.once("connect", resolve));
  const counter = createCounter(length, () => send(near));
  near.on("data", (chunk) => counter.onBytes(chunk.length));
  return { name, run: counter.run };
}

interface BareBunSocket {
  data: { missing: number } | undefined;
  write(bytes: Uint8Array | string, offset?: number | "latin1", length?: number): number;
}

async function createBareBunRig(name: string, send: (raw: BareBunSocket) => void, length: number): Promise<Rig> {
  const bun = Bun as unknown as { listen(o: object): { port: number }; connect(o: object): Promise<BareBunSocket> };
  const listener = bun.listen({
    hostname: "127.0.0.1",
    port: 0,
    allowHalfOpen: true,
    socket: {
      open(raw: BareBunSocket) {
        raw.data = { missing: length };
      },
      data(raw: BareBunSocket, chunk: Uint8Array) {
        const state = raw.data;
        if (!state) return;
        state.missing -= chunk.length;
        if (state.missing > 0) return;
        state.missing = length;
        send(raw);
      },
    },
  });
  const counter = createCounter(length, () => send(near));
  const near = await bun.connect({
    hostname: "127.0.0.1",
    port: listener.port,
    allowHalfOpen: true,
    socket: { data: (_raw: BareBunSocket, chunk: Uint8Array) => counter.onBytes(chunk.length) },
  });
  return { name, run: counter.run };
}

async function measure(rigs: Rig[]): Promise<void> {
  const costs = rigs.map((): number[] => []);
  for (const rig of rigs) await rig.run(ROUND_TRIPS);
  // Interleaved, each round beginning at another rig, because this kind of machine drifts faster than a run lasts.
  for (let round = 0; round < ROUNDS; round += 1) {
    for (let i = 0; i < rigs.length; i += 1) {
      const at = (i + round) % rigs.length;
      const rig = rigs[at];
      if (!rig) continue;
      const before = process.cpuUsage();
      await rig.run(ROUND_TRIPS);
      const spent = process.cpuUsage(before);
      costs[at]?.push((spent.user + spent.system) / ROUND_TRIPS);
    }
  }
  const base = costs[0] ?? [];
  for (const [at, rig] of rigs.entries()) {
    const own = costs[at] ?? [];
    const ratios = own.map((cost, round) => cost / (base[round] ?? cost)).sort((a, b) => a - b);
    const median = ratios[ratios.length >> 1] ?? 0;
    const spread = `${(ratios[ratios.length >> 2] ?? 0).toFixed(3)}–${(ratios[(ratios.length * 3) >> 2] ?? 0).toFixed(3)}`;
    const cost = own.sort((a, b) => a - b)[own.length >> 1] ?? 0;
    console.log(`${rig.name.padEnd(46)} ${cost.toFixed(2).padStart(7)} µs   ×${median.toFixed(3)} (${spread})`);
  }
}

const isBun = process.versions.bun !== undefined;
console.log(
  isBun ? `Bun ${process.versions.bun}` : `Node ${process.versions.node}`,
  "· CPU per round trip, ratio to the first of each group (quartiles)",
);

if (isBun) {
  const transport = bunTransport();
  const scratch = Buffer.allocUnsafeSlow(65_536) as Buffer & { latin1Write(text: string, offset: number): number };
  await measure([
    await createBareBunRig("bare Bun, write(bytes)", (raw) => raw.write(MESSAGE), MESSAGE.length),
    await createAdapterRig("adapter, write", transport, sendWhole, MESSAGE.length),
  ]);
  await measure([
    await createBareBunRig(
      "bare Bun, head + body through a buffer",
      (raw) => {
        const used = scratch.latin1Write(HEAD, 0);
        scratch.set(BODY, used);
        raw.write(scratch, 0, used + BODY.length);
      },
      MESSAGE.length,
    ),
    await createAdapterRig("adapter, corked head + body", transport, sendCorked, MESSAGE.length),
    await createBareBunRig("bare Bun, head and body written apart", (raw) => [raw.write(HEAD, "latin1"), raw.write(BODY)], MESSAGE.length),
  ]);
  await measure([
    await createBareBunRig("bare Bun, write(text, latin1)", (raw) => raw.write(HEAD, "latin1"), HEAD.length),
    await createBareBunRig("bare Bun, text through a buffer", (raw) => raw.write(scratch, 0, scratch.latin1Write(HEAD, 0)), HEAD.length),
    await createAdapterRig("adapter, writeText", transport, sendText, HEAD.length),
  ]);
}
{
  const transport = nodeTransport();
  await measure([
    await createBareNodeRig("bare node:net, write(bytes)", (raw) => raw.write(MESSAGE), MESSAGE.length),
    await createAdapterRig("adapter over node:net, write", transport, sendWhole, MESSAGE.length),
  ]);
  await measure([
    await createBareNodeRig(
      "bare node:net, head + body as one string",
      (raw) => raw.write(HEAD + BODY.toString("latin1"), "latin1"),
      MESSAGE.length,
    ),
    await createAdapterRig("adapter over node:net, corked head + body", transport, sendCorked, MESSAGE.length),
    await createBareNodeRig(
      "bare node:net, its own cork",
      (raw) => {
        raw.cork();
        raw.write(HEAD, "latin1");
        raw.write(BODY);
        raw.uncork();
      },
      MESSAGE.length,
    ),
    await createBareNodeRig(
      "bare node:net, head and body written apart",
      (raw) => [raw.write(HEAD, "latin1"), raw.write(BODY)],
      MESSAGE.length,
    ),
  ]);
  await measure([
    await createBareNodeRig("bare node:net, write(text, latin1)", (raw) => raw.write(HEAD, "latin1"), HEAD.length),
    await createAdapterRig("adapter over node:net, writeText", transport, sendText, HEAD.length),
  ]);
}
process.exit();
