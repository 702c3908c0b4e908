// When things happen: events as they are made, cancels as the client leaves, answers to clients that have shut their sending side,
// and requests that race with an upstream's close.

import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { type GatewayProcess, RUNTIME, Stage, sleep, tell, waitFor } from "./processes.ts";
import { get, RawConnection } from "./raw-connection.ts";

const CANCEL_MS = 2000;
const EVENTS = 5;
const STALE_REQUESTS = 100;
const STALE_IDLE_MS = 20;

describe(`lifetimes on ${RUNTIME}`, () => {
  const stage = new Stage();
  let gateway: GatewayProcess;
  let service: string;
  let stale: ClosingUpstream;

  before(async () => {
    service = await stage.startService();
    stale = await startClosingUpstream(STALE_IDLE_MS);
    stage.onStop(() => stale.stop());
    gateway = await stage.startGateway({ upstream: service, others: { stale: stale.url }, workers: 1 });
  });

  after(() => stage.stop());

  it("each event arrives before the next is sent", async () => {
    const client = new RawConnection(gateway.port);
    client.send(get("/events?id=sse"));
    let slowestMs = 0;
    for (let event = 0; event < EVENTS; event++) {
      const sentMs = performance.now();
      if (event > 0) await fetch(`${service}/next?id=sse&data=${event}`);
      await waitFor(() => client.text.includes(`data: ${event}\n\n`), 2000, `event ${event}`);
      slowestMs = Math.max(slowestMs, performance.now() - sentMs);
    }
    client.destroy();
    tell(`SSE: each of ${EVENTS} events before the next was sent, the slowest after ${slowestMs.toFixed(0)} ms`);
  });

  for (const [what, path] of [
    ["that waits for its answer", "/hang"],
    ["in the middle of its response", "/endless"],
    ["that listens to events", "/events"],
    ["that has asked for more meanwhile", "/hang"],
  ] as const) {
    for (const way of ["FIN", "RST"] as const) {
      it(`the upstream sees that a client ${what} is gone by ${way}`, async () => {
        const id = `${path.slice(1)}-${what.replaceAll(" ", "-")}-${way}`;
        const client = new RawConnection(gateway.port, { keepBytes: 1000 });
        await client.opened;
        client.send(get(`${path}?id=${id}`) + get("/things").repeat(what.includes("asked for more") ? 3 : 0));
        await waitFor(async () => (await seen(id)) !== null, 3000, "the request at the service");
        await sleep(50);
        const leftMs = Date.now();
        if (way === "FIN") client.destroy();
        else client.reset();
        await waitFor(async () => ((await seen(id))?.cancelledMs ?? null) !== null, 5000, "the cancel at the service");
        const tookMs = Math.max(0, ((await seen(id))?.cancelledMs ?? 0) - leftMs);
        tell(`client ${what} gone by ${way}: seen by the upstream after ${tookMs} ms (bound ${CANCEL_MS})`);
        assert.ok(tookMs < CANCEL_MS);
      });
    }
  }

  it("the upstream sees that an uploading client is gone", async () => {
    const client = new RawConnection(gateway.port);
    await client.opened;
    client.send("POST /digest?id=half-upload HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: 1000\r\n\r\nhalf");
    await waitFor(async () => (await seen("half-upload")) !== null, 3000, "the request at the service");
    const leftMs = Date.now();
    client.reset();
    await waitFor(async () => ((await seen("half-upload"))?.cancelledMs ?? null) !== null, 5000, "the cancel at the service");
    assert.ok(((await seen("half-upload"))?.cancelledMs ?? 0) - leftMs < CANCEL_MS);
  });

  it("a client that shuts its sending side after the request still gets its answer", async () => {
    const client = new RawConnection(gateway.port);
    await client.opened;
    client.send(get("/slow?ms=300"));
    client.end();
    await client.over;
    assert.equal(client.status, 200);
    assert.match(client.text, /late/);
  });

  it("requests that meet an upstream's closing connection are sent again and lost to nobody", async () => {
    const client = new RawConnection(gateway.port);
    await client.opened;
    for (let i = 1; i <= STALE_REQUESTS; i++) {
      const answered = new Promise((resolve) => client.socket.once("data", resolve));
      client.send(get(`/stale/${i}`));
      await answered;
      // Just when the upstream closes: sometimes before, sometimes after.
      await sleep(STALE_IDLE_MS - 4 + (i % 7));
    }
    const statuses = [...client.text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((match) => match[1]);
    client.destroy();
    assert.deepEqual(
      statuses,
      Array.from({ length: STALE_REQUESTS }, () => "200"),
    );
    tell(
      `stale race: ${STALE_REQUESTS} requests over ${stale.connections} connections that close when idle ${STALE_IDLE_MS} ms, ${stale.raced} met the close, none lost`,
    );
    assert.ok(stale.connections > 3, "connections were closed");
  });

  async function seen(id: string): Promise<{ cancelledMs: number | null } | null> {
    return (await (await fetch(`${service}/seen?id=${encodeURIComponent(id)}`)).json()) as { cancelledMs: number | null } | null;
  }
});

interface ClosingUpstream {
  readonly url: string;
  connections: number;
  /** Requests that came after the connection's end was sent. */
  raced: number;
  stop(): void;
}

/** Answers, and closes a connection that has been idle for `idleMs`: without a word, as servers do. */
async function startClosingUpstream(idleMs: number): Promise<ClosingUpstream> {
  const sockets = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    upstream.connections++;
    sockets.add(socket);
    let timer: ReturnType<typeof setTimeout> | undefined;
    socket.on("error", () => {});
    socket.on("close", () => sockets.delete(socket));
    socket.on("end", () => socket.end());
    socket.on("data", () => {
      if (socket.writableEnded) {
        upstream.raced++;
        socket.resetAndDestroy();
        return;
      }
      clearTimeout(timer);
      socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      timer = setTimeout(() => socket.end(), idleMs);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const upstream = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections: 0,
    raced: 0,
    stop() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
  return upstream;
}
