// Issuers that answer late, never, with errors, with pages for people or with far too much: who depends on them is told so in time, nobody
// else notices, and the gateway finds its way back by itself.

import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { TokenIssuer } from "../kit/token-issuer.ts";
import { type GatewayProcess, RUNTIME, Stage, sleep, tell, waitFor } from "./processes.ts";
import { RequestLoad } from "./request-load.ts";

/** `timeout` of the introspection. */
const TIMEOUT_MS = 1000;

type Mood = (response: ServerResponse) => void;

const WELL: Mood = (response) => {
  response.setHeader("Content-Type", "application/json");
  response.end(JSON.stringify({ active: true, sub: "alice" }));
};

/** Never with a good answer. */
const MOODS: Readonly<Record<string, Mood>> = {
  silence: () => undefined,
  "an error": (response) => response.writeHead(500).end("no"),
  "a page": (response) => response.writeHead(200, { "Content-Type": "text/html" }).end("<!doctype html><title>Sorry</title>"),
  "a hundred megabytes": (response) => {
    response.writeHead(200, { "Content-Type": "application/json" });
    const chunk = Buffer.alloc(64 * 1024, 0x20);
    let left = 1600;
    const go = () => {
      while (left-- > 0) if (!response.write(chunk)) return void response.once("drain", go);
      response.end("{}");
    };
    go();
  },
  "half an answer": (response) => {
    response.writeHead(200, { "Content-Type": "application/json", "Content-Length": "100" });
    response.write('{"active":true,');
  },
  "a closed connection": (response) => response.destroy(),
};

/** In what time nine of ten were answered: the load's own process is busy as well. */
function nineInTen({ answers }: RequestLoad): number {
  const times = answers.map(({ tookMs }) => tookMs).sort((a, b) => a - b);
  return times[Math.floor(times.length * 0.9)] ?? Number.POSITIVE_INFINITY;
}

describe(`an issuer in trouble, on ${RUNTIME}`, () => {
  const stage = new Stage();
  const keys = new TokenIssuer();
  let mood = WELL;
  let open = 0;
  let gateway: GatewayProcess;

  before(async () => {
    await keys.start();
    stage.onStop(() => keys.stop());
    const server = createServer((request, response) => {
      request.resume();
      request.once("end", () => mood(response));
    });
    server.on("connection", (socket) => {
      open++;
      socket.on("error", () => undefined);
      socket.once("close", () => open--);
    });
    await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
    stage.onStop(() => {
      server.closeAllConnections();
      server.close();
    });
    const ask = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const upstream = await stage.startService();
    process.env["TROUBLE_SECRET"] = randomUUID();
    gateway = await stage.startConfigured(`version: 1
gateway: { name: trouble, workers: 2, watch: false }
admin: off
listeners: [{ name: main, address: "127.0.0.1:0", bounds: { connectionsPerIp: off } }]
identities:
  opaque: { introspection: { url: "${ask}/introspect", clientId: gateway, clientSecret: "\${env:TROUBLE_SECRET}", timeout: ${TIMEOUT_MS}ms } }
  users: { jwt: { issuer: "${keys.issuer}", audience: api, jwks: { url: "${keys.url}/keys" } } }
upstreams: { main: { endpoints: ["${upstream}"] } }
routes:
  - { name: opaque, match: { path: /opaque }, auth: [opaque], upstream: main }
  - { name: users, match: { path: /users }, auth: [users], upstream: main }
  - { name: open, match: { path: /open }, public: true, upstream: main }
telemetry: { accessLog: off }
`);
  });
  after(() => stage.stop());

  const startOthers = () => [
    new RequestLoad({ port: gateway.port, path: "/users", headers: () => ({ Authorization: `Bearer ${keys.token()}` }) }),
    new RequestLoad({ port: gateway.port, path: "/open", headers: () => ({}) }),
  ];
  const startOpaque = (token: () => string) =>
    new RequestLoad({
      port: gateway.port,
      path: "/opaque",
      clients: 80,
      pauseMs: 50,
      headers: () => ({ Authorization: `Bearer ${token()}` }),
    });

  for (const [name, trouble] of Object.entries(MOODS)) {
    it(`answers with ${name}: each is told within the time, and other routes are as quick as before`, async () => {
      mood = trouble;
      const others = startOthers();
      const opaque = startOpaque(randomUUID);
      await sleep(1500);
      await opaque.stop();
      for (const other of others) await other.stop();
      tell(
        `${name}: ${opaque.answers.length} told, ${opaque.slowestMs().toFixed(0)} ms at most; others ${others.map((each) => nineInTen(each).toFixed(0))} ms`,
      );
      assert.deepEqual(Object.keys(opaque.outcomes()), ["503 SP_AUTH_UNAVAILABLE"]);
      assert.ok(opaque.slowestMs() < TIMEOUT_MS + 1500);
      for (const other of others) {
        assert.deepEqual(Object.keys(other.outcomes()), ["200"]);
        assert.ok(nineInTen(other) < TIMEOUT_MS / 2, "nobody waits for an issuer that is not theirs");
      }
    });
  }

  it("is well again, and so is who has a token of its own", async () => {
    mood = WELL;
    const token = randomUUID();
    await waitFor(
      async () => {
        const response = await fetch(`${gateway.url}/opaque`, { headers: { Authorization: `Bearer ${token}` } });
        await response.arrayBuffer();
        return response.status === 200;
      },
      5000,
      "the token is taken",
    );
    await waitFor(() => open <= 2 * 64, 5000, "connections to it are closed");
    assert.doesNotMatch(gateway.err, /unhandled|at \w+ \(/i);
    assert.equal(await gateway.stop(), 0);
  });
});
