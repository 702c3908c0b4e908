// The floor: a TCP relay on the runtime's own sockets, one upstream connection per client connection, no HTTP, no timers,
// no checks. What an HTTP proxy on this runtime costs above it is the proxy's own work.
// Not an example of a proxy: a connect that fails or a half-close just closes both sides.
// Usage: relay.ts LISTEN_PORT UPSTREAM_PORT
import type { Socket as BunSocket } from "bun";

const [listenPort, upstreamPort] = process.argv.slice(2).map(Number);
if (listenPort === undefined || upstreamPort === undefined) throw new Error("usage: relay.ts LISTEN_PORT UPSTREAM_PORT");

interface Side {
  far: BunSocket<Side> | null;
  /** What this side's kernel buffer did not take; while it is not null the far side is paused. */
  rest: Uint8Array | null;
}

function send(from: BunSocket<Side>, to: BunSocket<Side>, chunk: Uint8Array): void {
  const taken = to.data.rest === null ? Math.max(to.write(chunk), 0) : 0;
  if (taken === chunk.length) return;
  const rest = chunk.slice(taken);
  to.data.rest = to.data.rest === null ? rest : Buffer.concat([to.data.rest, rest]);
  from.pause();
}

function onDrain(socket: BunSocket<Side>): void {
  const rest = socket.data.rest;
  if (rest === null) return;
  const taken = Math.max(socket.write(rest), 0);
  socket.data.rest = taken === rest.length ? null : rest.subarray(taken);
  if (socket.data.rest === null) socket.data.far?.resume();
}

function onData(socket: BunSocket<Side>, chunk: Uint8Array): void {
  if (socket.data.far) send(socket, socket.data.far, chunk);
  else socket.data.rest = socket.data.rest ? Buffer.concat([socket.data.rest, chunk]) : chunk.slice();
}

function onClose(socket: BunSocket<Side>): void {
  socket.data.far?.end();
}

function relayOnBun(): void {
  const handlers = { data: onData, drain: onDrain, close: onClose, error: onClose };
  Bun.listen<Side>({
    hostname: "127.0.0.1",
    port: listenPort ?? 0,
    data: { far: null, rest: null },
    socket: {
      ...handlers,
      open(client) {
        client.data = { far: null, rest: null };
        void Bun.connect<Side>({
          hostname: "127.0.0.1",
          port: upstreamPort ?? 0,
          data: { far: client, rest: null },
          socket: {
            ...handlers,
            open(upstream) {
              const early = client.data.rest;
              client.data = { far: upstream, rest: null };
              if (early) send(client, upstream, early);
            },
          },
        }).catch(() => client.end());
      },
    },
  });
}

async function relayOnNode(): Promise<void> {
  const { connect, createServer } = await import("node:net");
  const server = createServer({ noDelay: true }, (client) => {
    const upstream = connect({ host: "127.0.0.1", port: upstreamPort ?? 0, noDelay: true });
    client.on("data", (chunk) => {
      if (!upstream.write(chunk)) client.pause();
    });
    upstream.on("data", (chunk) => {
      if (!client.write(chunk)) upstream.pause();
    });
    client.on("drain", () => upstream.resume());
    upstream.on("drain", () => client.resume());
    client.on("close", () => upstream.destroy());
    upstream.on("close", () => client.destroy());
    client.on("error", () => upstream.destroy());
    upstream.on("error", () => client.destroy());
  });
  server.listen(listenPort, "127.0.0.1", 4096);
}

if (process.versions["bun"] === undefined) await relayOnNode();
else relayOnBun();
