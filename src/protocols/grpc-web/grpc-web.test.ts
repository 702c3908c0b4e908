import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { get, PolicyStage, post, postChunked, type StageClient, type StageOptions } from "../../../test/pipeline/policy-stage.ts";
import { FIELD, Fields, fieldName } from "../../http/index.ts";
import { type BodyTransform, CONTINUE, type Policy } from "../../pipeline/index.ts";
import { grpcWeb } from "./index.ts";

/** A message of these bytes, framed. */
function message(text: string): string {
  return `\0\0\0\0${String.fromCharCode(text.length)}${text}`;
}

function trailerFrame(lines: string): string {
  return `\x80\0\0\0${String.fromCharCode(lines.length)}${lines}`;
}

function base64(bytes: string): string {
  return Buffer.from(bytes, "latin1").toString("base64");
}

function fromBase64(pieces: string): string {
  return pieces.replaceAll(/[^=]{2,}?={1,2}|[^=]+/g, (piece) => Buffer.from(piece, "base64").toString("latin1"));
}

/** As an upstream sends it: chunks with trailers behind. */
function chunked(fields: string, chunks: readonly string[], trailers: string): string {
  const body = chunks.map((chunk) => `${chunk.length.toString(16)}\r\n${chunk}\r\n`).join("");
  return `HTTP/1.1 200 OK\r\n${fields}Transfer-Encoding: chunked\r\n\r\n${body}0\r\n${trailers}\r\n`;
}

const GRPC = "content-type: application/grpc\r\n";
const DONE = "grpc-status: 0\r\nGRPC-Message: all%20well\r\n";
const OK = chunked(GRPC, [message("one"), message("two")], DONE);
const OK_BODY = message("one") + message("two") + trailerFrame("grpc-status: 0\r\ngrpc-message: all%20well\r\n");

async function open(response = OK, options: StageOptions = {}): Promise<PolicyStage> {
  const stage = await PolicyStage.create({ ...options, policies: [grpcWeb, ...(options.policies ?? [])] });
  stage.server.script = { onHead() {}, onRequest: (connection) => connection.send(response) };
  return stage;
}

const web = (type: string, more = "") => `Content-Type: application/${type}\r\n${more}`;

function fieldsOf(client: StageClient): Record<string, string> {
  return Object.fromEntries(client.response("POST").fields);
}

function seenField(stage: PolicyStage, name: string): string | undefined {
  return stage.server.seen[0]?.fields.find(([each]) => each === name)?.[1];
}

