import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import type { ApiKeyOperations, ApiKeyView, IssuedKey } from "../identity/index.ts";
import { StoreFailure } from "../stores/index.ts";
import { AdminStage, GUARDED } from "./control-plane-fake.ts";

let stage: AdminStage;
afterEach(() => stage.stop());

const JSON_BODY = "Content-Type: application/json";

function post(path: string, body: unknown, lines: readonly string[] = [JSON_BODY]) {
  // What is sent is a character for each byte.
  const text = typeof body === "string" ? body : Buffer.from(JSON.stringify(body)).toString("latin1");
  return stage.ask(`POST ${path}`, [...lines, `Content-Length: ${text.length}`], text);
}

async function create(body: object = {}): Promise<IssuedKey> {
  const reply = await post("/keys", { owner: "acme", ...body });
  assert.equal(reply.status, 201, reply.body);
  return JSON.parse(reply.body) as IssuedKey;
}

async function get<Answer>(path: string): Promise<Answer> {
  const reply = await stage.ask(`GET ${path}`);
  assert.equal(reply.status, 200, reply.body);
  return JSON.parse(reply.body) as Answer;
}

const toCode = ({ status, body }: { status: number; body: string }) => `${status} ${/"code":\s*"([^"]+)"/.exec(body)?.[1] ?? ""}`;

