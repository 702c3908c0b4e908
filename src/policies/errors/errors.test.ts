import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { get, PolicyStage, type StageClient, type StageOptions } from "../../../test/pipeline/policy-stage.ts";
import type { ErrorsConfig } from "../../config/index.ts";
import { fieldName } from "../../http/index.ts";
import { CONTINUE, type Policy } from "../../pipeline/index.ts";
import { compileErrors } from "./index.ts";

const KEEP: ErrorsConfig = { upstream: "keep", read: null, status: [], typeBase: null };
const PROBLEM: ErrorsConfig = { ...KEEP, upstream: "problem" };
const READ: ErrorsConfig = { ...PROBLEM, read: { title: "/error/title", detail: "/error/message", code: "/error/code" } };

async function open(config: ErrorsConfig, response: string, options: StageOptions = {}): Promise<PolicyStage> {
  const policy = compileErrors(config);
  const stage = await PolicyStage.create({ ...options, policies: [...(policy === null ? [] : [policy]), ...(options.policies ?? [])] });
  stage.server.script = {
    onHead() {},
    onRequest: (connection) => connection.send(response),
  };
  return stage;
}

function answer(status: number, fields: string, body: string): string {
  return `HTTP/1.1 ${status} X\r\n${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
}

function chunked(status: number, fields: string, chunks: readonly string[], trailers = ""): string {
  const body = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("");
  return `HTTP/1.1 ${status} X\r\n${fields}Transfer-Encoding: chunked\r\n\r\n${body}0\r\n${trailers}\r\n`;
}

function problemOf(client: StageClient): Record<string, unknown> {
  const response = client.response();
  assert.deepEqual(
    response.fields.filter(([name]) => name === "content-type").map(([, value]) => value),
    ["application/problem+json"],
  );
  return JSON.parse(Buffer.from(response.body, "latin1").toString("utf8")) as Record<string, unknown>;
}

function fieldsOf(client: StageClient, method = "GET"): Record<string, string> {
  return Object.fromEntries(client.response(method).fields);
}

describe("an upstream's error", () => {
  it("passes as it is unless something is asked for", async () => {
    assert.equal(compileErrors(KEEP), null);
    assert.equal(compileErrors({ ...KEEP, typeBase: "https://e.test/" }), null);
  });

  it("becomes a problem with its status, whose code tells who is to blame, and the log too", async () => {
    for (const [status, code, title] of [
      [404, "SP_UPSTREAM_REFUSED", "Not Found"],
      [503, "SP_UPSTREAM_FAILED", "Service Unavailable"],
      [499, "SP_UPSTREAM_REFUSED", "The service refused the request."],
    ] as const) {
      const stage = await open(PROBLEM, answer(status, "Content-Type: text/html\r\n", "<h1>stack trace</h1>"));
      const client = stage.send(get());
      assert.equal(client.status, status);
      assert.deepEqual(problemOf(client), { type: "about:blank", title, status, code, requestId: stage.ended[0]?.requestId });
      assert.equal(stage.ended[0]?.fault?.kind.code, code);
      assert.equal(stage.ended[0]?.attempts[0]?.status, status);
      stage.finish();
    }
  });

  it("names a type where there is a base for types", async () => {
    const stage = await open({ ...PROBLEM, typeBase: "https://errors.example.com/" }, answer(400, "", "x"));
    assert.equal(problemOf(stage.send(get()))["type"], "https://errors.example.com/SP_UPSTREAM_REFUSED");
    stage.finish();
  });

  it("keeps every field but those of the body that is gone", async () => {
    const kept =
      'WWW-Authenticate: Bearer realm="x"\r\nRetry-After: 7\r\nAllow: GET\r\nLocation: /there\r\nRateLimit: "a";r=0;t=5\r\n' +
      "Set-Cookie: sid=; Max-Age=0\r\nVary: Accept\r\nContent-Range: bytes */9\r\nCache-Control: max-age=60\r\n";
    const gone =
      'Content-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Language: de\r\nETag: "1"\r\nLast-Modified: x\r\n' +
      "Content-Disposition: inline\r\nRepr-Digest: x\r\nAccept-Ranges: bytes\r\n";
    const stage = await open(PROBLEM, answer(416, kept + gone, "0123"));
    const client = stage.send(get());
    const { "content-length": length, ...fields } = fieldsOf(client);
    assert.equal(Number(length), client.response().body.length);
    assert.deepEqual(fields, {
      "www-authenticate": 'Bearer realm="x"',
      "retry-after": "7",
      allow: "GET",
      location: "/there",
      ratelimit: '"a";r=0;t=5',
      "set-cookie": "sid=; Max-Age=0",
      vary: "Accept",
      "content-range": "bytes */9",
      "cache-control": "max-age=60",
      "content-type": "application/problem+json",
    });
    stage.finish();
  });

  it("passes when it is a problem already", async () => {
    const own = answer(409, "Content-Type: Application/Problem+JSON; charset=utf-8\r\n", '{"mine":1}');
    const stage = await open(READ, own);
    assert.equal(stage.send(get()).response().body, '{"mine":1}');
    assert.equal(stage.ended[0]?.fault, null);
    stage.finish();
  });

  it("leaves what is no error alone", async () => {
    for (const status of [200, 204, 302, 304]) {
      const stage = await open(
        PROBLEM,
        `HTTP/1.1 ${status} X\r\nETag: "1"\r\n${status === 200 || status === 302 ? "Content-Length: 2\r\n\r\nok" : "\r\n"}`,
      );
      const client = stage.send(get());
      assert.equal(client.status, status);
      assert.equal(fieldsOf(client)["etag"], '"1"');
      stage.finish();
    }
  });

  it("without a body gets one, and has none for HEAD but the length that GET would be told", async () => {
    const stage = await open(PROBLEM, answer(404, "", ""));
    const got = stage.send(get());
    assert.equal(problemOf(got)["code"], "SP_UPSTREAM_REFUSED");
    const length = fieldsOf(got)["content-length"];
    stage.server.script = { onHead() {}, onRequest: (connection) => connection.send("HTTP/1.1 404 X\r\nContent-Length: 9\r\n\r\n") };
    const headed = stage.send("HEAD /x HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert.equal(headed.response("HEAD").body, "");
    assert.equal(fieldsOf(headed, "HEAD")["content-length"], length);
    stage.finish();
  });

  it("costs no connection: the rest of its body is read off", async () => {
    const stage = await open(PROBLEM, "");
    stage.server.script = {
      onHead() {},
      onRequest(connection) {
        connection.send("HTTP/1.1 500 X\r\nContent-Length: 20000\r\n\r\n");
        connection.send("x".repeat(20_000));
      },
    };
    const client = stage.connect();
    for (let i = 1; i <= 3; i++) {
      client.send(get());
      assert.equal(client.responses().length, i);
    }
    assert.match(client.text, /^HTTP\/1\.1 500 /);
    assert.equal(stage.server.records.length, 1);
    stage.finish();
  });

  it("costs a connection when its body is long", async () => {
    const stage = await open(PROBLEM, "");
    stage.server.script = {
      onHead() {},
      onRequest(connection) {
        connection.send(`HTTP/1.1 500 X\r\nContent-Length: 200000\r\n\r\n${"x".repeat(100_000)}`);
      },
    };
    const client = stage.send(get());
    assert.equal(problemOf(client)["status"], 500);
    assert.equal(stage.server.records[0]?.dropped, true);
    stage.finish();
  });

  it("that has no end is not read to its end", async () => {
    const stage = await open(PROBLEM, "HTTP/1.1 500 X\r\nTransfer-Encoding: chunked\r\n\r\n");
    const client = stage.send(get());
    assert.equal(problemOf(client)["status"], 500);
    assert.equal(stage.ended.length, 1);
    stage.finish();
  });

  it("is edited as any other answer, and its trailers are dropped", async () => {
    const edits: Policy = {
      name: "edits",
      phase: "transform",
      response(exchange) {
        exchange.response?.fields.remove(fieldName("X-Powered-By"));
        exchange.response?.fields.set(fieldName("X-Set"), "1");
        return CONTINUE;
      },
    };
    // As in the list of what ships: the edits first.
    const errors = compileErrors(PROBLEM) ?? assert.fail();
    const stage = await PolicyStage.create({ policies: [edits, errors] });
    const response = chunked(500, "X-Powered-By: php\r\nTrailer: X-T\r\n", ["a", "b"], "X-T: 1\r\n");
    stage.server.script = { onHead() {}, onRequest: (connection) => connection.send(response) };
    const client = stage.send(get());
    const { "content-length": _, ...fields } = fieldsOf(client);
    assert.deepEqual(fields, { "content-type": "application/problem+json", "x-set": "1" });
    assert.equal(client.text.includes("X-T"), false);
    stage.finish();
  });

  it("of the gateway itself is none of these", async () => {
    const stage = await open({ ...PROBLEM, status: [[502, 599]] }, "");
    stage.network.setConnectFault(stage.server.address, "ECONNREFUSED");
    const client = stage.send(get());
    assert.equal(client.status, 502);
    assert.equal(client.code, "SP_UPSTREAM_CONNECT_FAILED");
    stage.finish();
  });
});

describe("an upstream's error that is read", () => {
  const JSON_TYPE = "Content-Type: application/vnd.acme+json; charset=utf-8\r\n";
  const BODY = JSON.stringify({ error: { title: "No such order", message: "order 7 is gone", code: 4711 }, stack: "secret" });

  it("gives its title, detail and code to the problem", async () => {
    for (const response of [answer(404, JSON_TYPE, BODY), chunked(404, JSON_TYPE, [...BODY], "X-T: 1\r\n")]) {
      const stage = await open(READ, response);
      const client = stage.send(get());
      assert.deepEqual(problemOf(client), {
        type: "about:blank",
        title: "No such order",
        status: 404,
        code: "SP_UPSTREAM_REFUSED",
        detail: "order 7 is gone",
        upstreamCode: "4711",
        requestId: stage.ended[0]?.requestId,
      });
      assert.equal(client.text.includes("X-T"), false);
      stage.finish();
    }
  });

  it("that can't be read is the plain problem", async () => {
    const long = JSON.stringify({ error: { title: "x".repeat(70_000) } });
    const cases = [
      answer(500, "Content-Type: text/html\r\n", BODY),
      answer(500, "", BODY),
      answer(500, `${JSON_TYPE}Content-Encoding: gzip\r\n`, BODY),
      answer(500, JSON_TYPE, '{"error":'),
      answer(500, JSON_TYPE, '{"error":{"title":"\xff"}}'),
      answer(500, JSON_TYPE, ""),
      answer(500, JSON_TYPE, "[]"),
      answer(500, JSON_TYPE, '{"error":{"title":{},"message":null,"code":true}}'),
      answer(500, JSON_TYPE, long),
      chunked(500, JSON_TYPE, [long]),
    ];
    for (const response of cases) {
      const stage = await open(READ, response);
      const client = stage.send(get());
      assert.deepEqual(
        problemOf(client),
        {
          type: "about:blank",
          title: "Internal Server Error",
          status: 500,
          code: "SP_UPSTREAM_FAILED",
          requestId: stage.ended[0]?.requestId,
        },
        response.slice(0, 200),
      );
      assert.deepEqual(stage.bugs, []);
      stage.finish();
    }
  });

  it("that is too long is answered without waiting for its end", async () => {
    const stage = await open(READ, `HTTP/1.1 500 X\r\n${JSON_TYPE}Transfer-Encoding: chunked\r\n\r\n11170\r\n${"x".repeat(70_000)}\r\n`);
    const client = stage.send(get());
    assert.equal(problemOf(client)["code"], "SP_UPSTREAM_FAILED");
    assert.equal(stage.ended.length, 1);
    stage.finish();
  });

  it("that breaks off is cut off, for the head has told of a problem that is not there", async () => {
    const stage = await open(READ, `HTTP/1.1 500 X\r\n${JSON_TYPE}Content-Length: 100\r\n\r\n{"error":`);
    const client = stage.send(get());
    assert.deepEqual(client.responses(), []);
    stage.server.stop();
    stage.pump();
    assert.deepEqual(client.responses(), []);
    assert.equal(client.raw.ended, true);
    stage.finish();
  });

  it("is told no length beforehand, HEAD neither", async () => {
    const stage = await open(READ, `HTTP/1.1 404 X\r\n${JSON_TYPE}Content-Length: 90\r\n\r\n`);
    const client = stage.send("HEAD /x HTTP/1.1\r\nHost: a.test\r\n\r\n");
    assert.deepEqual(fieldsOf(client, "HEAD"), { "content-type": "application/problem+json" });
    stage.finish();
  });

  it("may be cut by who wrote it into more than it should say", async () => {
    const wordy = JSON.stringify({ error: { title: "t".repeat(500), message: "d".repeat(5000), code: "c".repeat(500) } });
    const stage = await open(READ, answer(400, JSON_TYPE, wordy));
    const problem = problemOf(stage.send(get()));
    assert.deepEqual(
      ["title", "detail", "upstreamCode"].map((name) => String(problem[name]).length),
      [200, 2000, 100],
    );
    stage.finish();
  });
});

describe("a status of an upstream", () => {
  it("is replaced before anything else looks at it", async () => {
    const stage = await open(
      {
        ...PROBLEM,
        status: [
          [418, 400],
          [599, 404],
        ],
      },
      answer(599, "", "x"),
    );
    const client = stage.send(get());
    assert.equal(client.status, 404);
    // Whose fault it was does not change by that.
    assert.deepEqual([problemOf(client)["status"], problemOf(client)["code"]], [404, "SP_UPSTREAM_FAILED"]);
    stage.finish();
  });

  it("may be replaced alone", async () => {
    const stage = await open({ ...KEEP, status: [[418, 400]] }, answer(418, "X-A: 1\r\n", "teapot"));
    const client = stage.send(get());
    assert.deepEqual([client.status, client.response().body, fieldsOf(client)["x-a"]], [400, "teapot", "1"]);
    stage.finish();
  });

  it("without a body may become one with, and the other way round", async () => {
    const toEmpty = await open({ ...KEEP, status: [[200, 204]] }, answer(200, "Content-Type: text/plain\r\nX-A: 1\r\n", "body"));
    const emptied = toEmpty.send(get() + get());
    assert.deepEqual(
      emptied.responses().map(({ body, fields }) => [body, fields.map(([name]) => name)]),
      [
        ["", ["x-a"]],
        ["", ["x-a"]],
      ],
    );
    assert.equal(emptied.status, 204);
    toEmpty.finish();
    for (const response of ["HTTP/1.1 204 X\r\n\r\n", "HTTP/1.1 304 X\r\nContent-Length: 9\r\n\r\n"]) {
      const toFull = await open(
        {
          ...KEEP,
          status: [
            [204, 200],
            [304, 200],
          ],
        },
        response,
      );
      const filled = toFull.send(get());
      assert.equal(filled.status, 200);
      assert.equal(fieldsOf(filled)["content-length"], "0");
      toFull.finish();
    }
  });
});
