import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { Secret, systemClock, TimerWheel } from "../../src/base/index.ts";
import { main } from "../../src/cli/index.ts";
import { toLines } from "../../src/cli/status.ts";
import { createTerminal } from "../../src/cli/terminal.ts";
import { FakeControlPlane } from "../../src/control/control-plane-fake.ts";
import { type AdminServer, createAdminServer, type GatewayStatus } from "../../src/control/index.ts";
import { defaultTransport } from "../../src/transport/index.ts";

const folder = mkdtempSync(join(tmpdir(), "sallyport-admin-"));
after(() => rmSync(folder, { recursive: true }));

async function run(...argv: string[]) {
  const written = { out: "", err: "" };
  const stream = (key: "out" | "err") => ({
    write(text: string) {
      written[key] += text;
    },
  });
  const exitCode = await main(argv, createTerminal(stream("out"), stream("err"), {}));
  return { exitCode, ...written };
}

let plane: FakeControlPlane;
let server: AdminServer;
let url = "";
const wheel = new TimerWheel(systemClock);
after(() => wheel.stop());

async function serve(token: string | null): Promise<void> {
  plane = new FakeControlPlane();
  const config = { address: { host: "127.0.0.1", port: 0 }, token: token === null ? null : new Secret(token), hosts: [], tls: null };
  server = await createAdminServer(plane, config, { transport: defaultTransport(), clock: systemClock, wheel });
  assert.ok("port" in server.address);
  url = `http://127.0.0.1:${server.address.port}`;
}

