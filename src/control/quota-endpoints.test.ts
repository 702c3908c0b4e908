import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "node:test";
import { systemClock } from "../base/index.ts";
import { createQuotaOperations, type QuotaView } from "../limits/index.ts";
import { createMemoryStores, StoreFailure } from "../stores/index.ts";
import { AdminStage, GUARDED } from "./control-plane-fake.ts";

let stage: AdminStage;
afterEach(() => stage.stop());

const JSON_BODY = "Content-Type: application/json";
const toCode = ({ status, body }: { status: number; body: string }) => `${status} ${/"code":\s*"([^"]+)"/.exec(body)?.[1] ?? ""}`;

function post(body: unknown, lines: readonly string[] = [JSON_BODY]) {
  const text = typeof body === "string" ? body : JSON.stringify(body);
  return stage.ask("POST /quotas/reset", [...lines, `Content-Length: ${text.length}`], text);
}

async function list(query = ""): Promise<readonly string[]> {
  const reply = await stage.ask(`GET /quotas${query}`);
  assert.equal(reply.status, 200, reply.body);
  const { quotas } = JSON.parse(reply.body) as { quotas: readonly QuotaView[] };
  return quotas.map(({ limit, key, used }) => `${limit} ${key} ${used}`);
}

async function fill(): Promise<void> {
  const { quotas } = createMemoryStores();
  const nowMs = systemClock.wall();
  const request = { period: "p", endsAtMs: nowMs + 3_600_000, units: 100, isOwed: false };
  await quotas.reserve(
    [
      { ...request, limit: "orders", key: "user=a:alice", wanted: 5 },
      { ...request, limit: "orders", key: "user=a:b ob", wanted: 50 },
      { ...request, limit: "searches", key: "user=a:alice", wanted: 7 },
      { ...request, limit: "orders", key: "user=a:alice", wanted: 90, period: "before", endsAtMs: nowMs - 1 },
    ],
    nowMs,
  );
  stage.plane.quotas = createQuotaOperations(quotas, { clock: systemClock, limits: () => ["orders", "searches"] });
}

describe("quotas over the admin address", () => {
  beforeEach(async () => {
    stage = await AdminStage.start();
    await fill();
  });

  it("are listed by what the query says", async () => {
    assert.deepEqual(await list(), ["orders user=a:b ob 50", "searches user=a:alice 7", "orders user=a:alice 5"]);
    assert.deepEqual(await list("?limit=orders&key=user%3Da%3Aalice"), ["orders user=a:alice 5"]);
    assert.deepEqual(await list("?key=user=a:alice&all=true"), [
      "orders user=a:alice 90",
      "searches user=a:alice 7",
      "orders user=a:alice 5",
    ]);
    assert.deepEqual(await list("?most=1"), ["orders user=a:b ob 50"]);
    assert.deepEqual(await list("?key=nobody"), []);
    for (const query of ["?all=yes", "?limits=orders", "?key=a&key=b", "?most=0", "?most=10001", "?most=1e3", "?x"]) {
      assert.equal(toCode(await stage.ask(`GET /quotas${query}`)), "400 SP_CONTROL_QUOTA_INVALID", query);
    }
    const unknown = await stage.ask("GET /quotas?limit=order");
    assert.equal(toCode(unknown), "404 SP_CONTROL_QUOTA_ABSENT");
    assert.match(unknown.body, /there are orders, searches/);
  });

  it("are set back for a key, or for all when that is said", async () => {
    const reply = await post({ limit: "orders", key: "user=a:b ob" });
    assert.deepEqual([reply.status, JSON.parse(reply.body)], [200, { limit: "orders", key: "user=a:b ob", count: 1 }]);
    assert.deepEqual(await list("?limit=orders"), ["orders user=a:alice 5", "orders user=a:b ob 0"]);
    assert.equal(JSON.parse((await post({ limit: "orders", allKeys: true })).body).count, 2);
    assert.deepEqual(await list(), ["searches user=a:alice 7", "orders user=a:alice 0", "orders user=a:b ob 0"]);
    for (const body of ["{", "[]", {}, { limit: "orders" }, { limit: "orders", key: "a", all: true }, ""]) {
      assert.equal(toCode(await post(body)), "400 SP_CONTROL_QUOTA_INVALID", JSON.stringify(body));
    }
    assert.equal(toCode(await post({ limit: "x", key: "a" })), "404 SP_CONTROL_QUOTA_ABSENT");
    assert.equal(toCode(await post({ limit: "orders", key: "a" }, ["Content-Type: text/plain"])), "415 SP_CONTROL_KEY_MEDIA_TYPE");
  });

  it("are nowhere without a quota, and out of reach when the database is", async () => {
    stage.plane.quotas = null;
    assert.equal(await stage.statusOf("GET /quotas"), "409 SP_CONTROL_NO_QUOTAS");
    const fails = () => Promise.reject(new StoreFailure("the database db:5432/gateway can't be asked"));
    stage.plane.quotas = { list: fails, reset: fails };
    assert.equal(toCode(await stage.ask("GET /quotas")), "503 SP_CONTROL_STORE");
    assert.equal(toCode(await post({ limit: "orders", key: "a" })), "503 SP_CONTROL_STORE");
    assert.deepEqual(stage.bugs, []);
  });
});

describe("the pages of quotas", () => {
  it("are under the rules of every other page", async () => {
    stage = await AdminStage.start(GUARDED);
    const token = `Authorization: Bearer ${GUARDED.token?.reveal()}`;
    assert.equal(await stage.statusOf("GET /quotas"), "401 SP_CONTROL_NO_TOKEN");
    assert.equal(await stage.statusOf("POST /quotas/reset"), "401 SP_CONTROL_NO_TOKEN");
    assert.equal(await stage.statusOf("POST /quotas/reset", [token, "Origin: https://evil.example"]), "403 SP_CONTROL_CROSS_SITE");
    assert.equal(await stage.statusOf("GET /quotas/reset", [token]), "405 SP_CONTROL_METHOD");
    assert.equal((await stage.ask("GET /quotas", [token])).status, 200);
  });
});
