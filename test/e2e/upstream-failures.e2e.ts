// Upstreams that are dead, silent, unreachable or broken: each has its status and code on the wire, and the gateway goes on.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { type AddressInfo, createServer, type Socket } from "node:net";
import { after, before, describe, it } from "node:test";
import { listRuntimes } from "../../bin/runtime.mjs";
import { freePort, type GatewayProcess, RUNTIME, Stage, tell, waitFor } from "./processes.ts";
import { get, RawConnection } from "./raw-connection.ts";

const CONNECT_MS = 300;
const FIRST_BYTE_MS = 500;
const BETWEEN_BYTES_MS = 500;
/** More than all buffers on the way hold. */
const UPLOAD_BYTES = 32 * 1024 * 1024;
/** Over the bound itself: the wheel's step, and a machine that does other things. */
const SLACK_MS = 1500;

describe(`upstream failures on ${RUNTIME}`, () => {
  const stage = new Stage();
  let gateway: GatewayProcess;

  before(async () => {
    const service = await stage.startService();
    gateway = await stage.startGateway({
      upstream: service,
      timeouts: `connect: ${CONNECT_MS}ms, firstByte: ${FIRST_BYTE_MS}ms, betweenBytes: ${BETWEEN_BYTES_MS}ms`,
      others: {
        dead: `http://127.0.0.1:${await freePort()}`,
        hole: await startBlackHole(),
        closes: await startServer((socket) => socket.end()),
        resets: await startServer((socket) => socket.resetAndDestroy()),
        gibberish: await startServer((socket) => socket.write("SSH-2.0-OpenSSH_9.6\r\n")),
        half: await startServer((socket) => socket.end("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")),
        stalls: await startServer((socket) => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")),
      },
    });
  });

  after(() => stage.stop());

  const FAILURES: readonly (readonly [what: string, path: string, status: number, code: RegExp, leastMs: number])[] = [
    ["that refuses connections", "/dead/", 502, /^SP_UPSTREAM_\w+$/, 0],
    ["that can't be reached", "/hole/", 504, /^SP_UPSTREAM_CONNECT_TIMEOUT$/, CONNECT_MS - 50],
    ["that hangs", "/hang", 504, /^SP_UPSTREAM_FIRST_BYTE_TIMEOUT$/, FIRST_BYTE_MS - 50],
    ["that closes without an answer", "/closes/", 502, /^SP_\w+$/, 0],
    ["that resets", "/resets/", 502, /^SP_\w+$/, 0],
    ["that speaks something else", "/gibberish/", 502, /^SP_\w+$/, 0],
  ];
  for (const [what, path, status, code, leastMs] of FAILURES) {
    it(`an upstream ${what} is ${status}`, async () => {
      const startedMs = performance.now();
      const response = await fetch(`${gateway.url}${path}`);
      const problem = (await response.json()) as Record<string, unknown>;
      const tookMs = performance.now() - startedMs;
      assert.equal(response.status, status);
      assert.equal(response.headers.get("content-type"), "application/problem+json");
      assert.equal(problem["status"], status);
      assert.equal(problem["type"], "about:blank");
      assert.match(String(problem["code"]), code);
      assert.equal(problem["requestId"], response.headers.get("x-request-id"));
      assert.ok(tookMs >= leastMs && tookMs < leastMs + SLACK_MS, `took ${tookMs} ms`);
      tell(`upstream ${what}: ${status} ${problem["code"]} after ${tookMs.toFixed(0)} ms`);
    });
  }

  for (const [what, path] of [
    ["ends too early", "/half/"],
    ["falls silent", "/stalls/"],
  ]) {
    it(`a response that ${what} never looks complete`, async () => {
      const client = new RawConnection(gateway.port);
      await client.opened;
      client.send(get(path ?? ""));
      await client.over;
      assert.equal(client.status, 200);
      assert.ok(client.isReset, "cut off by a reset");
      assert.ok(client.text.endsWith("half"));
      client.destroy();
    });
  }

  it("an upstream that takes no more of an upload is 504", async () => {
    const client = new RawConnection(gateway.port);
    await client.opened;
    const startedMs = performance.now();
    client.send(`POST /stall HTTP/1.1\r\nHost: gateway.test\r\nContent-Length: ${UPLOAD_BYTES}\r\n\r\n`);
    client.send(new Uint8Array(UPLOAD_BYTES));
    await client.over;
    const tookMs = client.endedMs - startedMs;
    client.destroy();
    assert.equal(client.status, 504);
    assert.match(client.code, /^SP_UPSTREAM_\w+$/);
    assert.ok(tookMs < BETWEEN_BYTES_MS + 2 * SLACK_MS, `took ${tookMs} ms`);
    tell(`upstream that takes no more of an upload: 504 ${client.code} after ${tookMs.toFixed(0)} ms`);
  });

  it("serves the next request all the same", async () => {
    assert.equal((await fetch(`${gateway.url}/things`)).status, 200);
  });

  async function startServer(answer: (socket: Socket) => unknown): Promise<string> {
    const sockets = new Set<Socket>();
    const server = createServer((socket) => {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.once("data", () => answer(socket));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    stage.onStop(() => {
      for (const socket of sockets) socket.destroy();
      server.close();
    });
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  /** An address whose SYNs nobody answers: the backlog of a listener that accepts nothing, filled. */
  async function startBlackHole(): Promise<string> {
    // Not accepting needs a process that is stopped; a stopped listener's backlog takes one or two, then SYNs are dropped.
    const { node } = listRuntimes();
    assert.ok(node !== null, "Node, whose listeners heed the backlog");
    const script =
      "const s = require('net').createServer(); s.listen({ port: 0, host: '127.0.0.1', backlog: 1 }, () => console.log(s.address().port));";
    const child = spawn(node, ["-e", script], { stdio: ["ignore", "pipe", "ignore"] });
    stage.onStop(() => child.kill("SIGKILL"));
    const port = Number(await new Promise<string>((resolve) => child.stdout.setEncoding("utf8").once("data", resolve)));
    child.kill("SIGSTOP");
    const fillers = Array.from({ length: 4 }, () => new RawConnection(port));
    stage.onStop(() => {
      for (const filler of fillers) filler.destroy();
    });
    let opened = 0;
    for (const filler of fillers) void filler.socket.once("connect", () => opened++);
    await waitFor(() => opened >= 2, 3000, "the backlog is full");
    return `http://127.0.0.1:${port}`;
  }
});
