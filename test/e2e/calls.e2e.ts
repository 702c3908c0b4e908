// Calls of the gateway's own to real servers, on the runtime that runs this: what the two runtimes' clients would do differently is held
// to one behaviour here.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttps } from "node:https";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import { after, describe, it } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type Call, CallFailure, createCalls } from "../../src/calls/index.ts";
import { certificates, type IssuedPair } from "../../src/transport/contract/certificates.ts";

const closers: (() => void)[] = [];
after(() => {
  for (const close of closers) close();
});

/** What a server does with a connection, the n-th, when a request has come; its text is all that was read. */
type Script = (socket: Socket, request: string, connection: number, nth: number) => void;

class RawServer {
  connections = 0;
  readonly requests: string[] = [];
  readonly sockets: Socket[] = [];
  readonly #server: Server;

  constructor(script: Script) {
    this.#server = createServer((socket) => {
      const connection = this.connections++;
      this.sockets.push(socket);
      let nth = 0;
      let text = "";
      socket.on("error", () => undefined);
      socket.on("data", (chunk) => {
        text += chunk.toString("latin1");
        const end = text.indexOf("\r\n\r\n");
        const length = Number(/content-length: (\d+)/i.exec(text)?.[1] ?? 0);
        if (end < 0 || text.length < end + 4 + length) return;
        const request = text.slice(0, end + 4 + length);
        text = text.slice(request.length);
        this.requests.push(request);
        script(socket, request, connection, nth++);
      });
    });
    closers.push(() => this.close());
  }

  async listen(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
  }
}

const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

const serve = (script: Script | string) => new RawServer(typeof script === "string" ? (socket) => socket.write(script) : script).listen();

function toCall(url: string, more: Partial<Call> = {}): Call {
  return { method: "GET", url, headers: {}, body: null, timeoutMs: 5_000, maxBytes: 1000, ca: null, ...more };
}

const newCalls = () => {
  const calls = createCalls();
  closers.push(() => calls.close());
  return calls;
};

const call = (url: string, more: Partial<Call> = {}) => newCalls().call(toCall(url, more));

const textOf = ({ body }: { readonly body: Uint8Array }) => new TextDecoder().decode(body);

/** The reason of the failure that it rejects with. */
async function failureOf(promise: Promise<unknown>): Promise<CallFailure> {
  const error: unknown = await promise.then(
    () => assert.fail("there was an answer"),
    (reason: unknown) => reason,
  );
  assert.ok(error instanceof CallFailure, String(error));
  return error;
}

