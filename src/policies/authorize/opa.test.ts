import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { get, PolicyStage } from "../../../test/pipeline/policy-stage.ts";
import { CallFailure, jsonAnswer, textAnswer } from "../../calls/index.ts";
import { OPA_URL, settle, stageAuthorize, toPrincipal } from "./authorize-fakes.ts";
import { MOST_UNDER_WAY } from "./opa.ts";

const inputOf = (call: { readonly body: string | null }) => (JSON.parse(call.body ?? "") as { input: Record<string, unknown> }).input;

describe("what OPA is asked", () => {
  it("is all of the request that a policy may want, and of its headers those that are named", async () => {
    const principal = toPrincipal({ tenant: "t", roles: ["r"], scopes: ["s"], claims: { level: 1.5, none: null } });
    const { stage, calls } = await stageAuthorize(PolicyStage.create, { opa: { sendHeaders: ["X-Plan", "X-None"] }, principal });
    calls.replyJson(OPA_URL, { result: true });
    const client = stage.send(get("/orders/a%20b/", "X-Plan: gold\r\nX-Plan: extra\r\nCookie: secret=1\r\n"));
    await settle(stage);
    assert.equal(client.status, 200);
    const [call] = calls.made;
    assert.deepEqual([call?.method, call?.url, call?.timeoutMs], ["POST", OPA_URL, 1000]);
    assert.deepEqual(inputOf(call!), {
      method: "GET",
      path: ["orders", "a b", ""],
      rawPath: "/orders/a%20b/",
      host: "a.test",
      query: {},
      headers: { "x-plan": "gold, extra" },
      route: "route",
      principal: { id: "alice", identity: "users", tenant: "t", roles: ["r"], scopes: ["s"], claims: { level: 1.5, none: null } },
      ip: "127.0.0.1",
    });
    stage.finish();
  });
});

describe("a decision of OPA", () => {
  for (const [answer, status] of [
    [{ result: true }, 200],
    [{ result: { allow: true, why: "x" } }, 200],
    [{ result: false }, 403],
    [{ result: { allow: false } }, 403],
    [{ result: { allow: "true" } }, 403],
    [{ result: { allow: 1 } }, 403],
    [{ result: {} }, 403],
    [{ result: "true" }, 403],
    [{ result: 1 }, 403],
    [{ result: [true] }, 403],
    [{ result: null }, 403],
    [{}, 403],
    [{ allow: true }, 403],
    [[true], 503],
    [true, 503],
    [null, 503],
  ] as const) {
    it(`${JSON.stringify(answer)} gives ${status}`, async () => {
      const { stage, calls } = await stageAuthorize(PolicyStage.create, { opa: {} });
      calls.replyJson(OPA_URL, answer);
      const client = stage.send(get());
      await settle(stage);
      assert.equal(client.status, status);
      assert.equal(stage.server.seen.length, status === 200 ? 1 : 0);
      stage.finish();
    });
  }

  for (const [title, reply] of [
    ["nobody there", new CallFailure("connect", "nothing answers")],
    ["no answer in time", new CallFailure("timeout", "late")],
    ["an answer that is cut", textAnswer('{"result": tr')],
    ["an answer of another status, whatever it says", jsonAnswer({ result: true }, 500)],
    ["a redirect", jsonAnswer({ result: true }, 302)],
    ["no content", textAnswer("", 204)],
  ] as const) {
    it(`is none, and nobody passes: ${title}`, async () => {
      const { stage, calls, watcher } = await stageAuthorize(PolicyStage.create, { opa: { cacheForMs: 1000 } });
      calls.reply(OPA_URL, reply);
      const client = stage.send(get());
      await settle(stage);
      assert.equal(client.status, 503);
      assert.equal(client.code, "SP_AUTH_UNAVAILABLE");
      assert.match(watcher.asked.join(), /^users opa (?!good)./);
      calls.replyJson(OPA_URL, { result: true });
      const next = stage.send(get());
      await settle(stage);
      assert.equal(next.status, 200, "a failure is not kept");
      stage.finish();
    });
  }
});

