// `sallyport start` from outside, as a supervisor sees it: streams, exit codes, signals, and an end that loses nothing.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { createServer, get, type IncomingMessage, type Server } from "node:http";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";

const LAUNCHER = fileURLToPath(new URL("../../bin/sallyport.mjs", import.meta.url));
// The runtime of this test is the one that is tested.
const RUNTIME = process.versions["bun"] === undefined ? "node" : "bun";

const folder = mkdtempSync(join(tmpdir(), "sallyport-start-"));
const held: (() => void)[] = [];
let upstream: Server;

before(async () => {
  upstream = createServer((request, response) => {
    if (request.url === "/slow") {
      response.writeHead(200, { "Content-Type": "text/plain" });
      response.write("first ");
      held.push(() => response.end("last"));
    } else response.end("pong");
  });
  await new Promise<void>((resolve) => upstream.listen(0, "127.0.0.1", resolve));
});

after(() => {
  upstream.closeAllConnections();
  upstream.close();
  rmSync(folder, { recursive: true });
});

describe(`sallyport start on ${RUNTIME}`, () => {
  it("serves, logs to standard output, and ends with 0 at SIGTERM", async () => {
    const gateway = await start(writeConfig(0));
    assert.equal(await readBody(await request(`${gateway.url}/ping`)), "pong");
    gateway.child.kill("SIGTERM");
    assert.deepEqual(await gateway.ended, { code: 0, signal: null });
    assert.match(gateway.err(), /listening on http:\/\/127\.0\.0\.1:\d+/);
    const lines = gateway.out().trim().split("\n");
    assert.equal(lines.length, 1, gateway.out());
    assert.equal(typeof JSON.parse(lines[0] ?? ""), "object");
  });

  it("finishes the request in flight before it ends", async () => {
    const gateway = await start(writeConfig(0));
    const response = await request(`${gateway.url}/slow`);
    const body = readBody(response);
    gateway.child.kill("SIGTERM");
    await gateway.said(/finishing the requests in flight/);
    held.pop()?.();
    assert.equal(await body, "first last");
    assert.deepEqual(await gateway.ended, { code: 0, signal: null });
  });

  it("does not wait for it at a second signal", async () => {
    const gateway = await start(writeConfig(0));
    const response = await request(`${gateway.url}/slow`);
    response.on("error", () => {});
    gateway.child.kill("SIGTERM");
    await gateway.said(/finishing the requests in flight/);
    // Signals that come closer together are one press of the keys.
    await new Promise((resolve) => setTimeout(resolve, 350));
    gateway.child.kill("SIGTERM");
    assert.deepEqual(await gateway.ended, { code: 0, signal: null });
    held.pop()?.();
  });

  it("reads its configuration anew at SIGHUP and writes the access log to what its path names now", async () => {
    const log = join(folder, "access.log");
    const file = writeConfig(0);
    appendFileSync(file, `telemetry: { accessLog: { to: ${log} } }\n`);
    const gateway = await start(file);
    await readBody(await request(`${gateway.url}/1`));
    renameSync(log, `${log}.1`);
    gateway.child.kill("SIGHUP");
    await gateway.said(/SIGHUP: nothing to change, generation [0-9a-f]{16} serves on/);
    await readBody(await request(`${gateway.url}/2`));
    gateway.child.kill("SIGTERM");
    assert.deepEqual(await gateway.ended, { code: 0, signal: null });
    // Lines that still waited in memory go to the new file as well.
    assert.match(readFileSync(log, "utf8"), /"path":"\/2"/);
    assert.match(readFileSync(`${log}.1`, "utf8") + readFileSync(log, "utf8"), /"path":"\/1"/);
  });

  it("ends with 1 when the access log can't be opened", async () => {
    const file = writeConfig(0);
    appendFileSync(file, "telemetry: { accessLog: { to: /nonexistent/access.log } }\n");
    const run = launch(file);
    assert.deepEqual(await run.ended, { code: 1, signal: null });
    assert.match(run.err(), /telemetry\.accessLog can't be opened: ENOENT/);
  });

  it("serves what served last with --last-good, is degraded until the file is mended, and says each", async () => {
    const stateDir = join(folder, "state");
    const file = writeConfig(0);
    const good = readFileSync(file, "utf8")
      .replace("admin: off", "admin: { address: 127.0.0.1:0 }")
      .replace("{ name: test }", `{ name: test, stateDir: ${stateDir}, watch: false }`);
    writeFileSync(file, good);
    const first = await start(file);
    first.child.kill("SIGTERM");
    assert.deepEqual(await first.ended, { code: 0, signal: null });

    writeFileSync(file, "version: [");
    const gateway = await start(file, "--last-good", stateDir);
    const [, admin = ""] = await gateway.said(/admin on (http:\S+)/);
    assert.match(gateway.err(), /DEGRADED: serving what served last/);
    assert.equal(await readBody(await request(`${gateway.url}/ping`)), "pong");
    assert.deepEqual(await readDegraded(admin), [true, "1"]);

    writeFileSync(file, good);
    gateway.child.kill("SIGHUP");
    await gateway.said(/SIGHUP: nothing to change/);
    assert.deepEqual(await readDegraded(admin), [false, "0"]);
    gateway.child.kill("SIGTERM");
    assert.deepEqual(await gateway.ended, { code: 0, signal: null });
  });

  it("ends with 3 and the address when that is taken", async () => {
    const squatter = createTcpServer();
    await new Promise<void>((resolve) => squatter.listen(0, "127.0.0.1", resolve));
    try {
      const { port } = squatter.address() as AddressInfo;
      const run = launch(writeConfig(port));
      assert.deepEqual(await run.ended, { code: 3, signal: null });
      assert.match(run.err(), new RegExp(`127\\.0\\.0\\.1:${port}`));
      assert.equal(run.out(), "");
    } finally {
      squatter.close();
    }
  });
});

/** Answers of the admin address, once it says that the gateway is or isn't degraded. */
async function readDegraded(url: string): Promise<unknown> {
  const { isDegraded } = JSON.parse(await readBody(await request(`${url}/status`)));
  const metrics = await readBody(await request(`${url}/metrics`));
  return [isDegraded, /^sallyport_config_degraded (\d)$/m.exec(metrics)?.[1]];
}

function writeConfig(port: number): string {
  const { port: upstreamPort } = upstream.address() as AddressInfo;
  const file = join(folder, `gateway-${port}.yaml`);
  writeFileSync(
    file,
    `version: 1
gateway: { name: test }
admin: off
listeners: [{ name: main, address: "127.0.0.1:${port}" }]
upstreams: { only: { endpoints: ["http://127.0.0.1:${upstreamPort}"] } }
routes: [{ name: all, match: { path: /* }, public: true, upstream: only }]
`,
  );
  return file;
}

function launch(file: string, ...options: string[]) {
  const child: ChildProcess = spawn(process.execPath, [LAUNCHER, "start", ...options, file], {
    env: { ...process.env, SALLYPORT_RUNTIME: RUNTIME },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const text = { out: "", err: "" };
  child.stdout?.setEncoding("utf8").on("data", (chunk: string) => (text.out += chunk));
  child.stderr?.setEncoding("utf8").on("data", (chunk: string) => (text.err += chunk));
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.once("close", (code, signal) => resolve({ code, signal })),
  );
  /** Resolves when standard error has said it; rejects when the process ends before. */
  function said(pattern: RegExp): Promise<RegExpExecArray> {
    return new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(text.err);
        if (match !== null) resolve(match);
      };
      look();
      child.stderr?.on("data", look);
      child.once("close", () => reject(new Error(`ended without saying ${pattern}: ${text.err}`)));
    });
  }
  return { child, ended, said, out: () => text.out, err: () => text.err };
}

async function start(file: string, ...options: string[]) {
  const run = launch(file, ...options);
  const [, url = ""] = await run.said(/listening on (http:\S+)/);
  return { ...run, url };
}

function request(url: string): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => get(url, { agent: false }, resolve).on("error", reject));
}

async function readBody(response: IncomingMessage): Promise<string> {
  let body = "";
  for await (const chunk of response.setEncoding("utf8")) body += chunk;
  return body;
}
