// Quotas over gateways that share a database: never more than there is, and what was used outlives the gateways.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Client, countStatuses } from "./limited-gateways.ts";
import { freePort, type GatewayProcess, RUNTIME, run, Stage } from "./processes.ts";

const SALLYPORT = fileURLToPath(new URL("../../bin/sallyport.mjs", import.meta.url));

describe(`quotas of gateways that share a database, on ${RUNTIME}`, () => {
  const stage = new Stage();
  const client = new Client();
  after(async () => {
    client.close();
    await stage.stop();
  });

  const configure = (name: string) => `version: 1
gateway: { name: ${name}, workers: 2, watch: false }
database: { sqlite: { path: ${stage.folder}/shared.db } }
listeners: [{ name: main, address: "127.0.0.1:0" }]
rateLimits:
  monthly: { key: { header: X-Caller }, quota: { limit: 200, per: month, warnAt: [80%] }, onStoreFailure: closed }
routes: [{ name: all, match: { path: /* }, public: true, rateLimits: [monthly], respond: { status: 200, body: ok } }]
telemetry: { accessLog: off }
`;
  const start = () => Promise.all([stage.startConfigured(configure("one")), stage.startConfigured(configure("two"))]);
  const ask = async (gateways: readonly GatewayProcess[], caller: string, times: number) => {
    const headers = { "X-Caller": caller };
    return Promise.all(Array.from({ length: times }, (_, i) => client.ask(gateways[i % gateways.length]!, "/", headers)));
  };
  const quota = (...words: string[]) => run(process.execPath, [SALLYPORT, "quota", ...words]);

  it("admit exactly what there is, of four workers and over a restart of all of them", async () => {
    const file = stage.writeConfig(configure("cli"));
    let gateways = await start();
    const first = await ask(gateways, "alice", 120);
    assert.deepEqual(countStatuses(first), { 200: 120 });
    for (const gateway of gateways) assert.equal(await gateway.stop(), 0);
    const shown = await quota("show", file, "--json");
    assert.equal(shown.code, 0, shown.err);
    assert.match(shown.out, /"used":120\b/, "what leases had left was given back");

    gateways = await start();
    let admitted = 0;
    for (let i = 0; i < 20; i++) admitted += countStatuses(await ask(gateways, "alice", 10))[200] ?? 0;
    assert.equal(admitted, 80);
    const [refused] = await ask(gateways, "alice", 1);
    assert.equal(refused?.status, 429);
    assert.equal((JSON.parse(refused.body) as { limit: string }).limit, "monthly");
    assert.ok(Number(refused.headers["retry-after"]) >= 1);
    assert.ok(gateways.some(({ err }) => /quota monthly: .*alice.* has used 80%/.test(err)));

    const reset = await quota("reset", file, "monthly", "--all-keys");
    assert.equal(reset.code, 0, reset.err);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    assert.equal((await ask(gateways, "alice", 1))[0]?.status, 200, "a reset is seen by gateways that serve");
    for (const gateway of gateways) await gateway.stop();
  });

  it("admit no more when a gateway is killed, only less: what its leases had left is gone", async () => {
    const gateways = await start();
    const before = countStatuses(await ask(gateways, "bob", 50))[200] ?? 0;
    for (const gateway of gateways) for (const pid of gateway.workerPids) process.kill(pid, "SIGKILL");
    for (const gateway of gateways) await gateway.stop();
    const again = await start();
    let admitted = 0;
    for (let i = 0; i < 20; i++) admitted += countStatuses(await ask(again, "bob", 15))[200] ?? 0;
    assert.ok(before + admitted <= 200 && admitted >= 50, `${before} before and ${admitted} afterwards`);
  });

  it("are shown and reset through a running gateway as they are on its database", async () => {
    const port = await freePort();
    const text = `${configure("one")}admin: { address: "127.0.0.1:${port}" }\n`;
    const file = stage.writeConfig(text);
    const gateway = await stage.startConfigured(text);
    await ask([gateway], "carol", 3);
    const admin = ["--admin", `http://127.0.0.1:${port}`];
    const shown = await quota("show", "monthly", ...admin);
    assert.equal(shown.code, 0, shown.err);
    assert.match(shown.out, /^monthly {2}header=carol /m);
    assert.equal(shown.out, (await quota("show", file, "monthly")).out);
    const reset = await quota("reset", "monthly", "header=carol", ...admin);
    assert.match(reset.out, /^reset: monthly of header=carol;/, reset.err);
    assert.match((await quota("show", "monthly", "header=carol", "--json", ...admin)).out, /"used":0\b/);
    const unknown = await quota("reset", "weekly", "header=carol", ...admin);
    assert.equal(unknown.code, 1);
    assert.match(unknown.err, /refused: there is no quota "weekly"; there are monthly/);
    await gateway.stop();
  });
});
