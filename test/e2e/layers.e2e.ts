// An edge gateway before a domain gateway before a service: who calls, and until when an answer is of use, cross both hops signed.

import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, describe, it } from "node:test";
import { type Caller, createVerifier } from "../../src/verify/index.ts";
import { TokenIssuer } from "../kit/token-issuer.ts";
import { RUNTIME, Stage, waitFor } from "./processes.ts";

interface Served {
  readonly path: string;
  /** A text says why the service would refuse it. */
  readonly caller: Caller | string;
  readonly headers: IncomingMessage["headers"];
  cancelledAfterMs: number | null;
}

describe(`identity and deadline over two gateways, on ${RUNTIME}`, () => {
  const stage = new Stage();
  const served: Served[] = [];
  let issuer: TokenIssuer;
  let edge = "";
  let domain = "";

  before(async () => {
    issuer = await new TokenIssuer().start();
    stage.onStop(() => issuer.stop());
    let verifier: ReturnType<typeof createVerifier> | null = null;
    const answer = async (request: IncomingMessage, response: ServerResponse) => {
      const beganMs = performance.now();
      const caller = await verifier!.verify(request.headers).catch((error: unknown) => String(error));
      const one: Served = { path: request.url ?? "", caller, headers: request.headers, cancelledAfterMs: null };
      served.push(one);
      if (request.url !== "/slow") return void response.end("served");
      response.once("close", () => {
        one.cancelledAfterMs = performance.now() - beganMs;
      });
    };
    const service = createServer((request, response) => void answer(request, response));
    await new Promise<void>((resolve) => service.listen(0, "127.0.0.1", resolve));
    stage.onStop(() => new Promise((resolve) => service.close(resolve).closeAllConnections()));
    const port = (service.address() as AddressInfo).port;
    const domainKeys = await freeListener();
    const edgeKeys = await freeListener();
    const domainGateway = await stage.startConfigured(`version: 1
gateway: { name: domain, kind: domain, workers: 2, watch: false, stateDir: ${stage.folder}/domain }
listeners:
  - { name: main, address: "127.0.0.1:0" }
  - { name: keys, address: "127.0.0.1:${domainKeys}", publishKeys: true }
identities:
  edge: { internal: { trust: [{ issuer: "sallyport:edge", jwks: { url: "http://127.0.0.1:${edgeKeys}/.well-known/jwks.json" } }], audience: domain } }
upstreams: { app: { endpoints: ["http://127.0.0.1:${port}"], internalToken: { audience: app } } }
routes:
  - { name: admin, match: { path: /admin }, auth: [edge], authorize: { roles: [admin] }, upstream: app }
  - { name: open, match: { path: /open }, auth: { anyOf: [edge], optional: true }, upstream: app }
  - { name: all, match: { path: /* }, auth: [edge], upstream: app, timeout: 20s }
telemetry: { accessLog: off }
`);
    domain = domainGateway.url;
    verifier = createVerifier({
      issuer: "sallyport:domain",
      audience: "app",
      jwks: `http://127.0.0.1:${domainKeys}/.well-known/jwks.json`,
    });
    const edgeGateway = await stage.startConfigured(`version: 1
gateway: { name: edge, workers: 2, watch: false, stateDir: ${stage.folder}/edge }
listeners:
  - { name: main, address: "127.0.0.1:0" }
  - { name: keys, address: "127.0.0.1:${edgeKeys}", publishKeys: true }
identities:
  users:
    jwt: { issuer: "${issuer.issuer}", audience: api, jwks: { discovery: true }, headers: { X-User-Id: sub, X-User-Roles: roles, X-Tenant-Id: tid, X-Mail: email } }
upstreams:
  domain: { endpoints: ["${domain}"], internalToken: { audience: domain, deadline: true } }
  mirror: { endpoints: ["http://127.0.0.1:${port}"], internalToken: { audience: domain, deadline: true } }
routes:
  - { name: mirror, match: { path: /mirror }, auth: [users], upstream: mirror, timeout: 1s }
  - { name: slow, match: { path: /slow }, auth: [users], upstream: domain, timeout: 1500ms }
  - { name: all, match: { path: /* }, auth: { anyOf: [users], optional: true }, upstream: domain }
telemetry: { accessLog: off }
`);
    edge = edgeGateway.url;
    // The domain's gateway started before the edge had any keys to show; it looks again each second.
    await waitFor(
      async () => (await ask(`${edge}/orders`, asAlice())).status === 200,
      5000,
      "the second gateway knows the keys of the first",
    );
  });
  after(() => stage.stop());

  const ask = (url: string, headers: Record<string, string> = {}) => fetch(url, { headers });
  const asAlice = () => ({
    Authorization: `Bearer ${issuer.token({ sub: "alice", roles: ["reader"], tid: "t1", email: "a@example.com" })}`,
  });

  it("tell the service who calls, in words of the gateway before it alone", async () => {
    const answer = await ask(`${edge}/orders`, { ...asAlice(), "X-User-Id": "mallory", "X-Internal-Token": "mallory" });
    assert.equal(answer.status, 200, await answer.text());
    const { caller, headers } = served.at(-1)!;
    assert.ok(typeof caller === "object", String(caller));
    const { id, identity, source, tenant, roles, claims } = caller;
    assert.deepEqual([id, identity, source, tenant, roles], ["alice", "users", "jwt", "t1", ["reader"]]);
    assert.equal(claims["email"], "a@example.com");
    assert.equal(headers["x-user-id"], "alice");
    assert.equal(headers["x-tenant-id"], "t1");
    assert.equal(headers.authorization, undefined);
    assert.ok(!JSON.stringify(headers).includes("mallory"));
  });

  it("let the second gateway decide by what the first has verified", async () => {
    assert.equal((await ask(`${edge}/admin`, asAlice())).status, 403);
    const admin = { Authorization: `Bearer ${issuer.token({ sub: "root", roles: ["admin"] })}` };
    assert.equal((await ask(`${edge}/admin`, admin)).status, 200);
  });

  it("take nobody who comes past the first, or with a token of somebody else's", async () => {
    const stolen = served.at(-1)!.headers["x-internal-token"] as string;
    const foreign = issuer.token({ aud: "domain" });
    for (const headers of [
      {},
      asAlice(),
      { "X-User-Id": "alice" },
      { "X-Internal-Token": stolen },
      { "X-Internal-Token": foreign },
    ] as Record<string, string>[]) {
      assert.equal((await ask(`${domain}/orders`, headers)).status, 401, JSON.stringify(Object.keys(headers)));
    }
  });

  it("take a request of nobody for nobody's: the first signs that it came through, not that it is somebody", async () => {
    assert.equal((await ask(`${edge}/orders`)).status, 401);
    assert.equal((await ask(`${edge}/open`)).status, 200);
  });

  it("wait no longer at the second than the first does, also where the first does not hang up", async () => {
    const beganMs = performance.now();
    assert.equal((await ask(`${edge}/mirror`, asAlice())).status, 200);
    const shown = String(served.at(-1)!.headers["x-internal-token"]);
    const answer = await ask(`${domain}/slow`, { "X-Internal-Token": shown });
    assert.equal(answer.status, 504);
    assert.equal(((await answer.json()) as { code: string }).code, "SP_EXCHANGE_DEADLINE");
    assert.ok(performance.now() - beganMs < 10_000, "long before its own 20 s");
  });

  it("end a request at the second when its time at the first is over", async () => {
    const answer = await ask(`${edge}/slow`, asAlice());
    assert.equal(answer.status, 504);
    const slow = served.at(-1)!;
    await waitFor(() => slow.cancelledAfterMs !== null, 10_000, "the service sees that nobody waits any more");
    assert.ok(slow.cancelledAfterMs !== null && slow.cancelledAfterMs < 5000, `${slow.cancelledAfterMs} ms`);
  });
});

async function freeListener(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}
