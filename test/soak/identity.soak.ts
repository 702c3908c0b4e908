// What identities must show for minutes rather than for seconds: an issuer whose keys are away for a minute, signing keys that rotate every
// few seconds over two gateways of one database, and memory that stays flat however many tokens come.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { PostgresServer, whyNoPostgres } from "../../src/stores/engines/postgres-server.contract.ts";
import { createVerifier, requireGateway } from "../../src/verify/index.ts";
import { drillRotation } from "../e2e/key-rotation.ts";
import { freePort, Stage, sleep, toMiB } from "../e2e/processes.ts";
import { RequestLoad } from "../e2e/request-load.ts";
import { TokenIssuer } from "../kit/token-issuer.ts";
import { measure } from "./measure.ts";

const MINUTE_MS = 60_000;
const MIB = 1024 * 1024;
/** Heaps grow and shrink by more than any look tells; what each of the tokens left behind would be hundreds of it. */
const MOST_GROWTH = 48 * MIB;

export async function soak(): Promise<void> {
  await onStage("an issuer's keys rotate and then are away for a minute", async (stage) => {
    const { gateway, issuer } = await startTokens(stage, 2);
    const plan = { gatewayPort: gateway.port, issuer, rotations: 3, announceMs: 10_500, downMs: MINUTE_MS, strangeKeys: 10_000 };
    const report = await drillRotation(plan);
    console.log(`  ${JSON.stringify(report)}`);
    assert.deepEqual(report.refused, {});
    assert.deepEqual(Object.keys(report.toStrange), ["401"]);
    assert.ok(report.valid > 3000);
    assert.ok(report.shortestPauseMs >= 9900);
  });

  const unable = whyNoPostgres();
  if (unable === false) {
    await onStage("signing keys rotate every 4 s for two minutes, over two gateways of one database", async (stage) => {
      const outcomes = await rotateSigningKeys(stage, 2 * MINUTE_MS);
      console.log(`  ${JSON.stringify(outcomes)}`);
      for (const each of outcomes) {
        assert.deepEqual(Object.keys(each), ["200"]);
        assert.ok(each["200"]! > 3000);
      }
    });
  } else console.log(`\nsigning keys over two gateways: skipped: ${unable}`);

  await onStage("a token of its own for each request, for five minutes", async (stage) => {
    const { gateway, issuer } = await startTokens(stage, 1);
    const load = new RequestLoad({
      port: gateway.port,
      clients: 8,
      pauseMs: 5,
      headers: () => ({ Authorization: `Bearer ${issuer.token({ note: randomBytes(300).toString("hex") })}` }),
    });
    await sleep(MINUTE_MS);
    const before = gateway.rssBytes;
    for (let minute = 1; minute <= 5; minute++) {
      await sleep(MINUTE_MS);
      console.log(`  after ${minute} min: ${toMiB(gateway.rssBytes)}, ${load.answers.length} tokens`);
    }
    const after = gateway.rssBytes;
    await load.stop();
    assert.deepEqual(Object.keys(load.outcomes()), ["200"]);
    assert.ok(after - before < MOST_GROWTH, `${toMiB(before)}, then ${toMiB(after)}`);
  });
}

async function startTokens(stage: Stage, workers: number) {
  const issuer = await new TokenIssuer().start();
  stage.onStop(() => issuer.stop());
  const gateway = await stage.startConfigured(`version: 1
gateway: { name: soak, workers: ${workers}, watch: false }
admin: off
listeners: [{ name: main, address: "127.0.0.1:0", bounds: { connectionsPerIp: off } }]
identities: { users: { jwt: { issuer: "${issuer.issuer}", audience: api, jwks: { url: "${issuer.url}/keys" }, cache: { tokens: 1000 } } } }
upstreams: { main: { endpoints: ["${await stage.startService()}"] } }
routes: [{ name: all, match: { path: /* }, auth: [users], upstream: main, rewrite: { path: "/bytes", query: { set: { n: "10" } } } }]
telemetry: { accessLog: off }
`);
  return { gateway, issuer };
}

/** What each gateway's clients got; the service asks the first gateway alone for the keys of both. */
async function rotateSigningKeys(stage: Stage, durationMs: number): Promise<readonly Readonly<Record<string, number>>[]> {
  const database = await PostgresServer.start(randomBytes(12).toString("hex"));
  stage.onStop(() => database.stop());
  assert.equal(database.database.kind, "postgres");
  process.env["SOAK_DATABASE"] = (database.database as { url: { reveal(): string } }).url.reveal();
  process.env["SOAK_SEAL"] = randomBytes(32).toString("hex");
  const keysPort = await freePort();
  const verifier = createVerifier({ issuer: "shop", audience: "orders", jwks: `http://127.0.0.1:${keysPort}/.well-known/jwks.json` });
  const admit = requireGateway(verifier);
  const service = createServer((request, response) => void admit(request, response).then((caller) => caller && response.end("ok")));
  await new Promise<void>((ready) => service.listen(0, "127.0.0.1", ready));
  stage.onStop(() => {
    service.closeAllConnections();
    service.close();
  });
  const yaml = (more: string) => `version: 1
gateway: { name: shop, workers: 2, watch: false, sealKeys: ["\${env:SOAK_SEAL}"] }
admin: off
listeners: [{ name: main, address: "127.0.0.1:0", bounds: { connectionsPerIp: off } }${more}]
database: { postgres: { url: "\${env:SOAK_DATABASE}" } }
internalKeys: { issuer: shop, rotateEvery: 4s, overlap: 2s }
upstreams: { orders: { endpoints: ["http://127.0.0.1:${(service.address() as AddressInfo).port}"], internalToken: { audience: orders, ttl: 2s } } }
routes: [{ name: all, match: { path: /* }, public: true, upstream: orders }]
telemetry: { accessLog: off }
`;
  const gateways = await Promise.all([
    stage.startConfigured(yaml(`, { name: keys, address: "127.0.0.1:${keysPort}", publishKeys: true }`)),
    stage.startConfigured(yaml("")),
  ]);
  const loads = gateways.map(({ port }) => new RequestLoad({ port, headers: () => ({}) }));
  await sleep(durationMs);
  for (const load of loads) await load.stop();
  return loads.map((load) => load.outcomes());
}

function onStage(name: string, body: (stage: Stage) => Promise<void>): Promise<void> {
  return measure(name, async () => {
    const stage = new Stage();
    try {
      await body(stage);
    } finally {
      await stage.stop();
    }
  });
}
