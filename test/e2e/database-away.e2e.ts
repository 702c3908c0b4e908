// What becomes of callers when the gateways' PostgreSQL goes away: keys, sessions and internal tokens, under load, on two workers. What is
// known is believed for its time, then nobody is let in and each is told so; when it is back all go on within seconds.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import pg from "pg";
import { main } from "../../src/cli/index.ts";
import { createTerminal } from "../../src/cli/terminal.ts";
import { PostgresServer, whyNoPostgres } from "../../src/stores/engines/postgres-server.contract.ts";
import { OidcProvider } from "../kit/oidc-provider.ts";
import { logIn } from "./form-login.ts";
import { type GatewayProcess, RUNTIME, Stage, sleep, waitFor } from "./processes.ts";
import { RequestLoad } from "./request-load.ts";

const skip = whyNoPostgres();
/** What a worker opens to the database at most. */
const CONNECTIONS = 4;
/**
 * By then no node believes what it knows: keys 4 s, sessions 5 s, and upstreams are shown tokens by a key that signs and by the one behind it,
 * 4 s each, the last of which are kept for nearly 2 s.
 */
const OVER_MS = 10_500;
const BACK_MS = 10_000;
const SILENT_MS = 5000;
/** Connections to the service, of which there is one for each client at most. */
const LEFT_OPEN = 16;

const KINDS = ["keys", "page", "signed", "open"] as const;
type Kind = (typeof KINDS)[number];

