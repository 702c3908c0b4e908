// Limits of a gateway that changes under load: reloads, another Redis, rolling restarts, a worker that dies, and its end. Nobody is left
// without an answer but those whom the dead worker was serving, and what was counted is counted on, to the unit where a limit is exact.

import assert from "node:assert/strict";
import { readdirSync, writeFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { RedisServer, whyNoRedis } from "../kit/redis-servers.ts";
import { type Answer, Client, countStatuses } from "./limited-gateways.ts";
import { type GatewayProcess, RUNTIME, Stage, sleep, tell, waitFor } from "./processes.ts";
import { RequestLoad } from "./request-load.ts";

const TAKE_MS = 30_000;
const CLIENTS = 2;
/** More than ever comes here; how much of it is left says how many were counted. */
const WIDE = 1_000_000;
const COUNTED = ["local", "exact", "monthly"] as const;
const PATHS = [...COUNTED, "rough", "held"] as const;
const FREE = "free";
/** Connections that come and go with requests: of clients, and to the service. */
const LEFT_OPEN = 24;

interface Revision {
  readonly number: number;
  readonly redis: string;
  /** Of the limit that changes; null: there is no such limit. */
  readonly changing: number | null;
  /** Whether anything counts in Redis. */
  readonly isShared: boolean;
}

function toYaml({ number, redis, changing, isShared }: Revision, folder: string, service: string): string {
  const wide = `slidingWindow: { limit: ${WIDE}, window: 24h }`;
  const shared = `${wide}, store: redis, onStoreFailure: closed`;
  const limits: Record<string, string> = {
    local: `{ key: ip, ${wide} }`,
    monthly: `{ key: global, quota: { limit: ${WIDE}, per: month }, onStoreFailure: closed }`,
    held: "{ key: global, concurrency: { limit: 6 } }",
    evenly: "{ key: global, leakyBucket: { rate: 4/s, maxDelay: 5s } }",
    ...(isShared ? { exact: `{ key: ip, ${shared} }`, rough: `{ key: ip, ${shared}, mode: approximate }` } : {}),
    ...(changing === null ? {} : { changing: `{ key: ip, slidingWindowLog: { limit: ${changing}, window: 24h } }` }),
  };
  return `version: 1
gateway: { name: changes, workers: 2, watch: false, stateDir: ${folder}/state }
admin: { address: "127.0.0.1:0" }
database: { sqlite: { path: ${folder}/quotas.db } }
${isShared ? `counters: { redis: { url: "${redis}", timeout: 5s } }` : ""}
listeners: [{ name: main, address: "127.0.0.1:0", bounds: { connectionsPerIp: off } }]
upstreams: { main: { endpoints: ["${service}"] } }
rateLimits:
${Object.entries(limits)
  .map(([name, limit]) => `  ${name}: ${limit}`)
  .join("\n")}
routes:
${Object.keys(limits)
  .map((name) => `  - { name: ${name}, match: { path: /${name} }, public: true, rateLimits: [${name}], ${toTarget(name)} }`)
  .join("\n")}
  - { name: ${FREE}, match: { path: /${FREE} }, public: true, respond: { status: 200, body: "${number}" } }
telemetry: { accessLog: off }
`;
}

function toTarget(name: string): string {
  return name === "held" ? "upstream: main, rewrite: { path: /slow, query: { set: { ms: '20' } } }" : "respond: { status: 200, body: ok }";
}

describe(`limits of a gateway that changes, on ${RUNTIME}`, { skip: whyNoRedis() }, () => {
  const stage = new Stage();
  let redis: RedisServer;
  let other: RedisServer;
  let gateway: GatewayProcess;
  let revision: Revision;
  let service = "";
  let admin = "";
  let file = "";
  let loads: Readonly<Record<string, RequestLoad>> = {};

  before(async () => {
    [redis, other] = await Promise.all([RedisServer.start(), RedisServer.start()]);
    stage.onStop(() => Promise.all([redis.stop(), other.stop()]));
    service = await stage.startService();
    revision = { number: 0, redis: redis.url, changing: 3, isShared: true };
    file = stage.writeConfig(toYaml(revision, stage.folder, service));
    gateway = stage.launchGateway(file);
    await waitFor(() => !gateway.isAlive || /admin on/.test(gateway.err), TAKE_MS, "the gateway listens");
    gateway.port = Number(/listening on http:\/\/127\.0\.0\.1:(\d+)/.exec(gateway.err)?.[1]);
    admin = /admin on (http:\/\/\S+)/.exec(gateway.err)?.[1] ?? "";
    assert.notEqual(admin, "", gateway.err);
    loads = Object.fromEntries(
      PATHS.map((path) => [path, new RequestLoad({ port: gateway.port, path: `/${path}`, clients: CLIENTS, headers: () => ({}) })]),
    );
    stage.onStop(() => Promise.all(Object.values(loads).map((load) => load.stop())));
  });
  after(() => stage.stop());

  const status = async () => {
    const told = (await (await fetch(`${admin}/status`)).json()) as { generation: string; workers: { pid: number; state: string }[] };
    return { generation: told.generation, pids: told.workers.filter(({ state }) => state === "serving").map(({ pid }) => pid) };
  };

  /** All at once, on new connections: those that rest are closed by workers that end. */
  async function ask(...paths: readonly string[]): Promise<readonly Answer[]> {
    const client = new Client();
    const answers = await Promise.all(paths.map((path) => client.ask(gateway, `/${path}`)));
    client.close();
    return answers;
  }

  const repeat = (path: string, times: number) => new Array<string>(times).fill(path);

  async function change(what: Partial<Revision>): Promise<void> {
    const { generation } = await status();
    revision = { ...revision, ...what, number: revision.number + 1 };
    writeFileSync(file, toYaml(revision, stage.folder, service));
    gateway.child.kill("SIGHUP");
    await waitFor(async () => (await status()).generation !== generation, TAKE_MS, "the change is in force");
  }

  async function haveNewWorkers(before: readonly number[]): Promise<void> {
    const areNew = async () => {
      const { pids } = await status();
      return pids.length === 2 && before.every((pid) => !pids.includes(pid));
    };
    await waitFor(areNew, TAKE_MS, "new workers serve");
  }

  const unanswered = () => Object.values(loads).flatMap(({ answers }) => answers.filter(({ status }) => status === 0)).length;

  /** Asks once more with nobody else asking; how many were ever counted, and how many were ever answered. */
  async function counts(path: string): Promise<{ readonly counted: number; readonly answered: number }> {
    const [answer] = await ask(path);
    assert.equal(answer?.status, 200, path);
    return { counted: WIDE - Number(answer.headers["x-ratelimit-remaining"]) - 1, answered: loads[path]!.outcomes()["200"] ?? 0 };
  }

  const connectionsTo = async (server: RedisServer) =>
    String(await server.ask("CLIENT", "LIST"))
      .trim()
      .split("\n")
      .filter((line) => !/ cmd=client\|list /.test(line)).length;

  const descriptors = async () => (await status()).pids.reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0);

  it("are counted on over reloads that change others, one of them and none", async () => {
    const burst = async (count: number) => countStatuses(await ask(...repeat("changing", count)));
    assert.deepEqual(await burst(5), { 200: 3, 429: 2 });
    await change({});
    assert.deepEqual(await burst(5), { 429: 5 });
    await change({ changing: 4 });
    assert.deepEqual(await burst(7), { 200: 4, 429: 3 }, "another number is another limit");
    await change({ changing: null });
    assert.deepEqual(await burst(1), { 404: 1 });
    await change({ changing: 4 });
    assert.deepEqual(await burst(5), { 429: 5 }, "what was away for a while has forgotten nothing");
    assert.equal(unanswered(), 0);
  });

  it("are counted on over rolling restarts", async () => {
    const { pids } = await status();
    gateway.child.kill("SIGUSR2");
    await haveNewWorkers(pids);
    assert.equal(unanswered(), 0);
    assert.deepEqual(countStatuses(await ask("changing")), { 429: 1 });
  });

  it("hold one connection to Redis for each link of a worker, however often they are reloaded", async () => {
    const [connections, open] = [await connectionsTo(redis), await descriptors()];
    for (let i = 0; i < 6; i++) await change({});
    await waitFor(async () => (await connectionsTo(redis)) <= connections, 5000, `no more than ${connections} connections`);
    const after = await descriptors();
    tell(`6 reloads: ${connections} connections to Redis as before; ${open} descriptors, then ${after}`);
    assert.ok(after <= open + LEFT_OPEN, `${open}, then ${after}`);
    assert.equal(unanswered(), 0);
  });

  it("lose what a worker that dies was about to answer, and are exact to that", async () => {
    const { pids } = await status();
    process.kill(pids[0]!, "SIGKILL");
    await haveNewWorkers(pids.slice(0, 1));
    await sleep(300);
    assert.ok(unanswered() <= PATHS.length * CLIENTS, `${unanswered()}`);
    for (const path of PATHS) await loads[path]!.stop();
    for (const path of PATHS) {
      const outcomes = loads[path]!.answers.filter(({ status }) => status !== 200 && status !== 0);
      assert.deepEqual([path, outcomes], [path, []]);
      tell(`${path}: ${loads[path]!.answers.length} requests, ${loads[path]!.answers.filter(({ status }) => status === 0).length} lost`);
    }
    for (const path of ["local", "exact"]) {
      const { counted, answered } = await counts(path);
      assert.ok(counted >= answered && counted <= answered + CLIENTS, `${path}: ${counted} counted, ${answered} answered`);
    }
    // What the leases of the dead worker had left is gone.
    const { counted, answered } = await counts("monthly");
    assert.ok(counted >= answered, `${counted} counted, ${answered} answered`);
  });

  it("go over to another Redis, and let go of the one before", async () => {
    await change({ redis: other.url });
    assert.equal((await counts("exact")).counted, 0, "it counts from the beginning");
    assert.ok((await connectionsTo(other)) >= 2);
    await waitFor(async () => (await connectionsTo(redis)) === 0, 5000, "nobody is connected to the one before");
    await change({ redis: redis.url });
    assert.ok((await counts("exact")).counted > 100, "and goes on there when it is back");
    await change({ isShared: false });
    const isAlone = async () => (await connectionsTo(redis)) + (await connectionsTo(other)) === 0;
    await waitFor(isAlone, 5000, "without a limit that is shared nobody is connected");
  });

  it("end when all that is held is answered, and leave no process", async () => {
    await change({ isShared: true });
    const { pids } = await status();
    const held = ask(...repeat("evenly", 8), ...repeat("held", 6), ...COUNTED);
    await sleep(200);
    const code = await gateway.stop();
    assert.deepEqual(countStatuses(await held), { 200: 14 + COUNTED.length });
    assert.equal(code, 0);
    for (const pid of pids) assert.throws(() => process.kill(pid, 0), /ESRCH/);
    assert.equal((await connectionsTo(redis)) + (await connectionsTo(other)), 0);
    assert.doesNotMatch(gateway.err, /unhandled|\bat \S+ \(|\.ts:\d+/i);
  });
});