describe("a gRPC-Web call", () => {
  for (const chunkBytes of [1, 3, 65_536]) {
    it(`goes on as gRPC and comes back with its trailers in the last frame (${chunkBytes} bytes at a time)`, async () => {
      const stage = await open(OK, { network: { chunkBytes } });
      const client = stage.send(post(message("ask"), web("grpc-web+proto", "Accept: application/grpc-web+proto\r\nX-Grpc-Web: 1\r\n")));
      assert.equal(seenField(stage, "content-type"), "application/grpc+proto");
      assert.equal(seenField(stage, "accept"), undefined);
      assert.equal(stage.server.seen[0]?.body, message("ask"));
      assert.equal(client.response("POST").body, OK_BODY);
      assert.equal(fieldsOf(client)["content-type"], "application/grpc-web+proto");
      assert.equal(stage.ended[0]?.head.acceptsTrailers, true);
      stage.finish();
    });

    it(`in base64 is decoded, and its answer encoded (${chunkBytes} bytes at a time)`, async () => {
      const stage = await open(OK, { network: { chunkBytes } });
      const client = stage.send(post(base64(message("ask")) + base64(message("more!")), web("grpc-web-text")));
      assert.equal(seenField(stage, "content-type"), "application/grpc");
      assert.equal(stage.server.seen[0]?.body, message("ask") + message("more!"));
      assert.equal(fromBase64(client.response("POST").body), OK_BODY);
      assert.equal(fieldsOf(client)["content-type"], "application/grpc-web-text+proto");
      stage.finish();
    });
  }

  it("streams: what a service has sent can be read before the next message is there", async () => {
    const stage = await open();
    stage.server.script = {
      onHead() {},
      onRequest: (connection) => connection.send(OK.slice(0, OK.indexOf(message("two")) - 3)),
    };
    const client = stage.send(post(base64(message("ask")), web("grpc-web-text")));
    assert.ok(client.text.endsWith(`${base64(message("one"))}\r\n`), JSON.stringify(client.text));
    client.leave();
    stage.finish();
  });

  it("with a body that is not base64 is refused, whatever has gone upstream", async () => {
    for (const body of ["AAAA*AAA", "AAAAAA", "AA==A=="]) {
      const stage = await open();
      const client = stage.connect();
      client.send(postChunked([body.slice(0, 4)], web("grpc-web-text")).replace("0\r\n\r\n", ""));
      client.send(`${(body.length - 4).toString(16)}\r\n${body.slice(4)}\r\n0\r\n\r\n`);
      assert.equal(client.status, 200);
      assert.ok(client.text.includes("Content-Type: application/grpc-web-text+proto\r\n"), client.text);
      assert.ok(client.text.includes("Grpc-Status: 3\r\n"), client.text);
      assert.equal(stage.ended[0]?.fault?.kind.code, "SP_GRPC_WEB_BAD_BASE64");
      assert.equal(stage.server.seen.length, 0, "no whole request went on");
      stage.finish();
    }
  });

  it("with a collected body is refused the same", async () => {
    const gate: Policy = { name: "gate", phase: "body", writes: ["body"], request: (exchange) => exchange.collectBody(100) };
    const stage = await open(OK, { policies: [gate] });
    stage.send(post("AAAAA", web("grpc-web-text")));
    assert.equal(stage.ended[0]?.fault?.kind.code, "SP_GRPC_WEB_BAD_BASE64");
    assert.equal(stage.server.records.length, 0);
    const client = stage.send(post(base64(message("ask")), web("grpc-web-text")));
    assert.equal(fromBase64(client.response("POST").body), OK_BODY);
    assert.equal(stage.server.seen[0]?.body, message("ask"));
    stage.finish();
  });

  it("that ends with its head has its status there, and no body", async () => {
    const stage = await open(`HTTP/1.1 200 OK\r\n${GRPC}grpc-status: 5\r\ngrpc-message: gone\r\nContent-Length: 0\r\n\r\n`);
    const client = stage.send(post(message("ask"), web("grpc-web")));
    const fields = fieldsOf(client);
    assert.deepEqual([fields["grpc-status"], fields["grpc-message"], fields["content-type"]], ["5", "gone", "application/grpc-web+proto"]);
    assert.equal(client.response("POST").body, "");
    stage.finish();
  });

  it("that ends without a status is told so, since clients take silence for success", async () => {
    const why = "The service ended the call without a status.";
    const told = trailerFrame(`grpc-status: 2\r\ngrpc-message: ${why}\r\n`);
    for (const [response, expected] of [
      [chunked(GRPC, [message("x")], ""), message("x") + told],
      [
        chunked(GRPC, [message("x")], "x-other: y\r\n"),
        `${message("x")}${trailerFrame(`x-other: y\r\ngrpc-status: 2\r\ngrpc-message: ${why}\r\n`)}`,
      ],
      [chunked(`${GRPC}grpc-status: 0\r\n`, [message("x")], ""), message("x")],
    ] as const) {
      const stage = await open(response);
      assert.equal(stage.send(post("ask", web("grpc-web"))).response("POST").body, expected);
      stage.finish();
    }
    const stage = await open(`HTTP/1.1 200 OK\r\n${GRPC}Content-Length: 0\r\n\r\n`);
    assert.equal(fieldsOf(stage.send(post("ask", web("grpc-web"))))["grpc-status"], "2");
    stage.finish();
  });

  it("that is cut between two messages is told why", async () => {
    const stage = await open();
    stage.server.script = {
      onHead() {},
      onRequest(connection) {
        connection.send(OK.slice(0, OK.indexOf(message("two")) - 3));
        connection.end();
      },
    };
    const { body } = stage.send(post("ask", web("grpc-web"))).response("POST");
    assert.ok(body.startsWith(`${message("one")}\x80`) && body.includes("grpc-status: 14\r\n"), JSON.stringify(body));
    stage.finish();
  });

  it("that is cut inside of a message is seen to be cut, whether or not the service says that it is complete", async () => {
    for (const [response, code] of [
      [OK.slice(0, OK.indexOf(message("two")) + 6), "SP_H1_RESPONSE_TRUNCATED"],
      [chunked(GRPC, [message("one"), message("two").slice(0, -1)], DONE), "SP_GRPC_WEB_CUT_MESSAGE"],
      [chunked(GRPC, [message("one"), "\0"], ""), "SP_GRPC_WEB_CUT_MESSAGE"],
    ] as const) {
      const stage = await open();
      stage.server.script = {
        onHead() {},
        onRequest(connection) {
          connection.send(response);
          connection.end();
        },
      };
      const client = stage.send(post("ask", web("grpc-web")));
      assert.deepEqual(client.responses("POST"), []);
      assert.ok(!client.text.includes("\x80"));
      assert.equal(stage.ended[0]?.fault?.kind.code, code);
      stage.finish();
    }
  });

  it("has the gateway's own gRPC answers in its own type, also those from before it was understood", async () => {
    const refuse = (phase: Policy["phase"], type: string): Policy => ({
      name: "refuse",
      phase,
      request(exchange) {
        const fields = new Fields("");
        fields.add(FIELD.CONTENT_TYPE, type);
        fields.add(fieldName("grpc-status"), "16");
        return exchange.answer(200, fields, null);
      },
    });
    for (const policy of [
      refuse("authorise", "application/grpc"),
      refuse("authorise", "application/grpc-web-text"),
      refuse("answer", "application/grpc"),
    ]) {
      const stage = await open(OK, { policies: [policy] });
      const fields = fieldsOf(stage.send(post(base64("ask!"), web("grpc-web-text"))));
      assert.deepEqual([fields["content-type"], fields["grpc-status"]], ["application/grpc-web-text+proto", "16"]);
      stage.finish();
    }
  });

  it("that is answered by something else than gRPC gets that as it is", async () => {
    const stage = await open("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi");
    const binary = stage.send(post("ask", web("grpc-web")));
    assert.deepEqual([binary.response("POST").body, fieldsOf(binary)["content-type"]], ["hi", "text/html"]);
    stage.finish();
  });

  it("keeps the back-pressure of whoever is slow", () => {
    const transforms: BodyTransform[] = [];
    const grpcType = "application/grpc-web-text";
    const head = { fields: new Fields(""), acceptsTrailers: false };
    const response = { fields: new Fields(""), bodyLength: -1 };
    response.fields.add(FIELD.CONTENT_TYPE, "application/grpc");
    const exchange = {
      head,
      grpcType,
      response,
      memory: { get: () => null, put() {} },
      transformRequest: (transform: BodyTransform) => void transforms.push(transform),
      transformResponse: (transform: BodyTransform) => void transforms.push(transform),
    };
    grpcWeb.response?.(exchange as never);
    grpcWeb.request?.(exchange as never);
    assert.equal(transforms.length, 2);
    for (const transform of transforms) {
      for (const answer of [true, false]) assert.equal(transform.write(Buffer.from("AAAA"), { write: () => answer, end() {} }), answer);
    }
  });
});

describe("other requests of a route with gRPC-Web", () => {
  it("pass as they are", async () => {
    const stage = await open("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nhi");
    const plain = stage.send(get("/x", "Accept: application/grpc-web\r\n"));
    assert.equal(plain.response().body, "hi");
    assert.equal(seenField(stage, "accept"), "application/grpc-web");
    stage.server.script = { onHead() {}, onRequest: (connection) => connection.send(OK) };
    const grpc = stage.send(post(message("ask"), web("grpc+proto")));
    assert.equal(grpc.response("POST").body, message("one") + message("two"));
    assert.equal(fieldsOf(grpc)["content-type"], "application/grpc");
    stage.finish();
  });

  it("may be changed by other policies behind the translation", async () => {
    const seen: (string | null)[] = [];
    const later: Policy = {
      name: "later",
      phase: "transform",
      request(exchange) {
        seen.push(exchange.head.fields.get(FIELD.CONTENT_TYPE));
        return CONTINUE;
      },
    };
    const stage = await open(OK, { policies: [later] });
    stage.send(post(message("ask"), web("grpc-web+proto")));
    assert.deepEqual(seen, ["application/grpc+proto"]);
    stage.finish();
  });
});
