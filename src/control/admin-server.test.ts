import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { Secret } from "../base/index.ts";
import type { AdminConfig, Issue } from "../config/index.ts";
import type { ReloadOutcome } from "./control-plane.ts";
import { type AdminReply, AdminStage, GUARDED, LOOPBACK } from "./control-plane-fake.ts";
import { ENDPOINTS } from "./endpoints.ts";
import { describeApi } from "./openapi.ts";

let stage: AdminStage;
afterEach(() => stage.stop());

function codeOf({ headers, body }: AdminReply): unknown {
  assert.equal(headers.get("content-type"), "application/problem+json");
  const problem = JSON.parse(body) as Record<string, unknown>;
  assert.match(String(problem["requestId"]), /^[0-9a-f]{16}-\d+$/);
  return problem["code"];
}

const ISSUE: Issue = {
  code: "SP_CONFIG_UNKNOWN_REFERENCE",
  severity: "error",
  path: "routes[0].upstream",
  file: "gateway.yaml",
  line: 5,
  column: 73,
  message: "no upstream is named `ordes`",
  hint: "did you mean `orders`?",
  excerpt: { text: "  token: hunter2", width: 5 },
};

describe("the admin address", () => {
  it("answers each page by what the control plane says", async () => {
    stage = await AdminStage.start();
    const json = async (path: string) => JSON.parse((await stage.ask(`GET ${path}`)).body) as Record<string, unknown>;
    const { current } = stage.plane;
    assert.deepEqual(await json("/healthz"), { status: "ok", generation: current.generation });
    assert.deepEqual(await json("/readyz"), { status: "ready", generation: current.generation });
    assert.deepEqual(await json("/status"), current);
    assert.deepEqual(await json("/workers"), { workers: current.workers });
    assert.deepEqual(await json("/certificates"), { certificates: current.certificates });
    assert.deepEqual(await json("/config"), { generation: current.generation });
    assert.deepEqual(Object.keys(await json("/generation")), [
      "generation",
      "previousGeneration",
      "isRolledBack",
      "isDegraded",
      "lastReload",
    ]);
    assert.equal(((await json("/upstreams"))["upstreams"] as unknown[]).length, 1);
    const metrics = await stage.ask("GET /metrics");
    assert.equal(metrics.headers.get("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    assert.equal(metrics.body, "# TYPE a counter\na 1\n");
    const listed = (await json("/"))["endpoints"] as { method: string; path: string }[];
    assert.deepEqual(
      listed.map(({ method, path }) => `${method} ${path}`),
      ENDPOINTS.map(({ method, path }) => `${method} ${path}`),
    );
  });

  it("is ready as long as the control plane is, and says why it is not", async () => {
    stage = await AdminStage.start();
    stage.plane.ready = false;
    for (const [state, status] of [
      ["starting", "starting"],
      ["serving", "unready"],
      ["draining", "draining"],
    ] as const) {
      stage.plane.current = { ...stage.plane.current, state };
      const reply = await stage.ask("GET /readyz");
      assert.equal(reply.status, 503);
      assert.equal((JSON.parse(reply.body) as { status: string }).status, status);
    }
    assert.equal((await stage.ask("GET /healthz")).status, 200);
  });

  it("gives every answer, an error's too, words that keep browsers and caches off", async () => {
    stage = await AdminStage.start(GUARDED);
    for (const line of ["GET /healthz", "GET /status", "POST /healthz", "GET /healthz/..", "FOO\x01 /"]) {
      const { headers, status } = await stage.ask(line);
      assert.equal(headers.get("cache-control"), "no-store", line);
      assert.equal(headers.get("x-content-type-options"), "nosniff", line);
      assert.equal(headers.get("content-security-policy"), "default-src 'none'; frame-ancestors 'none'", line);
      assert.equal(headers.get("cross-origin-resource-policy"), "same-origin", line);
      assert.equal(headers.get("access-control-allow-origin"), undefined);
      assert.equal(headers.has("www-authenticate"), status === 401);
    }
  });

  it("answers HEAD as GET without the body, and other methods with 405 and what is taken", async () => {
    stage = await AdminStage.start();
    const { headers, body, status } = await stage.ask("HEAD /status");
    assert.equal(status, 200);
    assert.equal(body, "");
    assert.equal(Number(headers.get("content-length")), (await stage.ask("GET /status")).body.length);
    for (const [line, allow] of [
      ["POST /status", "GET, HEAD"],
      ["OPTIONS /status", "GET, HEAD"],
      ["GET /reload", "POST"],
      ["HEAD /reload", "POST"],
      ["DELETE /rollback", "POST"],
    ] as const) {
      const reply = await stage.ask(line);
      assert.equal(reply.status, 405, line);
      assert.equal(reply.headers.get("allow"), allow);
      if (!line.startsWith("HEAD")) assert.equal(codeOf(reply), "SP_CONTROL_METHOD");
    }
    assert.deepEqual(stage.plane.causes, []);
  });

  it("waits for the outcome of a reload and of a rollback, and says who asked", async () => {
    stage = await AdminStage.start();
    const outcome: ReloadOutcome = { outcome: "applied", generation: "00ff", issues: [ISSUE] };
    stage.plane.outcome = outcome;
    const reply = await stage.ask("POST /reload");
    assert.equal(reply.status, 200);
    const { excerpt, ...plain } = ISSUE;
    assert.deepEqual(JSON.parse(reply.body), { ...outcome, issues: [plain] });
    stage.plane.outcome = { outcome: "unchanged", generation: "00ff", issues: [] };
    assert.equal((await stage.ask("POST /rollback", ["Content-Length: 7"], "ignored")).status, 200);
    assert.deepEqual(stage.plane.causes, ["reload: admin API, from 127.0.0.1", "rollback: admin API, from 127.0.0.1"]);
  });

  it("tells of a refused reload what is wrong and where, without the file's own text", async () => {
    stage = await AdminStage.start();
    stage.plane.outcome = { outcome: "refused", generation: "00ff", issues: [ISSUE], reason: "1 error" };
    const reply = await stage.ask("POST /reload");
    assert.equal(reply.status, 409);
    assert.equal(codeOf(reply), "SP_CONTROL_REFUSED");
    assert.ok(!reply.body.includes("hunter2"));
    const { issues, detail, generation } = JSON.parse(reply.body) as Record<string, unknown>;
    assert.deepEqual({ detail, generation }, { detail: "1 error", generation: "00ff" });
    assert.deepEqual((issues as Issue[])[0]?.line, 5);
    stage.plane.outcome = { outcome: "impossible", generation: "00ff", issues: [], reason: "there is nothing to go back to" };
    const impossible = await stage.ask("POST /rollback");
    assert.equal(impossible.status, 503);
    assert.equal(codeOf(impossible), "SP_CONTROL_IMPOSSIBLE");
  });

  it("answers others while a reload is under way", async () => {
    stage = await AdminStage.start();
    const pending = Promise.withResolvers<ReloadOutcome>();
    stage.plane.outcome = pending.promise;
    const reload = stage.connect("POST /reload HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await stage.settle();
    assert.equal((await stage.ask("GET /status")).status, 200);
    assert.equal((await stage.ask("GET /metrics")).status, 200);
    assert.equal(reload.received, "");
    pending.resolve({ outcome: "applied", generation: "00ff", issues: [] });
    await stage.settle();
    assert.equal(reload.reply().status, 200);
  });

  it("gives a page up that hangs, and one that fails, and goes on", async () => {
    stage = await AdminStage.start();
    stage.plane.metrics = () => new Promise(() => {});
    const hanging = stage.connect("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await stage.settle();
    stage.clock.advance(9_900);
    assert.equal(hanging.received, "");
    stage.clock.advance(200);
    await stage.settle();
    assert.equal(hanging.reply().status, 504);
    const failure = new Error("the worker is gone");
    stage.plane.metrics = () => Promise.reject(failure);
    const failed = await stage.ask("GET /metrics");
    assert.equal(failed.status, 500);
    assert.ok(!failed.body.includes("worker"));
    assert.deepEqual(stage.bugs, [failure]);
    assert.equal((await stage.ask("GET /status")).status, 200);
  });

  it("has nothing for a client that left before its answer came", async () => {
    stage = await AdminStage.start();
    const pending = Promise.withResolvers<ReloadOutcome>();
    stage.plane.outcome = pending.promise;
    const reload = stage.connect("POST /reload HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await stage.settle();
    reload.close();
    await stage.settle();
    pending.resolve({ outcome: "applied", generation: "00ff", issues: [] });
    await stage.settle();
    assert.equal(reload.received, "");
    assert.deepEqual(stage.bugs, []);
    assert.deepEqual(stage.network.openSockets, []);
  });

  it("answers what is owed when it closes, and then nobody", async () => {
    stage = await AdminStage.start();
    const pending = Promise.withResolvers<ReloadOutcome>();
    stage.plane.outcome = pending.promise;
    const reload = stage.connect("POST /reload HTTP/1.1\r\nHost: localhost\r\n\r\n");
    const idle = stage.connect("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await stage.settle();
    assert.equal(idle.isOver, false);
    const closed = stage.server.close();
    await stage.settle();
    assert.equal(idle.isOver, true);
    pending.resolve({ outcome: "unchanged", generation: "00ff", issues: [] });
    await stage.settle();
    assert.equal(reload.reply().status, 200);
    assert.equal(reload.reply().headers.get("connection"), "close");
    await closed;
    assert.deepEqual(stage.network.openSockets, []);
    // Nothing of the server's own waits: what is left is the wheel's.
    stage.wheel.stop();
    assert.equal(stage.clock.pendingCalls, 0);
  });

  it("counts requests by page and class, and refusals by code", async () => {
    stage = await AdminStage.start(GUARDED);
    await stage.ask("GET /healthz");
    await stage.ask("GET /status");
    await stage.ask("GET /status", ["Authorization: Bearer wrong"]);
    assert.equal(stage.count('sallyport_admin_requests_total{page="/healthz",class="2xx"}'), 1);
    assert.equal(stage.count('sallyport_admin_requests_total{page="",class="4xx"}'), 2);
    assert.equal(stage.count('sallyport_admin_refusals_total{code="SP_CONTROL_NO_TOKEN"}'), 1);
    assert.equal(stage.count('sallyport_admin_refusals_total{code="SP_CONTROL_WRONG_TOKEN"}'), 1);
  });
});

describe("createAdminServer", () => {
  const open: AdminConfig = { ...LOOPBACK, address: { host: "0.0.0.0", port: 9901 } };
  const tls = (modes: readonly ("required" | "optional" | null)[]): AdminConfig["tls"] => ({
    minVersion: "TLSv1.2",
    certificates: modes.map((mode) => ({
      pair: null,
      acme: { names: ["a"] },
      clientAuth: mode === null ? null : { mode, ca: "", caFile: "", crl: [] },
    })),
  });
  const answerer = { minVersion: "TLSv1.2" as const, protocols: [], select: () => null };

  it("refuses to be open to everybody: beyond loopback there is a token, or a certificate of each client", async () => {
    stage = await AdminStage.start();
    for (const [config, pattern] of [
      [open, /not loopback/],
      [{ ...open, address: { host: "::", port: 1 } }, /not loopback/],
      [{ ...open, tls: tls([]) }, /not loopback/],
      [{ ...open, tls: tls([null]) }, /not loopback/],
      [{ ...open, tls: tls(["required", "optional"]) }, /not loopback/],
      [{ ...LOOPBACK, token: new Secret("") }, /empty/],
    ] as const) {
      await assert.rejects(AdminStage.start(config, { tls: answerer }), pattern);
    }
    await assert.rejects(AdminStage.start({ ...open, tls: tls(["required"]) }), /nothing to answer handshakes/);
    for (const config of [
      { ...open, token: new Secret("t") },
      { ...open, tls: tls(["required"]) },
      { ...LOOPBACK, address: { host: "::1", port: 1 } },
      { ...LOOPBACK, address: { host: "127.3.2.1", port: 1 } },
      { ...LOOPBACK, address: { path: "/run/admin.sock" } },
    ]) {
      await (await AdminStage.start(config, { tls: answerer })).stop();
    }
  });

  it("asks for a certificate in place of a token also when a handshake let somebody in without one", async () => {
    stage = await AdminStage.start({ ...open, tls: tls(["required"]) }, { tls: answerer });
    const reply = await stage.ask("GET /status", ["Host: 0.0.0.0"]);
    assert.equal(reply.status, 403);
    assert.equal(codeOf(reply), "SP_CONTROL_NO_CERTIFICATE");
  });

  it("brings another configuration's token and hosts into force, but none that would open it", async () => {
    stage = await AdminStage.start(GUARDED);
    stage.server.follow({ ...GUARDED, token: new Secret("another"), hosts: ["gw-admin.internal"] });
    assert.equal((await stage.ask("GET /status", ["Authorization: Bearer s3cret-of-the-operator"])).status, 401);
    assert.equal((await stage.ask("GET /status", ["Authorization: Bearer another", "Host: gw-admin.internal"])).status, 200);
    assert.throws(() => stage.server.follow({ ...GUARDED, token: new Secret("") }), /empty/);
    assert.throws(() => stage.server.follow({ ...GUARDED, tls: tls(["required"]) }), /can't begin/);
    assert.equal((await stage.ask("GET /status", ["Authorization: Bearer another"])).status, 200);
  });
});

describe("connections of an admin address whose rules for certificates change", () => {
  it("end, so that nobody goes on with a certificate that is good no more; others stay", async () => {
    const tls = (ca: string): AdminConfig["tls"] => ({
      minVersion: "TLSv1.2",
      certificates: [{ pair: null, acme: { names: ["a"] }, clientAuth: { mode: "required", ca, caFile: "", crl: [] } }],
    });
    const config = { ...GUARDED, tls: tls("one") };
    stage = await AdminStage.start(config, { tls: { minVersion: "TLSv1.2", protocols: [], select: () => null } });
    const idle = stage.connect("GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await stage.settle();
    stage.server.follow({ ...config, hosts: ["gw"], token: new Secret("another") });
    await stage.settle();
    assert.equal(idle.isOver, false);
    stage.plane.outcome = new Promise(() => {});
    const busy = stage.connect("POST /reload HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer another\r\n\r\n");
    await stage.settle();
    stage.server.follow({ ...config, token: new Secret("another"), tls: tls("two") });
    await stage.settle();
    assert.equal(idle.isOver, true);
    assert.equal(busy.isOver, false);
  });
});

describe("the OpenAPI document", () => {
  it("has one operation for each method of a path, with an id of its own", async () => {
    stage = await AdminStage.start();
    assert.equal(new Set(ENDPOINTS.map(({ method, path }) => `${method} ${path}`)).size, ENDPOINTS.length);
    const ids = [...JSON.stringify(describeApi(ENDPOINTS)).matchAll(/"operationId":"([^"]+)"/g)].map(([, id]) => id);
    assert.equal(new Set(ids).size, ENDPOINTS.length);
    assert.deepEqual(JSON.parse((await stage.ask("GET /openapi.json")).body), describeApi(ENDPOINTS));
  });

  it("describes what is answered, to the key", async () => {
    stage = await AdminStage.start();
    stage.plane.outcome = { outcome: "refused", generation: "00ff", issues: [ISSUE], reason: "1 error" };
    const document = describeApi(ENDPOINTS) as {
      paths: Record<string, Record<string, { responses: Record<string, { content: Record<string, { schema: object }> }> }>>;
    };
    const ajv = new Ajv2020({ strict: false, formats: { "date-time": true } });
    ajv.addSchema(document, "api");
    const { record } = await stage.plane.keys!.create({ owner: "acme", expires: "1d" });
    for (const { path, method, takes } of ENDPOINTS) {
      if (path === "/config") continue;
      const body = takes === "NewApiKey" ? '{"owner":"acme"}' : "";
      const lines = body === "" ? [] : ["Content-Type: application/json", `Content-Length: ${body.length}`];
      const reply = await stage.ask(`${method} ${path.replace("{id}", record.id)}`, lines, body);
      const { responses } = document.paths[path]![method.toLowerCase()]!;
      const [type = "", { schema }] = Object.entries(responses[reply.status]!.content)[0]!;
      assert.ok(reply.headers.get("content-type")?.startsWith(type), path);
      if (type === "text/plain") continue;
      const { $ref } = schema as { $ref: string };
      const judge = ajv.getSchema(`api${$ref}`);
      assert.ok(judge, $ref);
      assert.ok(judge(JSON.parse(reply.body)), `${path}: ${ajv.errorsText(judge.errors)}`);
    }
  });
});
