import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { AdminStage, GUARDED, LOOPBACK } from "./control-plane-fake.ts";

let stage: AdminStage;
afterEach(() => stage.stop());

const TOKEN = "Authorization: Bearer s3cret-of-the-operator";

const statusOf = (line: string, lines: readonly string[] = []) => stage.statusOf(line, lines);

describe("whom a request to the admin address names", () => {
  const cases: readonly (readonly [host: string, status: string])[] = [
    ["127.0.0.1:9901", "200"],
    ["127.0.0.1", "200"],
    ["127.0.0.1:80", "200"],
    ["localhost:9901", "200"],
    ["LOCALHOST", "200"],
    ["localhost.:9901", "200"],
    ["[::1]:9901", "200"],
    ["gw-admin.internal", "200"],
    ["GW-ADMIN.internal:443", "200"],
    ["10.1.2.3:9901", "200"],
    ["[2001:db8:0::1]", "200"],
    ["evil.example", "421 SP_CONTROL_WRONG_HOST"],
    ["127.0.0.1.evil.example", "421 SP_CONTROL_WRONG_HOST"],
    ["localhost.evil.example:9901", "421 SP_CONTROL_WRONG_HOST"],
    ["evil.gw-admin.internal", "421 SP_CONTROL_WRONG_HOST"],
    ["gw-admin.internal.evil.example", "421 SP_CONTROL_WRONG_HOST"],
    ["10.1.2.4", "421 SP_CONTROL_WRONG_HOST"],
    ["0.0.0.0:9901", "421 SP_CONTROL_WRONG_HOST"],
    ["[::]", "421 SP_CONTROL_WRONG_HOST"],
    ["[::ffff:10.1.2.4]", "421 SP_CONTROL_WRONG_HOST"],
    // Spellings that resolvers take for 127.0.0.1, userinfo, lists and nothing: no hosts at all.
    ["127.1", "400 SP_H1_BAD_HOST"],
    ["2130706433", "400 SP_H1_BAD_HOST"],
    ["0x7f000001", "400 SP_H1_BAD_HOST"],
    ["127.0.0.01", "400 SP_H1_BAD_HOST"],
    ["localhost@evil.example", "400 SP_H1_BAD_HOST"],
    ["evil.example, localhost", "400 SP_H1_BAD_HOST"],
    ["localhost/", "400 SP_H1_BAD_HOST"],
    ["localhost:99999", "400 SP_H1_BAD_HOST"],
    ["[::1%25lo]", "400 SP_H1_BAD_HOST"],
    ["", "400 SP_H1_BAD_HOST"],
  ];
  for (const [host, status] of cases) {
    it(`answers ${status} to Host: ${host}`, async () => {
      stage = await AdminStage.start({ ...LOOPBACK, hosts: ["gw-admin.internal", "10.1.2.3", "2001:db8::1"] });
      // Of HTTP/1.0 too, where a browser's request would have it all the same.
      assert.equal(await statusOf("GET /status", [`Host: ${host}`]), status);
      assert.equal(await statusOf("POST /reload", [`Host: ${host}`, "Content-Length: 0"]), status);
      assert.equal(await statusOf("GET /healthz", [`Host: ${host}`]), status);
      assert.equal(stage.plane.causes.length, status === "200" ? 1 : 0);
    });
  }

  it("is one of two names in no case", async () => {
    stage = await AdminStage.start();
    assert.equal(await statusOf("GET /status", ["Host: localhost", "Host: evil.example"]), "400 SP_H1_BAD_HOST");
    assert.equal(await statusOf("GET http://evil.example/status", ["Host: localhost"]), "400 SP_URI_HOST_MISMATCH");
    assert.equal(await statusOf("GET http://localhost/status", ["Host: evil.example"]), "400 SP_URI_HOST_MISMATCH");
    assert.equal(await statusOf("GET http://evil.example/status", ["Host: evil.example"]), "421 SP_CONTROL_WRONG_HOST");
    assert.equal(await statusOf("GET http://localhost/status", ["Host: localhost"]), "200");
    for (const name of ["X-Forwarded-Host", "Forwarded", "X-Original-Host", "X_Forwarded_Host"]) {
      assert.equal(await statusOf("GET /status", ["Host: evil.example", `${name}: localhost`]), "421 SP_CONTROL_WRONG_HOST");
    }
  });

  it("may be left out by a probe of HTTP/1.0, and by nobody else", async () => {
    stage = await AdminStage.start();
    const old = async (path: string) => {
      const client = stage.connect(`GET ${path} HTTP/1.0\r\n\r\n`);
      await stage.settle();
      return client.reply().status;
    };
    assert.equal(await old("/healthz"), 200);
    assert.equal(await old("/readyz"), 200);
    assert.equal(await old("/status"), 421);
  });
});

