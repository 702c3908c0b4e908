// `sallyport check --bypass` against real little services: those that check what the gateway signs, and those that do not.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type RequestListener, type Server } from "node:http";
import { createServer as createHttp2 } from "node:http2";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createNet } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { main } from "../../src/cli/index.ts";
import { createTerminal } from "../../src/cli/terminal.ts";
import { AUTHORITY, type Forged, forge, whyNoForge } from "../../src/tls/testdata/certificate-forge.ts";
import { createVerifier, requireGateway } from "../../src/verify/index.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-bypass-"));
const servers: { close(): unknown }[] = [];

after(() => {
  for (const server of servers) server.close();
  rmSync(folder, { recursive: true });
});

async function portOf(server: {
  listen(port: number, host: string, ready: () => void): unknown;
  address(): unknown;
  close(): unknown;
}): Promise<number> {
  servers.push(server);
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return (server.address() as AddressInfo).port;
}

const serve = (listener: RequestListener): Promise<number> => portOf(createServer(listener) as Server);

async function freePort(): Promise<number> {
  const server = createNet();
  const port = await portOf(server);
  await new Promise((closed) => server.close(closed));
  return port;
}

function write(name: string, text: string): string {
  const file = join(folder, name);
  writeFileSync(file, text);
  return file;
}

