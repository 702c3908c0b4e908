// Keys of an issuer under load, on a gateway of two workers: key-rotation.ts is the drill; the soak has it with a minute without the issuer.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { TokenIssuer } from "../kit/token-issuer.ts";
import { drillRotation } from "./key-rotation.ts";
import { RUNTIME, Stage, tell } from "./processes.ts";

describe(`an issuer's keys under load, on ${RUNTIME}`, () => {
  const stage = new Stage();
  after(() => stage.stop());

  it("rotate three times and go away, beside 10,000 strange key ids, and no valid token is refused", async () => {
    const issuer = await new TokenIssuer().start();
    stage.onStop(() => issuer.stop());
    const upstream = await stage.startService();
    const gateway = await stage.startConfigured(`version: 1
gateway: { name: rotation, workers: 2, watch: false }
listeners: [{ name: main, address: "127.0.0.1:0", bounds: { connectionsPerIp: off } }]
identities:
  users:
    jwt: { issuer: "${issuer.issuer}", audience: api, jwks: { url: "${issuer.url}/keys" } }
upstreams: { main: { endpoints: ["${upstream}"] } }
routes: [{ name: all, match: { path: /* }, auth: [users], upstream: main, rewrite: { path: "/bytes", query: { set: { n: "10" } } } }]
telemetry: { accessLog: off }
`);
    const report = await drillRotation({
      gatewayPort: gateway.port,
      issuer,
      rotations: 3,
      announceMs: 10_500,
      downMs: 8000,
      strangeKeys: 10_000,
    });
    tell(`keys: ${JSON.stringify(report)}`);
    assert.deepEqual(report.refused, {});
    assert.ok(report.valid > 500, `${report.valid} valid requests`);
    assert.ok(report.strange >= 10_000, `${report.strange} strange key ids`);
    assert.deepEqual(Object.keys(report.toStrange), ["401"]);
    assert.ok(report.fetches >= 4, `${report.fetches} fetches: a new key was never looked for`);
    assert.ok(report.shortestPauseMs >= 9900, `keys were fetched again after ${report.shortestPauseMs} ms`);
  });
});