describe("a browser that was led to the admin address", () => {
  const cases: readonly (readonly [lines: readonly string[], status: string])[] = [
    [["Sec-Fetch-Site: none"], "200"],
    [["Sec-Fetch-Site: same-origin", "Origin: http://127.0.0.1:9901"], "200"],
    [["Origin: http://127.0.0.1:9901"], "200"],
    [["Sec-Fetch-Site: cross-site"], "403 SP_CONTROL_CROSS_SITE"],
    [["Sec-Fetch-Site: same-site"], "403 SP_CONTROL_CROSS_SITE"],
    [["Sec-Fetch-Site: none, cross-site"], "403 SP_CONTROL_CROSS_SITE"],
    [["Sec-Fetch-Site: none", "Sec-Fetch-Site: cross-site"], "403 SP_CONTROL_CROSS_SITE"],
    [["Sec-Fetch-Site:"], "403 SP_CONTROL_CROSS_SITE"],
    [["Sec-Fetch-Site: None"], "403 SP_CONTROL_CROSS_SITE"],
    [["Origin: null"], "403 SP_CONTROL_CROSS_SITE"],
    [["Origin: https://evil.example"], "403 SP_CONTROL_CROSS_SITE"],
    [["Origin: https://127.0.0.1:9901"], "403 SP_CONTROL_CROSS_SITE"],
    [["Origin: http://127.0.0.1:3000"], "403 SP_CONTROL_CROSS_SITE"],
    [["Origin: http://localhost:9901"], "403 SP_CONTROL_CROSS_SITE"],
    [["Origin: http://127.0.0.1:9901.evil.example"], "403 SP_CONTROL_CROSS_SITE"],
    [["Origin: http://127.0.0.1:9901", "Origin: https://evil.example"], "403 SP_CONTROL_CROSS_SITE"],
    [["Origin:"], "403 SP_CONTROL_CROSS_SITE"],
    [["Sec-Fetch-Site: same-origin", "Origin: https://evil.example"], "403 SP_CONTROL_CROSS_SITE"],
  ];
  for (const [lines, status] of cases) {
    it(`gets ${status} with ${lines.join(", ")}`, async () => {
      stage = await AdminStage.start();
      assert.equal(await statusOf("POST /reload", [...lines, "Content-Length: 0"]), status);
      assert.equal(await statusOf("GET /status", lines), status);
      assert.equal(stage.plane.causes.length, status === "200" ? 1 : 0);
    });
  }

  it("gets no leave by a preflight", async () => {
    stage = await AdminStage.start();
    const { status, headers } = await stage.ask("OPTIONS /reload", [
      "Origin: https://evil.example",
      "Access-Control-Request-Method: POST",
      "Access-Control-Request-Private-Network: true",
    ]);
    assert.equal(status, 403);
    assert.deepEqual(
      [...headers.keys()].filter((name) => name.startsWith("access-control")),
      [],
    );
  });
});

describe("the paths of the admin address", () => {
  it("have one spelling each", async () => {
    stage = await AdminStage.start();
    const notFound = "404 SP_CONTROL_NOT_FOUND";
    const cases: readonly (readonly [target: string, status: string])[] = [
      ["/metrics", "200"],
      ["/metrics?name[]=x", "200"],
      ["http://127.0.0.1:9901/metrics", "200"],
      ["http://127.0.0.1:9901", "200"],
      ["//metrics", notFound],
      ["/metrics/", notFound],
      ["/METRICS", notFound],
      ["/%6detrics", notFound],
      ["http://127.0.0.1:9901/%6detrics", notFound],
      ["/metrics;x=y", notFound],
      ["/./metrics", "400 SP_URI_DOT_SEGMENT"],
      ["/x/../metrics", "400 SP_URI_DOT_SEGMENT"],
      ["/x/%2e%2e/metrics", "400 SP_URI_DOT_SEGMENT"],
      ["/healthz/..;/reload", "400 SP_URI_DOT_SEGMENT"],
      ["/healthz%2f..%2freload", "400 SP_URI_ENCODED_SLASH"],
      ["/metrics%00", "400 SP_URI_PATH_CHARACTER"],
      ["/metrics#x", "400 SP_URI_PATH_CHARACTER"],
      ["/metrics\\", "400 SP_URI_BACKSLASH"],
      ["metrics", "400 SP_URI_TARGET_FORM"],
      ["*", "400 SP_URI_TARGET_FORM"],
    ];
    for (const [target, status] of cases) {
      const got = await statusOf(`GET ${target}`);
      if (status.startsWith("400")) assert.match(got, /^400 SP_URI_/, target);
      else assert.equal(got, status, target);
    }
  });

  it("take the method of the request line, whatever a header or a query says", async () => {
    stage = await AdminStage.start();
    for (const name of ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"]) {
      assert.equal(await statusOf("GET /reload", [`${name}: POST`]), "405 SP_CONTROL_METHOD");
      assert.equal(await statusOf("POST /status", [`${name}: GET`, "Content-Length: 0"]), "405 SP_CONTROL_METHOD");
    }
    assert.equal(await statusOf("GET /reload?_method=POST"), "405 SP_CONTROL_METHOD");
    for (const name of ["X-Original-URL", "X-Rewrite-URL"])
      assert.equal(await statusOf("GET /nothing", [`${name}: /status`]), "404 SP_CONTROL_NOT_FOUND");
    assert.equal(await statusOf("post /reload", ["Content-Length: 0"]), "405 SP_CONTROL_METHOD");
    assert.equal(await statusOf("CONNECT 127.0.0.1:9901"), "501 SP_H1_METHOD_NOT_IMPLEMENTED");
    assert.equal(await statusOf("TRACE /status"), "501 SP_H1_METHOD_NOT_IMPLEMENTED");
    assert.deepEqual(stage.plane.causes, []);
  });
});

