// A domain gateway behind an edge gateway, both as `sallyport start` runs them: who was identified at the edge is the same one there and in
// the service, and so is the time that the client waits for.

import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { signToken } from "../../src/tokens/index.ts";
import { createVerifier } from "../../src/verify/index.ts";
import { type GatewayProcess, RUNTIME, Stage } from "./processes.ts";

describe(`a gateway behind a gateway on ${RUNTIME}`, () => {
  const stage = new Stage();
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  /** What the service was asked with. */
  const seen: IncomingHttpHeaders[] = [];
  let service: Server;
  let edge: GatewayProcess;
  let domain: GatewayProcess;

  before(async () => {
    service = createServer((request, response) => {
      seen.push(request.headers);
      // What is asked for slowly is never answered.
      if (request.url !== "/api/slow") response.end("hello");
    });
    await new Promise<void>((ready) => service.listen(0, "127.0.0.1", ready));
    const servicePort = (service.address() as AddressInfo).port;
    const jwks = join(stage.folder, "users.json");
    writeFileSync(jwks, JSON.stringify({ keys: [{ ...publicKey.export({ format: "jwk" }), kid: "u" }] }));
    const stateOf = (name: string) => {
      mkdirSync(join(stage.folder, name));
      return join(stage.folder, name);
    };
    // The edge names the domain gateway, which asks the edge for its keys when it starts.
    const toDomain = createServer();
    await new Promise<void>((ready) => toDomain.listen(0, "127.0.0.1", ready));
    const domainPort = (toDomain.address() as AddressInfo).port;
    await new Promise((closed) => toDomain.close(closed));
    edge = await stage.startConfigured(`version: 1
gateway: { name: edge, workers: 2, watch: false, stateDir: "${stateOf("edge")}" }
admin: off
listeners: [{ name: main, address: "127.0.0.1:0", publishKeys: true }]
identities:
  users:
    jwt: { issuer: users, audience: shop, headers: { X-Mail: email }, jwks: { file: "${jwks}" } }
upstreams:
  domain: { endpoints: ["http://127.0.0.1:${domainPort}"], internalToken: { audience: domain, deadline: true } }
  mirror: { endpoints: ["http://127.0.0.1:${servicePort}"], internalToken: { audience: domain, deadline: true } }
routes:
  - { name: mirror, match: { path: /mirror }, auth: [users], upstream: mirror, timeout: 1s }
  - { name: api, match: { path: /api/* }, auth: { anyOf: [users], optional: true }, upstream: domain, timeout: 2s }
  - { name: slow, match: { path: /api/slow }, auth: [users], upstream: domain, timeout: 500ms }
`);
    const trust = `trust: [{ issuer: "sallyport:edge", jwks: { url: "${edge.url}/.well-known/jwks.json" } }], audience: domain`;
    domain = await stage.startConfigured(`version: 1
gateway: { name: domain, workers: 1, watch: false, stateDir: "${stateOf("domain")}" }
admin: off
listeners: [{ name: other, address: "127.0.0.1:0", publishKeys: true }, { name: main, address: "127.0.0.1:${domainPort}" }]
identities: { edge: { internal: { ${trust} } } }
upstreams:
  service: { endpoints: ["http://127.0.0.1:${servicePort}"], internalToken: { audience: service } }
routes:
  - { name: api, match: { path: /api/* }, auth: [edge], upstream: service, timeout: 30s }
  - { name: open, match: { path: /api/open }, auth: { anyOf: [edge], optional: true }, upstream: service }
`);
  });

  after(async () => {
    service.closeAllConnections();
    service.close();
    await stage.stop();
  });

  function ask(path: string, sub: string | null): Promise<Response> {
    const seconds = Math.floor(Date.now() / 1000);
    const claims = { iss: "users", aud: "shop", sub, iat: seconds, exp: seconds + 60, roles: ["reader"], email: "a@example.com" };
    const token = signToken(claims, { type: "JWT" }, { kid: "u", algorithm: "EdDSA", object: privateKey });
    return fetch(`${edge.url}${path}`, { headers: sub === null ? {} : { Authorization: `Bearer ${token}` } });
  }

  it("says to the service who was identified at the edge, in a token of its own", async () => {
    const response = await ask("/api/orders", "alice");
    assert.equal(response.status, 200, await response.text());
    const headers = seen.at(-1) ?? {};
    const jwks = `http://127.0.0.1:${domain.port}/.well-known/jwks.json`;
    const caller = await createVerifier({ issuer: "sallyport:domain", audience: "service", jwks }).verify(headers);
    assert.deepEqual(
      [caller.id, caller.identity, caller.source, caller.roles, caller.claims],
      ["alice", "users", "jwt", ["reader"], { email: "a@example.com" }],
    );
    assert.equal(headers["x-user-id"], "alice");
    assert.equal(headers["authorization"], undefined);
  });

  it("lets nobody in by another way, and nobody as somebody", async () => {
    assert.equal((await ask("/api/orders", null)).status, 401);
    assert.equal((await ask("/api/open", null)).status, 200);
    const direct = `http://127.0.0.1:${domain.port}/api/orders`;
    assert.equal((await fetch(direct)).status, 401);
    const own = String(seen.at(-1)?.["x-internal-token"]);
    assert.equal((await fetch(direct, { headers: { "X-Internal-Token": own } })).status, 401, "a token of its own is not the edge's");
    assert.equal((await fetch(direct, { headers: { "X-User-Id": "alice" } })).status, 401);
  });

  it("waits no longer than the edge does, also where the edge does not hang up", async () => {
    assert.equal((await ask("/api/slow", "alice")).status, 504);
    const startedMs = performance.now();
    assert.equal((await ask("/mirror", "alice")).status, 200);
    const token = String(seen.at(-1)?.["x-internal-token"]);
    const response = await fetch(`http://127.0.0.1:${domain.port}/api/slow`, { headers: { "X-Internal-Token": token } });
    assert.equal(response.status, 504);
    assert.equal(((await response.json()) as { code: string }).code, "SP_EXCHANGE_DEADLINE");
    assert.ok(performance.now() - startedMs < 10_000, "long before its own 30 s");
  });
});