describe("the commands that ask a running gateway", () => {
  beforeEach(() => serve(null));
  afterEach(() => server.close());

  it("find it by its configuration", async () => {
    const file = join(folder, "gateway.yaml");
    writeFileSync(
      file,
      `version: 1\nadmin: { address: ${url.slice("http://".length)} }\nlisteners: [{ name: http, address: 127.0.0.1:8080 }]\n`,
    );
    const { exitCode, out } = await run("status", file);
    assert.equal(exitCode, 0);
    assert.match(out, /^shop 1\.2\.3 on Node 26\.10\.0, process 4711: serving for /);
  });

  it("find it by its address where the configuration is broken, and say so", async () => {
    const file = join(folder, "broken.yaml");
    writeFileSync(file, "version: 1\nlistenres: []\n");
    const refused = await run("status", file);
    assert.equal(refused.exitCode, 1);
    assert.match(refused.err, /listenres/);
    assert.match(refused.err, /--admin http/);
    assert.equal((await run("status", "--admin", url)).exitCode, 0);
    assert.equal((await run("status", file, "--admin", `${url}/`)).exitCode, 0);
  });

  it("need one of the two", async () => {
    for (const argv of [
      ["status"],
      ["reload", "--admin", "ftp://x"],
      ["rollback", "--admin", "http://u:p@127.0.0.1"],
      ["status", "--admin", url, "--token-env", "NO_SUCH"],
    ]) {
      const { exitCode, err } = await run(...argv);
      assert.equal(exitCode, 2, argv.join(" "));
      assert.notEqual(err, "");
    }
    const file = join(folder, "closed.yaml");
    writeFileSync(file, "version: 1\nlisteners: [{ name: http, address: 127.0.0.1:8080 }]\n");
    assert.match((await run("reload", file)).err, /has no admin address/);
  });

  it("find it at a unix socket", async () => {
    const path = join(folder, "admin.sock");
    const host = { transport: defaultTransport(), clock: systemClock, wheel };
    const local = await createAdminServer(plane, { address: { path }, token: null, hosts: [], tls: null }, host);
    const { exitCode, out } = await run("reload", "--admin", `unix:${path}`);
    await local.close();
    assert.equal(exitCode, 0);
    assert.match(out, /^applied/);
    assert.deepEqual(plane.causes, ["reload: admin API"]);
  });

  it("say which of their files can't be read", async () => {
    assert.match((await run("status", "--admin", url, "--ca", join(folder, "none.pem"))).err, /--ca can't be read/);
    assert.match((await run("status", "--admin", url, "--cert", import.meta.filename)).err, /belong together/);
  });

  it("tell machines the status as it is", async () => {
    const { out } = await run("status", "--admin", url, "--json");
    assert.deepEqual(JSON.parse(out), { ok: true, status: plane.current });
  });

  it("reload, and say what is served now", async () => {
    const applied = await run("reload", "--admin", url);
    assert.equal(applied.exitCode, 0);
    assert.equal(applied.out, "applied: every worker serves generation 00ff00ff00ff00ff\n");
    plane.outcome = { outcome: "unchanged", generation: "00ff", issues: [] };
    const unchanged = await run("rollback", "--admin", url, "--json");
    assert.deepEqual(JSON.parse(unchanged.out), { ok: true, outcome: "unchanged", generation: "00ff", issues: [] });
    assert.deepEqual(plane.causes, ["reload: admin API, from 127.0.0.1", "rollback: admin API, from 127.0.0.1"]);
  });

  it("tell the mistakes for which a reload was refused, without what would steer a terminal", async () => {
    const issue = {
      code: "SP_CONFIG_UNKNOWN_REFERENCE",
      severity: "error",
      path: "routes[0].upstream",
      file: "gateway.yaml",
      line: 5,
      column: 73,
      message: "no upstream is named `\u001b[2Jordes`",
    } as const;
    plane.outcome = { outcome: "refused", generation: "00ff", issues: [issue], reason: "1 error" };
    const { exitCode, out, err } = await run("reload", "--admin", url);
    assert.equal(exitCode, 1);
    assert.equal(out, "");
    assert.match(err, /gateway\.yaml:5:73 SP_CONFIG_UNKNOWN_REFERENCE/);
    assert.match(err, /refused: 1 error; generation 00ff is served as before/);
    assert.ok(!err.includes("\u001b"));
    const { out: json, exitCode: code } = await run("reload", "--admin", url, "--json");
    assert.equal(code, 1);
    assert.deepEqual(JSON.parse(json), { ok: false, outcome: "refused", generation: "00ff", issues: [issue], reason: "1 error" });
  });

  it("say what can't be done now, with an exit code of its own", async () => {
    plane.outcome = { outcome: "impossible", generation: "00ff", issues: [], reason: "there is nothing to go back to" };
    const { exitCode, err } = await run("rollback", "--admin", url);
    assert.equal(exitCode, 6);
    assert.match(err, /503 SP_CONTROL_IMPOSSIBLE: there is nothing to go back to/);
  });

  it("say that nobody answers, or somebody else", async () => {
    const gone = url;
    await server.close();
    const { exitCode, err, out } = await run("status", "--admin", gone);
    assert.equal(exitCode, 6);
    assert.equal(out, "");
    assert.match(err, /can't be asked: nothing listens there/);
    const json = await run("reload", "--admin", gone, "--json");
    assert.equal((JSON.parse(json.out) as { ok: boolean }).ok, false);
    const stranger = await defaultTransport().listen({ host: "127.0.0.1", port: 0 }, (socket) => ({
      onOpen() {},
      onData() {
        socket.writeText("HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}");
        socket.end();
      },
      onDrain() {},
      onEnd() {},
      onClose() {},
    }));
    assert.ok("port" in stranger.address);
    assert.match((await run("status", "--admin", `http://127.0.0.1:${stranger.address.port}`)).err, /no admin address of Sallyport/);
    stranger.close();
  });
});

describe("the token of the commands that ask a running gateway", () => {
  before(() => {
    process.env["SALLYPORT_TEST_TOKEN"] = "s3cret-of-the-operator";
    process.env["SALLYPORT_TEST_WRONG"] = "guess";
  });
  after(() => {
    delete process.env["SALLYPORT_TEST_TOKEN"];
    delete process.env["SALLYPORT_TEST_WRONG"];
  });
  beforeEach(() => serve("s3cret-of-the-operator"));
  afterEach(() => server.close());

  it("comes from the environment, and is never shown", async () => {
    const right = await run("status", "--admin", url, "--token-env", "SALLYPORT_TEST_TOKEN");
    assert.equal(right.exitCode, 0);
    const none = await run("status", "--admin", url);
    assert.equal(none.exitCode, 6);
    assert.match(none.err, /401 SP_CONTROL_NO_TOKEN/);
    const wrong = await run("reload", "--admin", url, "--token-env", "SALLYPORT_TEST_WRONG");
    assert.equal(wrong.exitCode, 6);
    assert.match(wrong.err, /401 SP_CONTROL_WRONG_TOKEN/);
    assert.ok(![right, none, wrong].some(({ out, err }) => /s3cret|guess/.test(out + err)));
    assert.deepEqual(plane.causes, []);
  });
});

describe("sallyport status, for people", () => {
  const terminal = createTerminal({ write() {} }, { write() {} }, {});
  const base = new FakeControlPlane().current;
  const nowMs = Date.parse("2026-11-24T13:05:30.000Z");

  it("says on a few lines what there is to know", () => {
    assert.deepEqual(toLines(base, nowMs, terminal), [
      "shop 1.2.3 on Node 26.10.0, process 4711: serving for 1 h 5 min",
      "generation    3f2a9c417be0d586, before it 0a1b2c3d4e5f6071",
      "last reload   applied 35 min ago (SIGHUP)",
      "worker 0      serving, process 4712 for 1 h 5 min, 12 connections, 1 crash",
      "certificate   www.example.com (listener https): not issued yet",
      "certificates  1 other, the first to expire in 37 days: api.example.com (listener https)",
    ]);
  });

  it("names what is wrong: a rollback, a degraded team, old generations, certificates that expire", () => {
    const gateway: GatewayStatus = {
      ...base,
      isRolledBack: true,
      isDegraded: true,
      previousGeneration: null,
      lastReload: null,
      workers: [
        {
          ...base.workers[0]!,
          crashes: 0,
          connections: 1,
          generations: [base.generation, "00ff"],
          storesAway: [{ name: "redis", reason: "NOAUTH" }],
        },
      ],
      certificates: [
        { usedBy: "upstream orders", names: [], notAfter: "2026-11-20T00:00:00.000Z", fingerprint: "" },
        { usedBy: "listener https", names: ["a.test", "b.test", "c.test"], notAfter: "2026-12-01T00:00:00.000Z", fingerprint: "" },
      ],
    };
    assert.deepEqual(toLines(gateway, nowMs, terminal).slice(1), [
      "generation    3f2a9c417be0d586",
      "              rolled back: the files say something else than what is served",
      "              degraded: a file was refused, and what was good before is served, or nothing of it",
      "worker 0      serving, process 4712 for 1 h 5 min, 1 connection, requests under way on 00ff",
      "counters      redis away: NOAUTH; each limit's `onStoreFailure` holds",
      "certificate   without a name (upstream orders): expired 4 days ago",
      "certificate   a.test and 2 more (listener https): expires in 6 days",
    ]);
  });
});