describe("what the admin address takes of itself", () => {
  it("is a small head", async () => {
    stage = await AdminStage.start();
    assert.equal(await statusOf(`GET /${"a".repeat(5000)}`), "414 SP_H1_LINE_TOO_LONG");
    assert.equal(await statusOf("GET /status", [`X-A: ${"a".repeat(17_000)}`]), "431 SP_H1_HEAD_TOO_LARGE");
    assert.equal(
      await statusOf(
        "GET /status",
        Array.from({ length: 120 }, (_, i) => `X-${i}: a`),
      ),
      "431 SP_H1_HEAD_TOO_LARGE",
    );
  });

  it("is a small body of a POST, which means nothing, and none of a GET", async () => {
    stage = await AdminStage.start();
    const post = (body: string, length = body.length) => stage.ask("POST /reload", [`Content-Length: ${length}`], body);
    assert.equal((await post('{"generation":"x"}')).status, 200);
    assert.equal((await post("a".repeat(4096))).status, 200);
    assert.equal((await post("a".repeat(4097))).status, 413);
    assert.equal((await post("", 10_000_000)).status, 413);
    assert.equal((await stage.ask("POST /reload", ["Transfer-Encoding: chunked"], `1388\r\n${"a".repeat(5000)}\r\n0\r\n\r\n`)).status, 413);
    assert.equal((await stage.ask("GET /status", ["Content-Length: 3"], "abc")).status, 413);
    assert.equal((await stage.ask("POST /reload", ["Content-Length: 0", "Transfer-Encoding: chunked"], "0\r\n\r\n")).status, 400);
    assert.equal(stage.plane.causes.length, 2);
  });

  it("is 10 s for a head, and a trickle of a body is cut", async () => {
    stage = await AdminStage.start();
    const head = stage.connect("GET /status HTTP/1.1\r\nHost: lo");
    const body = stage.connect("POST /reload HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4000\r\n\r\n");
    for (let second = 0; second < 11; second++) {
      await stage.settle();
      stage.clock.advance(1000);
      head.send("c");
      body.send("b");
    }
    await stage.settle();
    assert.equal(head.reply().status, 408);
    assert.equal(body.reply().status, 408);
    assert.deepEqual(stage.plane.causes, []);
  });

  it("leaves room for one more, however many connections are held without a question", async () => {
    stage = await AdminStage.start();
    const held = Array.from({ length: 300 }, (_, i) => stage.connect(i % 2 === 0 ? "" : "GET /status HTTP/1.1\r\nX-A: "));
    await stage.settle();
    assert.equal(held.filter(({ isOver }) => !isOver).length, 128);
    assert.equal(await statusOf("GET /status"), "200");
    for (const client of held) client.close();
    await stage.settle();
  });

  it("leaves room for one more, however many guess tokens at once", async () => {
    stage = await AdminStage.start(GUARDED);
    const guess = "GET /status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n";
    const guesses = Array.from({ length: 128 }, () => stage.connect(guess));
    await stage.settle();
    assert.ok(guesses.every(({ isOver }) => !isOver));
    assert.equal(await statusOf("GET /status", [TOKEN]), "200");
    for (const client of guesses) client.close();
    await stage.settle();
  });

  it("lets nobody push out those whose answers are owed", async () => {
    stage = await AdminStage.start();
    stage.plane.outcome = new Promise(() => {});
    const owed = Array.from({ length: 128 }, () => stage.connect("POST /reload HTTP/1.1\r\nHost: localhost\r\n\r\n"));
    await stage.settle();
    const late = stage.connect("GET /status HTTP/1.1\r\nHost: localhost\r\n\r\n");
    await stage.settle();
    assert.equal(late.isOver, true);
    assert.equal(late.received, "");
    assert.ok(owed.every(({ isOver }) => !isOver));
    for (const client of owed) client.close();
    await stage.settle();
    // Who has said goodbye may still read, for a second.
    stage.clock.advance(1100);
    await stage.settle();
    assert.equal(await statusOf("GET /status"), "200");
  });

  it("is no tunnel, no upgrade and no second protocol", async () => {
    stage = await AdminStage.start();
    assert.equal(
      await statusOf("GET /status", ["Upgrade: websocket", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"]),
      "200",
    );
    const preface = stage.connect("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    await stage.settle();
    assert.equal(preface.reply().status, 505);
  });
});