describe("decisions that are kept", () => {
  it("answer who asks the very same, until their time is over", async () => {
    const { stage, calls } = await stageAuthorize(PolicyStage.create, { opa: { cacheForMs: 1000 } });
    calls.replyJson(OPA_URL, { result: true });
    stage.send(get());
    await settle(stage);
    calls.replyJson(OPA_URL, { result: false });
    stage.advance(999);
    assert.equal(stage.send(get()).status, 200);
    assert.equal(calls.count(OPA_URL), 1);
    stage.advance(1);
    const late = stage.send(get());
    await settle(stage);
    assert.equal(late.status, 403);
    assert.equal(stage.send(get()).status, 403, "what was denied is kept as well");
    assert.equal(calls.count(OPA_URL), 2);
    stage.finish();
  });

  it("are nobody else's, and for nothing else", async () => {
    const { stage, calls, box } = await stageAuthorize(PolicyStage.create, { opa: { cacheForMs: 1000, sendHeaders: ["X-Plan"] } });
    calls.replyJson(OPA_URL, { result: true });
    const others = ["/x", "/x/", "/X", "/x?a=1", "/x?a=2"].map((path) => get(path));
    for (const text of [
      ...others,
      get("/x", "X-Plan: a\r\n"),
      get().replace("GET", "PUT").replace("\r\n\r\n", "\r\nContent-Length: 0\r\n\r\n"),
    ]) {
      stage.send(text);
      await settle(stage);
    }
    box.principal = toPrincipal({ roles: ["admin"] });
    stage.send(get());
    await settle(stage);
    const { size } = new Set(calls.made.map(({ body }) => body));
    assert.equal(calls.count(OPA_URL), 8);
    assert.equal(size, 8);
    stage.finish();
  });

  it("are bounded: the oldest goes", async () => {
    const { stage, calls } = await stageAuthorize(PolicyStage.create, { opa: { cacheForMs: 1000, cachedAnswers: 2 } });
    calls.replyJson(OPA_URL, { result: true });
    for (const path of ["/a", "/b", "/c", "/b", "/a"]) {
      stage.send(get(path));
      await settle(stage);
    }
    assert.deepEqual(
      calls.made.map((call) => inputOf(call)["rawPath"]),
      ["/a", "/b", "/c", "/a"],
    );
    stage.finish();
  });

  it("are none where nothing is to be kept", async () => {
    const { stage, calls } = await stageAuthorize(PolicyStage.create, { opa: { cacheForMs: 0 } });
    calls.replyJson(OPA_URL, { result: true });
    for (let i = 0; i < 3; i++) {
      stage.send(get());
      await settle(stage);
    }
    assert.equal(calls.count(OPA_URL), 3);
    stage.finish();
  });
});

describe("requests that wait for OPA", () => {
  it("share one question when they ask the same", async () => {
    const { stage, calls } = await stageAuthorize(PolicyStage.create, { opa: { cacheForMs: 1000 } });
    calls.replyJson(OPA_URL, { result: true });
    calls.hold(OPA_URL);
    const clients = [1, 2, 3].map(() => stage.send(get()));
    const other = stage.send(get("/y"));
    assert.equal(calls.count(OPA_URL), 2);
    calls.release(OPA_URL);
    await settle(stage);
    assert.deepEqual(
      [...clients, other].map(({ status }) => status),
      [200, 200, 200, 200],
    );
    stage.finish();
  });

  it("may leave meanwhile, and nothing goes to the upstream for them", async () => {
    const { stage, calls } = await stageAuthorize(PolicyStage.create, { opa: {} });
    calls.replyJson(OPA_URL, { result: true });
    calls.hold(OPA_URL);
    const client = stage.send(get());
    client.leave();
    calls.release(OPA_URL);
    await settle(stage);
    assert.equal(stage.server.seen.length, 0);
    stage.finish();
  });

  it("are bounded, and one that is over makes room", async () => {
    const { stage, calls } = await stageAuthorize(PolicyStage.create, { opa: {} });
    calls.replyJson(OPA_URL, { result: true });
    calls.hold(OPA_URL);
    const clients = Array.from({ length: MOST_UNDER_WAY }, () => stage.send(get()));
    assert.equal(stage.send(get()).code, "SP_AUTH_UNAVAILABLE");
    for (const client of clients) client.leave();
    calls.release(OPA_URL);
    await settle(stage);
    const next = stage.send(get());
    await settle(stage);
    assert.equal(next.status, 200);
    stage.finish();
  });
});