async function startHttps({ cert, key }: IssuedPair): Promise<string> {
  const server = createHttps({ cert, key }, (_, response) => response.end("ok"));
  server.on("tlsClientError", () => undefined);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  closers.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

describe("a call", () => {
  it("sends what it says, and gives the answer with its lines joined", async () => {
    const server = await serve("HTTP/1.1 201 Created\r\nX-A: 1\r\nX-A: 2\r\nContent-Length: 3\r\n\r\nabc");
    const answer = await call(`${server.url}/a%20b?c=d`, { method: "POST", headers: { "X-Test": "t" }, body: "é" });
    assert.deepEqual([answer.status, answer.headers["x-a"], textOf(answer)], [201, "1, 2", "abc"]);
    const request = server.requests[0] ?? "";
    assert.match(request, /^POST \/a%20b\?c=d HTTP\/1\.1\r\n/);
    assert.match(request, /\r\nX-Test: t\r\n/i);
    assert.match(request, /\r\nContent-Length: 2\r\n/i);
    assert.match(request, new RegExp(`\\r\\nHost: ${new URL(server.url).host}\\r\\n`, "i"));
    assert.match(request, /\r\n\r\n\xc3\xa9$/);
  });

  it("reads an answer of one byte at a time, in chunks, and one that the connection's end ends", async () => {
    const slow = await serve((socket) => {
      const bytes = [..."HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n"];
      const step = () => {
        const byte = bytes.shift();
        if (byte !== undefined) socket.write(byte, () => setImmediate(step));
      };
      step();
    });
    assert.equal(textOf(await call(slow.url)), "ok");
    const ended = await serve((socket) => socket.end("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nok"));
    assert.equal(textOf(await call(ended.url)), "ok");
  });

  it("keeps a connection for the next one", async () => {
    const server = await serve(OK);
    const calls = newCalls();
    for (let round = 0; round < 3; round++) assert.equal(textOf(await calls.call(toCall(server.url))), "ok");
    assert.equal(server.connections, 1);
  });

  it("follows no redirect", async () => {
    const server = await serve("HTTP/1.1 302 Found\r\nLocation: /elsewhere\r\nContent-Length: 0\r\n\r\n");
    assert.equal((await call(server.url)).status, 302);
    assert.equal(server.requests.length, 1);
  });

  it("fails where nobody listens, and on what is no URL of http", async () => {
    const server = await serve(OK);
    const { url } = server;
    server.close();
    assert.equal((await failureOf(call(url))).reason, "connect");
    for (const wrong of ["ftp://127.0.0.1/", "file:///etc/passwd", "nothing"])
      assert.equal((await failureOf(call(wrong))).reason, "connect");
  });

  it("fails on a header that can't be sent", async () => {
    const server = await serve(OK);
    assert.equal((await failureOf(call(server.url, { headers: { "X-A": "a\r\nX-B: b" } }))).reason, "connect");
    assert.equal(server.requests.length, 0);
  });

  it("tells nothing of the query in a failure", async () => {
    const server = await serve(OK);
    const url = `${server.url}/path?secret=s3cret`;
    server.close();
    const { message } = await failureOf(call(url));
    assert.match(message, /\/path/);
    assert.doesNotMatch(message, /s3cret/);
  });

  it("ends when the whole answer is not there in time, wherever it stops", async () => {
    for (const part of ["", "HTTP/1.1 200", "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc"]) {
      const server = await serve((socket) => {
        socket.write(part);
      });
      const startMs = performance.now();
      assert.equal((await failureOf(call(server.url, { timeoutMs: 100 }))).reason, "timeout", JSON.stringify(part));
      assert.ok(performance.now() - startMs < 3_000);
    }
  });

  it("ends a trickle at the same time", async () => {
    const server = await serve((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      const trickle = setInterval(() => socket.write("1\r\na\r\n"), 10);
      socket.on("close", () => clearInterval(trickle));
    });
    assert.equal((await failureOf(call(server.url, { timeoutMs: 200 }))).reason, "timeout");
  });

  it("is too large beyond its bound, whatever length was said, and takes no more of it", async () => {
    const body = "x".repeat(1001);
    const said = await serve(`HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n${body}`);
    assert.equal((await failureOf(call(said.url))).reason, "too-large");
    const exact = await serve(`HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n${"x".repeat(1000)}`);
    assert.equal((await call(exact.url)).body.length, 1000);
    let isClosed = false;
    const endless = await serve((socket) => {
      socket.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      const flood = setInterval(() => socket.write(`64\r\n${"y".repeat(100)}\r\n`), 1);
      socket.on("close", () => {
        isClosed = true;
        clearInterval(flood);
      });
    });
    assert.equal((await failureOf(call(endless.url))).reason, "too-large");
    for (let round = 0; round < 100 && !isClosed; round++) await sleep(20);
    assert.ok(isClosed, "the connection is closed");
  });

  it("is broken by an answer that is cut short, by garbage, and by none", async () => {
    for (const part of [
      "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nabc",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabc",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n",
      "HTTP/1.1 200 OK\r\nContent-Le",
      "",
    ]) {
      const server = await serve((socket) => {
        socket.end(part);
      });
      assert.equal((await failureOf(call(server.url, { method: "POST" }))).reason, "broken", JSON.stringify(part));
    }
  });

  it("asks for no coding, and takes none", async () => {
    const server = await serve("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\nok");
    assert.equal((await failureOf(call(server.url))).reason, "broken");
    assert.match(server.requests[0] ?? "", /\r\nAccept-Encoding: identity\r\n/i);
  });

  it("sends a GET again when the connection that was kept turns out to be closed, and a POST not", async () => {
    const script: Script = (socket, _, connection, nth) => {
      if (connection === 0 && nth > 0) socket.resetAndDestroy();
      else socket.write(OK);
    };
    const [gets, posts] = [await serve(script), await serve(script)];
    const calls = newCalls();
    for (let round = 0; round < 2; round++) assert.equal(textOf(await calls.call(toCall(gets.url))), "ok");
    assert.equal(gets.connections, 2);
    assert.equal(textOf(await calls.call(toCall(posts.url, { method: "POST" }))), "ok");
    assert.equal((await failureOf(calls.call(toCall(posts.url, { method: "POST" })))).reason, "broken");
    assert.equal(posts.requests.length, 2);
  });

  it("gives up on a server that closes each connection", async () => {
    const server = await serve((socket) => {
      socket.destroy();
    });
    assert.equal((await failureOf(call(server.url))).reason, "broken");
    assert.ok(server.requests.length <= 2);
  });

  it("goes through no proxy that the environment names", async () => {
    const proxy = await serve(OK);
    const server = await serve(OK);
    const code = `const { createCalls } = await import(${JSON.stringify(new URL("../../src/calls/index.ts", import.meta.url).href)});
      const answer = await createCalls().call(${JSON.stringify(toCall(server.url))});
      process.stdout.write(String(answer.status));`;
    const env = {
      ...process.env,
      HTTP_PROXY: proxy.url,
      http_proxy: proxy.url,
      ALL_PROXY: proxy.url,
      NODE_USE_ENV_PROXY: "1",
      NO_PROXY: "",
    };
    const started = performance.now();
    const { text, exitCode } = await run(code, env);
    assert.deepEqual([text, exitCode], ["200", 0]);
    assert.deepEqual([proxy.requests.length, server.requests.length], [0, 1]);
    // The connection that it kept has not kept it from ending.
    assert.ok(performance.now() - started < 10_000);
  });

  it("of a closed client fails", async () => {
    const server = await serve(OK);
    const calls = newCalls();
    await calls.call(toCall(server.url));
    calls.close();
    assert.equal((await failureOf(calls.call(toCall(server.url)))).reason, "connect");
  });
});

describe("a call over TLS", () => {
  it("believes the authority that it is given, under the name or address that it calls", async () => {
    const { root, servers } = certificates();
    const url = await startHttps(servers.ip);
    const calls = newCalls();
    for (let round = 0; round < 2; round++) assert.equal(textOf(await calls.call(toCall(url, { ca: root.cert }))), "ok");
  });

  it("refuses every other authority, also on a client that has called with the right one", async () => {
    const { root, other, servers } = certificates();
    const url = await startHttps(servers.ip);
    const calls = newCalls();
    await calls.call(toCall(url, { ca: root.cert }));
    for (const ca of [null, other.cert]) assert.equal((await failureOf(calls.call(toCall(url, { ca })))).reason, "connect");
  });

  it("fails with authorities that can't be read", async () => {
    const url = await startHttps(certificates().servers.ip);
    for (const ca of ["", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
      assert.equal((await failureOf(call(url, { ca }))).reason, "connect", ca);
  });

  it("refuses certificates that are for another name, expired, or for clients", async () => {
    const { root, servers } = certificates();
    for (const name of ["a", "b", "ipAsName", "commonNameOnly", "expired", "selfSigned", "wrongCa", "clientUsage"] as const) {
      const url = await startHttps(servers[name]);
      assert.equal((await failureOf(call(url, { ca: root.cert }))).reason, "connect", name);
    }
  });

  it("looks at certificates also where the environment says not to", async () => {
    const { servers } = certificates();
    const url = await startHttps(servers.ip);
    const code = `const { createCalls } = await import(${JSON.stringify(new URL("../../src/calls/index.ts", import.meta.url).href)});
      const text = await createCalls().call(${JSON.stringify(toCall(url))}).then(() => "answered", ({ reason }) => reason);
      process.stdout.write(text);`;
    const { text } = await run(code, { ...process.env, NODE_TLS_REJECT_UNAUTHORIZED: "0" });
    assert.equal(text, "connect");
  });
});

/** A program of its own, on this runtime. */
async function run(code: string, env: NodeJS.ProcessEnv): Promise<{ readonly text: string; readonly exitCode: number | null }> {
  const child = spawn(process.execPath, ["-e", `(async () => { ${code} })()`], { env, stdio: ["ignore", "pipe", "ignore"] });
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  const [exitCode] = (await once(child, "close")) as [number | null];
  return { text, exitCode };
}