async function check(upstreams: Record<string, string>, ...options: string[]) {
  const text = `version: 1
gateway: { name: edge, stateDir: . }
listeners: [{ name: http, address: 127.0.0.1:0 }]
upstreams:
${Object.entries(upstreams)
  .map(([name, rest]) => `  ${name}: ${rest}`)
  .join("\n")}
routes:
${Object.keys(upstreams)
  .map((name) => `  - { name: ${name}, match: { path: /${name}/* }, public: true, upstream: ${name} }`)
  .join("\n")}
`;
  const written = { out: "", err: "" };
  const stream = (key: "out" | "err") => ({
    write(line: string) {
      written[key] += line;
    },
  });
  const exitCode = await main(
    ["check", write("gateway.yaml", text), "--bypass", ...options],
    createTerminal(stream("out"), stream("err"), {}),
  );
  return { exitCode, ...written };
}

const signed = (port: number, more = "") => `{ endpoints: [http://127.0.0.1:${port}], internalToken: { audience: orders }${more} }`;

describe("check --bypass", () => {
  it("is content with a service that asks for the gateway's token and knows its signature", async () => {
    const admit = requireGateway(createVerifier({ issuer: "sallyport:edge", audience: "orders", jwks: "http://127.0.0.1:1/keys" }));
    const port = await serve((request, response) => void admit(request, response).then((caller) => caller && response.end("hello")));
    // Its keys can't be had, so to a token it says neither yes nor no.
    const unavailable = await check({ orders: signed(port) });
    assert.match(unavailable.out, /upstream orders 127\.0\.0\.1:\d+: unknown: answers GET \/ with 503 to a token that a stranger signed/);
    const keys = await serve((_request, response) => response.end(JSON.stringify({ keys: [KEY] })));
    const real = requireGateway(createVerifier({ issuer: "sallyport:edge", audience: "orders", jwks: `http://127.0.0.1:${keys}/` }));
    const good = await serve((request, response) => void real(request, response).then((caller) => caller && response.end("hello")));
    const { exitCode, out } = await check({ orders: signed(good) }, "--strict");
    assert.match(out, /upstream orders 127\.0\.0\.1:\d+: refuses: answers GET \/ with 401/);
    assert.equal(exitCode, 0);
  });

  it("finds a service that answers anybody: an error where the gateway signs, a warning where it doesn't", async () => {
    const port = await serve((_request, response) => response.end("hello"));
    const found = await check({ orders: signed(port) });
    assert.match(found.out, /upstream orders .*: open: answers GET \/ with 200 to anybody in the network/);
    assert.equal(found.exitCode, 1);
    const plain = { orders: `{ endpoints: [http://127.0.0.1:${port}] }` };
    assert.equal((await check(plain)).exitCode, 0);
    assert.equal((await check(plain, "--strict")).exitCode, 1);
  });

  it("finds a service that asks for a token and looks at no signature", async () => {
    const port = await serve((request, response) => {
      response.statusCode = request.headers["x-internal-token"] === undefined ? 401 : 200;
      response.end();
    });
    const { exitCode, out } = await check({ orders: signed(port) });
    assert.match(out, /open: answers GET \/ with 200 to a token that a stranger signed/);
    assert.equal(exitCode, 1);
  });

  it("asks for the path of the health checks, or the one that is named", async () => {
    const seen: string[] = [];
    const port = await serve((request, response) => {
      seen.push(`${request.method} ${request.url} ${request.headers["user-agent"]}`);
      response.statusCode = 403;
      response.end();
    });
    await check({ orders: `{ endpoints: [http://127.0.0.1:${port}], health: { active: { path: /healthz } } }` });
    await check({ orders: `{ endpoints: [http://127.0.0.1:${port}] }` }, "--bypass-path", "/api?x=1");
    assert.deepEqual(seen, ["GET /healthz sallyport-check", "GET /api?x=1 sallyport-check"]);
  });

  it("speaks HTTP/2 to upstreams that do", async () => {
    const server = createHttp2((_request, response) => response.end("hello"));
    const port = await portOf(server);
    const { out } = await check({ orders: `{ protocol: h2, endpoints: [http://127.0.0.1:${port}] }` });
    assert.match(out, /open: answers GET \/ with 200/);
  });

  it("does not know of what it can't reach, which is a warning", async () => {
    const port = await freePort();
    const { exitCode, out } = await check({ orders: signed(port) });
    assert.match(out, /upstream orders .*: unknown: /);
    assert.equal(exitCode, 0);
    assert.equal((await check({ orders: signed(port) }, "--strict")).exitCode, 1);
  });

  it("tells machines", async () => {
    const port = await serve((_request, response) => response.end("hello"));
    const gone = await freePort();
    const { exitCode, out } = await check({ orders: signed(port), idle: `{ endpoints: [http://127.0.0.1:${gone}] }` }, "--json");
    const { ok, files } = JSON.parse(out) as { ok: boolean; files: { bypass: Record<string, unknown>[] }[] };
    assert.equal(ok, false);
    assert.equal(exitCode, 1);
    assert.deepEqual(
      files[0]?.bypass.map(({ upstream, verdict, severity }) => [upstream, verdict, severity]),
      [
        ["orders", "open", "error"],
        ["idle", "unknown", "warning"],
      ],
    );
  });

  it("refuses a path without --bypass, and one that is none", async () => {
    const file = write("plain.yaml", "version: 1\n");
    const terminal = createTerminal({ write: () => undefined }, { write: () => undefined }, {});
    assert.equal(await main(["check", file, "--bypass-path", "/x"], terminal), 2);
    assert.equal(await main(["check", file, "--bypass", "--bypass-path", "x"], terminal), 2);
  });
});

/** A key of the gateway's, of which nobody has the private half. */
const KEY = { kty: "OKP", crv: "Ed25519", x: "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo", kid: "g1", use: "sig", alg: "EdDSA" };

describe("check --bypass over TLS", { skip: whyNoForge() }, () => {
  let authority: Forged;
  let server: Forged;
  let own: Forged;

  before(() => {
    authority = forge({ subject: "/CN=authority", extensions: AUTHORITY });
    server = forge({ subject: "/CN=server", issuer: authority, extensions: "subjectAltName=IP:127.0.0.1\n" });
    own = forge({ subject: "/CN=gateway", issuer: authority, extensions: "extendedKeyUsage=clientAuth\n" });
    write("ca.pem", authority.cert);
    write("gateway.pem", own.cert);
    write("gateway.key", own.key);
  });

  const secure = (port: number) => `{ endpoints: [https://127.0.0.1:${port}], tls: { ca: ca.pem, cert: gateway.pem, key: gateway.key } }`;

  it("is content with a service that asks for a certificate of the authority's", async () => {
    const options = { cert: server.cert, key: server.key, ca: authority.cert, requestCert: true, rejectUnauthorized: true };
    const port = await portOf(createTlsServer(options, (_request, response) => void response.end("hello")));
    const { exitCode, out } = await check({ orders: secure(port) }, "--strict");
    assert.match(out, /refuses: it asks for a certificate/);
    assert.equal(exitCode, 0);
  });

  it("finds one that asks for none: the gateway's own is not shown", async () => {
    const port = await portOf(createTlsServer({ cert: server.cert, key: server.key }, (_request, response) => void response.end("hello")));
    assert.match((await check({ orders: secure(port) })).out, /open: answers GET \/ with 200/);
  });

  it("does not know of one whose certificate is not believed", async () => {
    const stranger = forge({ subject: "/CN=stranger", extensions: "subjectAltName=IP:127.0.0.1\n" });
    const port = await portOf(
      createTlsServer({ cert: stranger.cert, key: stranger.key }, (_request, response) => void response.end("hello")),
    );
    assert.match((await check({ orders: secure(port) })).out, /unknown: /);
  });
});