describe(`a database that goes away, on ${RUNTIME}`, { skip }, () => {
  const stage = new Stage();
  let server: PostgresServer;
  let gateway: GatewayProcess;
  let url = "";
  let loads: Readonly<Record<Kind, RequestLoad>>;

  before(async () => {
    if (skip !== false) return;
    server = await PostgresServer.start(randomBytes(12).toString("hex"));
    stage.onStop(() => server.stop());
    assert.equal(server.database.kind, "postgres");
    url = (server.database as { url: { reveal(): string } }).url.reveal();
    process.env["AWAY_DATABASE"] = url;
    process.env["AWAY_SEAL"] = randomBytes(32).toString("hex");
    const provider = await OidcProvider.start();
    stage.onStop(() => provider.close());
    writeFileSync(join(stage.folder, "secret"), provider.web.secret);
    const service = await stage.startService();
    const text = toYaml(provider.issuer, service);
    gateway = await stage.startConfigured(text);
    await provider.allow({ redirectUris: [`${gateway.url}/auth/callback`] });
    const key = await createKey(stage.writeConfig(text));
    // That it was made is a change of it, of which each worker hears within 2 s and forgets what it knew.
    await sleep(2500);
    const cookie = await logIn(`${gateway.url}/page`, "alice");
    const headers = { keys: { "X-Api-Key": key }, page: { Cookie: cookie }, signed: {}, open: {} };
    const start = (kind: Kind) => new RequestLoad({ port: gateway.port, path: `/${kind}`, headers: () => headers[kind], pauseMs: 20 });
    loads = { keys: start("keys"), page: start("page"), signed: start("signed"), open: start("open") };
    stage.onStop(() => Promise.all(KINDS.map((kind) => loads[kind].stop())));
    await sleep(1000);
  });
  after(() => stage.stop());

  const outcomesSince = (fromMs: number) => Object.fromEntries(KINDS.map((kind) => [kind, Object.keys(loads[kind].outcomes(fromMs))]));
  const ALL_WELL = { keys: ["200"], page: ["200"], signed: ["200"], open: ["200"] };
  const NOBODY = ["503 SP_AUTH_UNAVAILABLE"];

  /** All have been answered well for half a second. */
  async function areWell(): Promise<void> {
    await waitFor(
      async () => {
        const fromMs = performance.now();
        await sleep(500);
        return JSON.stringify(outcomesSince(fromMs)) === JSON.stringify(ALL_WELL);
      },
      BACK_MS,
      "all are served",
    );
  }

  async function openConnections(): Promise<number> {
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    const { rows } = await client.query("select count(*)::int as open from pg_stat_activity where application_name = 'sallyport'");
    await client.end();
    return rows[0].open;
  }

  const descriptors = () => gateway.workerPids.map((pid) => readdirSync(`/proc/${pid}/fd`).length);

  it("is no matter for seconds, then nobody is let in by it, and all are when it is back", async () => {
    await areWell();
    const before = descriptors();
    const killedMs = performance.now();
    await server.kill();
    await sleep(1500);
    assert.deepEqual(outcomesSince(killedMs), ALL_WELL, "what is known is believed");
    await sleep(OVER_MS - 1500);
    const overMs = performance.now();
    await sleep(500);
    assert.deepEqual(outcomesSince(overMs), { keys: NOBODY, page: NOBODY, signed: NOBODY, open: ["200"] });
    await server.restart();
    await areWell();
    assert.deepEqual(Object.keys(loads.open.outcomes()), ["200"]);
    assert.ok((await openConnections()) <= 2 * CONNECTIONS);
    const after = descriptors();
    assert.ok(
      after.every((count, index) => count <= before[index]! + LEFT_OPEN),
      `descriptors: ${before}, then ${after}`,
    );
  });

  it("falls silent, and who asks waits for seconds at most", async () => {
    const pausedMs = performance.now();
    server.pause();
    try {
      await sleep(SILENT_MS);
    } finally {
      server.resume();
    }
    await areWell();
    for (const kind of ["keys", "page", "signed"] as const) assert.ok(loads[kind].slowestMs(pausedMs) < 7000, kind);
    assert.ok(loads.open.slowestMs(pausedMs) < 2000, "nobody else waits");
    assert.ok((await openConnections()) <= 2 * CONNECTIONS);
  });

  it("says what was wrong and when it is well again, and no worker has ended", async () => {
    assert.match(gateway.err, /identity partners: .*the database 127\.0\.0\.1:\d+\/postgres can't be asked: connect ECONNREFUSED/);
    assert.match(gateway.err, /well again\n$/);
    assert.doesNotMatch(gateway.err, /unhandled|at \w+ \(|postgres:\/\//i);
    for (const kind of KINDS)
      assert.deepEqual(
        Object.keys(loads[kind].outcomes()).filter((each) => each !== "200" && each !== NOBODY[0]),
        [],
      );
    assert.equal(await gateway.stop(), 0);
  });
});

function toYaml(issuer: string, service: string): string {
  return `version: 1
gateway: { name: shop, workers: 2, watch: false, sealKeys: ["\${env:AWAY_SEAL}"] }
admin: off
listeners: [{ name: main, address: "127.0.0.1:0", bounds: { connectionsPerIp: off } }]
database: { postgres: { url: "\${env:AWAY_DATABASE}" } }
internalKeys: { rotateEvery: 4s, overlap: 2s }
identities:
  partners: { apiKey: { header: X-Api-Key } }
  web:
    session:
      { issuer: "${issuer}", clientId: web, clientSecret: "\${file:secret}", cookie: sid, store: database, path: /auth }
upstreams:
  main: { endpoints: ["${service}"] }
  signed: { endpoints: ["${service}"], internalToken: { audience: orders, ttl: 2s } }
routes:
  - { name: keys, match: { path: /keys }, auth: [partners], upstream: main }
  - { name: page, match: { path: /page }, auth: [web], upstream: main }
  - { name: signed, match: { path: /signed }, public: true, upstream: signed }
  - { name: open, match: { path: /open }, public: true, upstream: main }
telemetry: { accessLog: off }
`;
}

async function createKey(file: string): Promise<string> {
  let key = "";
  const out = {
    write(text: string) {
      key += text;
    },
  };
  assert.equal(await main(["keys", "create", file, "--owner", "acme"], createTerminal(out, { write: () => undefined }, {})), 0);
  return key.trim();
}
