import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { Secret } from "../base/index.ts";
import { AdminStage, GUARDED, LOOPBACK } from "./control-plane-fake.ts";

let stage: AdminStage;
afterEach(() => stage.stop());

const TOKEN = "Authorization: Bearer s3cret-of-the-operator";

const statusOf = (line: string, lines: readonly string[] = []) => stage.statusOf(line, lines);

describe("the token of the admin address", () => {
  const wrong = "401 SP_CONTROL_WRONG_TOKEN";
  const cases: readonly (readonly [lines: readonly string[], status: string])[] = [
    [[TOKEN], "200"],
    [["authorization: bearer   s3cret-of-the-operator  "], "200"],
    [[], "401 SP_CONTROL_NO_TOKEN"],
    [["Authorization:"], wrong],
    [["Authorization: Bearer"], wrong],
    [["Authorization: Bearer "], wrong],
    [["Authorization: s3cret-of-the-operator"], wrong],
    [["Authorization: Basic s3cret-of-the-operator"], wrong],
    [["Authorization: Bearers3cret-of-the-operator"], wrong],
    [["Authorization: Bearer s3cret-of-the-operato"], wrong],
    [["Authorization: Bearer s3cret-of-the-operator2"], wrong],
    [["Authorization: Bearer S3CRET-OF-THE-OPERATOR"], wrong],
    [["Authorization: Bearer s3cret-of-the-operator x"], wrong],
    [["Authorization: Bearer x, Bearer s3cret-of-the-operator"], wrong],
    [[TOKEN, "Authorization: Bearer x"], wrong],
    [[TOKEN, TOKEN], wrong],
    [["Authorization: Bearer s3cret-of-the-operator\x80"], wrong],
    [["X-Authorization: Bearer s3cret-of-the-operator"], "401 SP_CONTROL_NO_TOKEN"],
    [["Proxy-Authorization: Bearer s3cret-of-the-operator"], "401 SP_CONTROL_NO_TOKEN"],
    [["Cookie: token=s3cret-of-the-operator"], "401 SP_CONTROL_NO_TOKEN"],
  ];
  for (const [lines, status] of cases) {
    it(`answers ${status} to ${lines.join(", ") || "nothing"}`, async () => {
      stage = await AdminStage.start(GUARDED);
      assert.equal(await statusOf("GET /status", lines), status);
      assert.equal(await statusOf("POST /reload", [...lines, "Content-Length: 0"]), status);
      assert.equal(stage.plane.causes.length, status === "200" ? 1 : 0);
    });
  }

  it("is asked for by every page but the two for probes, and by what is no page", async () => {
    stage = await AdminStage.start(GUARDED);
    for (const path of [
      "/",
      "/metrics",
      "/config",
      "/upstreams",
      "/openapi.json",
      "/healthz/",
      "/HEALTHZ",
      "/healthz;x",
      "/nothing",
      "//healthz",
    ]) {
      assert.equal(await statusOf(`GET ${path}`), "401 SP_CONTROL_NO_TOKEN", path);
    }
    for (const path of ["/healthz", "/readyz", "/healthz?verbose"]) assert.equal(await statusOf(`GET ${path}`), "200", path);
    assert.equal(await statusOf("GET /status?token=s3cret-of-the-operator"), "401 SP_CONTROL_NO_TOKEN");
  });

  it("is never in an answer, nor in the text of what is counted", async () => {
    stage = await AdminStage.start(GUARDED);
    for (const line of ["GET /", "GET /config", "GET /status", "GET /openapi.json", "GET /nothing", "POST /status"]) {
      const { body, headers } = await stage.ask(line, [TOKEN]);
      assert.ok(!`${body}${[...headers].join()}`.includes("s3cret"), line);
    }
    assert.ok(!stage.registry.expose().includes("s3cret"));
  });

  it("answers a wrong one half a second late, and keeps nobody else waiting", async () => {
    stage = await AdminStage.start(GUARDED);
    const guess = stage.connect("GET /status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n");
    await stage.settle();
    stage.clock.advance(490);
    await stage.settle();
    assert.equal(guess.received, "");
    const right = stage.connect(`GET /status HTTP/1.1\r\nHost: localhost\r\n${TOKEN}\r\n\r\n`);
    await stage.settle();
    assert.equal(right.reply().status, 200);
    stage.clock.advance(30);
    await stage.settle();
    assert.equal(guess.reply().status, 401);
    assert.equal(guess.reply().headers.get("www-authenticate"), 'Bearer realm="sallyport admin"');
  });

  it("may be guessed once at a time on a connection, however many are sent ahead", async () => {
    stage = await AdminStage.start(GUARDED);
    const guesses = stage.connect("GET /status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n".repeat(50));
    for (let i = 0; i < 4; i++) {
      await stage.settle();
      stage.clock.advance(510);
    }
    await stage.settle();
    assert.equal(guesses.received.split("HTTP/1.1 401").length - 1, 4);
    guesses.close();
  });

  it("leaves nothing behind when somebody guesses and goes", async () => {
    stage = await AdminStage.start(GUARDED);
    const guess = stage.connect("GET /status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n");
    await stage.settle();
    guess.close();
    await stage.settle();
    stage.clock.advance(1000);
    await stage.settle();
    assert.equal(guess.received, "");
    assert.deepEqual(stage.bugs, []);
    assert.equal(stage.wheel.size, 0);
  });

  it("is compared to its end", async () => {
    stage = await AdminStage.start({ ...LOOPBACK, token: new Secret("a".repeat(64)) });
    for (const sent of ["a", "a".repeat(63), `${"a".repeat(63)}b`, `b${"a".repeat(63)}`, "a".repeat(65), "a".repeat(3000)]) {
      assert.equal(await statusOf("GET /status", [`Authorization: Bearer ${sent}`]), wrong);
    }
    assert.equal(await statusOf("GET /status", [`Authorization: Bearer ${"a".repeat(64)}`]), "200");
  });
});
