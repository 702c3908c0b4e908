// What a handshake and a round trip over TLS cost on Node, beside node:tls by itself. Both ends live in this process and the client's is
// node:tls in every row. Run: `node src/transport/node/tls.bench.ts`.
import { connect, createServer, type SecureContext, type TLSSocket } from "node:tls";
import { certificates } from "../contract/certificates.ts";
import { serverTlsFor, toIdentity } from "../contract/tls-subject.ts";
import type { SocketHandler } from "../socket.ts";
import { nodeTransport } from "./index.ts";
import { toServerContext } from "./tls-contexts.ts";

const HANDSHAKES = 400;
const ROUND_TRIPS = 10_000;
const ROUNDS = 7;
const MESSAGE = Buffer.alloc(300, "m");

interface Row {
  readonly name: string;
  readonly port: number;
}

const NO_OP: SocketHandler = { onOpen() {}, onData() {}, onDrain() {}, onEnd() {}, onClose() {} };

async function listenAdapter(): Promise<Row> {
  const tls = serverTlsFor(toIdentity(certificates().servers.a));
  const accept = (socket: { write(chunk: Uint8Array): unknown }): SocketHandler => ({ ...NO_OP, onData: (chunk) => socket.write(chunk) });
  const listener = await nodeTransport().listen({ host: "127.0.0.1", port: 0 }, accept, { tls });
  return { name: "adapter", port: "port" in listener.address ? listener.address.port : 0 };
}

async function listenBare(name: string, options: object): Promise<Row> {
  const { cert, key } = certificates().servers.a;
  const server = createServer({ cert, key, ...options }, (socket) => {
    socket.on("error", () => {});
    socket.on("data", (chunk) => socket.write(chunk));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  return { name, port: typeof address === "object" && address !== null ? address.port : 0 };
}

function dial(port: number): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", servername: "a.example", ca: certificates().root.cert }, () => resolve(socket));
    socket.on("error", reject);
  });
}

async function shakeHands(port: number): Promise<void> {
  for (let at = 0; at < HANDSHAKES; at += 1) (await dial(port)).destroy();
}

async function echo(port: number): Promise<void> {
  const socket = await dial(port);
  let left = ROUND_TRIPS;
  let missing = MESSAGE.length;
  await new Promise<void>((resolve) => {
    socket.on("data", (chunk: Buffer) => {
      missing -= chunk.length;
      if (missing > 0) return;
      missing = MESSAGE.length;
      left -= 1;
      if (left === 0) resolve();
      else socket.write(MESSAGE);
    });
    socket.write(MESSAGE);
  });
  socket.destroy();
}

async function measure(title: string, rows: readonly Row[], times: number, run: (port: number) => Promise<void>): Promise<void> {
  const costs: number[][] = rows.map(() => []);
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (const [at, row] of rows.entries()) {
      const before = process.cpuUsage();
      await run(row.port);
      const spent = process.cpuUsage(before);
      if (round > 0) costs[at]?.push((spent.user + spent.system) / times);
    }
  }
  for (const [at, row] of rows.entries()) {
    const own = (costs[at] ?? []).sort((a, b) => a - b);
    console.log(
      `${title.padEnd(12)} ${row.name.padEnd(36)} ${(own[own.length >> 1] ?? 0).toFixed(1).padStart(7)} µs (best ${own[0]?.toFixed(1)})`,
    );
  }
}

const context = toServerContext(toIdentity(certificates().servers.a), "TLSv1.2");
const rows = [
  await listenBare("bare node:tls", {}),
  await listenBare("bare node:tls with SNICallback", {
    SNICallback: (_name: string, done: (error: null, chosen: SecureContext) => void) => done(null, context),
  }),
  await listenAdapter(),
];
console.log(`Node ${process.versions.node} · CPU of both ends, median of ${ROUNDS} rounds`);
await measure("handshake", rows, HANDSHAKES, shakeHands);
await measure("round trip", rows, ROUND_TRIPS, echo);
process.exit();