describe("API keys over the admin address", () => {
  it("are made, and told in that answer alone, which nobody keeps", async () => {
    stage = await AdminStage.start();
    const reply = await post("/keys", { owner: "acme", scopes: ["orders"], note: "Zo\u00eb" });
    const { key, record } = JSON.parse(Buffer.from(reply.body, "latin1").toString()) as IssuedKey;
    assert.equal(reply.status, 201);
    assert.equal(reply.headers.get("cache-control"), "no-store");
    assert.match(key, /^spk_/);
    assert.equal(record.note, "Zo\u00eb");
    for (const path of ["/keys", `/keys/${record.id}`, "/status", "/config", "/metrics"]) {
      assert.ok(!(await stage.ask(`GET ${path}`)).body.includes(key), path);
    }
  });

  it("are listed by what the query says", async () => {
    stage = await AdminStage.start();
    const [first, second] = [await create(), await create({ owner: "a b" })];
    await post(`/keys/${first.record.id}/revoke`, "");
    const list = async (query: string) => (await get<{ keys: ApiKeyView[] }>(`/keys${query}`)).keys.map(({ id }) => id);
    assert.deepEqual(await list(""), [second.record.id]);
    assert.deepEqual(await list("?owner=a%20b&identity=partners"), [second.record.id]);
    assert.deepEqual(await list("?all=true&owner=acme"), [first.record.id]);
    for (const query of ["?all=yes", "?owners=acme", "?owner=a&owner=b", "?x"]) {
      assert.equal(toCode(await stage.ask(`GET /keys${query}`)), "400 SP_CONTROL_KEY_INVALID", query);
    }
  });

  it("are rotated and revoked", async () => {
    stage = await AdminStage.start();
    const { record } = await create();
    const reply = await post(`/keys/${record.id}/rotate`, { overlap: "1h" });
    assert.equal(reply.status, 201);
    const next = JSON.parse(reply.body) as IssuedKey;
    assert.equal(next.replaces?.id, record.id);
    assert.equal((await get<ApiKeyView>(`/keys/${record.id}`)).replacedBy, next.record.id);
    assert.equal(toCode(await post(`/keys/${record.id}/rotate`, {})), "409 SP_CONTROL_KEY_ENDED");
    assert.equal((await stage.ask(`POST /keys/${next.record.id}/revoke`)).status, 200);
    assert.equal((await get<ApiKeyView>(`/keys/${next.record.id}`)).state, "revoked");
  });

  it("are refused with what is wrong", async () => {
    stage = await AdminStage.start();
    const bad = await post("/keys", { owner: "acme", scope: ["x"] });
    assert.equal(toCode(bad), "400 SP_CONTROL_KEY_INVALID");
    assert.match(bad.body, /`scope` means nothing here/);
    assert.match(bad.body, /"requestId": "[0-9a-f]{16}-\d+"/);
    for (const body of ["{", "[]", "7", '{"owner":"\xff"}', '{"owner":""}', ""]) {
      assert.equal(toCode(await post("/keys", body)), "400 SP_CONTROL_KEY_INVALID", body);
    }
    for (const path of ["/keys/none", "/keys/constructor"]) assert.equal(await stage.statusOf(`GET ${path}`), "404 SP_CONTROL_KEY_ABSENT");
    assert.equal(toCode(await post("/keys/none/rotate", {})), "404 SP_CONTROL_KEY_ABSENT");
    assert.equal(await stage.statusOf("POST /keys/none/revoke"), "404 SP_CONTROL_KEY_ABSENT");
  });

  it("are made of JSON alone, of which there is so much and no more", async () => {
    stage = await AdminStage.start();
    for (const type of ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", "text/plain; application/json"]) {
      assert.equal(toCode(await post("/keys", { owner: "acme" }, [`Content-Type: ${type}`])), "415 SP_CONTROL_KEY_MEDIA_TYPE", type);
    }
    assert.equal(toCode(await post("/keys", { owner: "acme" }, [])), "415 SP_CONTROL_KEY_MEDIA_TYPE");
    assert.equal((await post("/keys", { owner: "acme" }, ["Content-Type: APPLICATION/json; charset=utf-8"])).status, 201);
    assert.equal((await post("/keys", { owner: "acme", note: "n".repeat(65 * 1024) })).status, 413);
  });

  it("are under the rules of every other page", async () => {
    stage = await AdminStage.start(GUARDED);
    const token = `Authorization: Bearer ${GUARDED.token?.reveal()}`;
    assert.equal(await stage.statusOf("GET /keys"), "401 SP_CONTROL_NO_TOKEN");
    assert.equal(toCode(await post("/keys", { owner: "a" })), "401 SP_CONTROL_NO_TOKEN");
    assert.equal(await stage.statusOf("POST /keys/x/revoke", [token, "Origin: https://evil.example"]), "403 SP_CONTROL_CROSS_SITE");
    assert.equal(await stage.statusOf("GET /keys", [token, "Host: evil.example"]), "421 SP_CONTROL_WRONG_HOST");
    assert.equal(await stage.statusOf("DELETE /keys/x", [token]), "405 SP_CONTROL_METHOD");
    const { headers } = await stage.ask("DELETE /keys", [token]);
    assert.equal(headers.get("allow"), "GET, HEAD, POST");
    for (const path of ["/keys/", "/keys/x/", "/keys/x/y", "/keys//revoke", "/keys/%78", "/keyz/x", "/status/x"]) {
      assert.match(await stage.statusOf(`GET ${path}`, [token]), /^40[04]/, path);
      assert.doesNotMatch(await stage.statusOf(`GET ${path}`, [token]), /KEY_/, path);
    }
  });

  it("are counted by page, whatever their ids are", async () => {
    stage = await AdminStage.start();
    await stage.ask("GET /keys/none");
    assert.equal(stage.count('sallyport_admin_requests_total{page="/keys/{id}",class="4xx"}'), 1);
  });

  it("are nowhere without a database, and out of reach when it is", async () => {
    stage = await AdminStage.start();
    stage.plane.keys = null;
    for (const line of ["GET /keys", "GET /keys/a", "POST /keys", "POST /keys/a/revoke"]) {
      assert.equal(await stage.statusOf(line), "409 SP_CONTROL_NO_DATABASE", line);
    }
    const fails = () => Promise.reject(new StoreFailure("the database db:5432/gateway can't be asked"));
    const away: ApiKeyOperations = { create: fails, list: fails, show: fails, rotate: fails, revoke: fails };
    stage.plane.keys = away;
    const reply = await stage.ask("GET /keys");
    assert.equal(toCode(reply), "503 SP_CONTROL_STORE");
    assert.match(reply.body, /db:5432/);
    assert.deepEqual(stage.bugs, []);
  });
});
