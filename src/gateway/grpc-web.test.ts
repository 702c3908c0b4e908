// gRPC-Web through a whole gateway: a browser's HTTP/1.1 on one side, a service's HTTP/2 on the other.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { GrpcStage, type ServiceConnection } from "../../test/kit/grpc-stage.ts";
import { FRAME, type H2StreamRecord, type RawClient, readResponse } from "../../test/kit/index.ts";

const YAML = `
version: 1
telemetry: { accessLog: off }
listeners: [{ name: http, address: "10.0.0.1:8080", protocols: [h2, http/1.1] }]
upstreams: { ledger: { endpoints: ["http://10.0.1.1"], protocol: h2 } }
routes:
  - name: ledger
    match: { path: /ledger.v1.Ledger/* }
    public: true
    upstream: ledger
    grpcWeb: true
    timeout: 1s
    cors: { origins: ["https://shop.test"], headers: [X-Own], exposeHeaders: [X-Own] }
`;

function message(text: string): string {
  return `\0\0\0\0${String.fromCharCode(text.length)}${text}`;
}

function bytes(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

function trailerFrame(lines: string): string {
  return `\x80\0\0\0${String.fromCharCode(lines.length)}${lines}`;
}

function call(type: string, body: string, path = "/ledger.v1.Ledger/Balance"): string {
  const fields = `Host: a.test\r\nOrigin: https://shop.test\r\nContent-Type: application/${type}\r\nContent-Length: ${body.length}\r\n`;
  return `POST ${path} HTTP/1.1\r\n${fields}\r\n${body}`;
}

function read(client: RawClient): { status: string; fields: Record<string, string>; body: string } {
  const response = readResponse(client.text, 0, "POST", client.ended);
  assert.ok(response !== null, JSON.stringify(client.text));
  return { status: response.startLine, fields: Object.fromEntries(response.fields), body: response.body };
}

function base64(text: string): string {
  return Buffer.from(text, "latin1").toString("base64");
}

describe("a gRPC-Web call to a service over HTTP/2", () => {
  it("arrives as gRPC and is answered with its trailers in the body", async () => {
    const stage = await GrpcStage.create(YAML);
    const seen: H2StreamRecord[] = [];
    stage.script = (connection, stream) => {
      seen.push(stream);
      connection.reply(
        stream,
        [bytes(message("42"))],
        [
          ["grpc-status", "0"],
          ["x-own", "é"],
        ],
      );
    };
    const { status, fields, body } = read(await stage.ask(call("grpc-web+proto", message("who"))));
    assert.equal(status, "HTTP/1.1 200 OK");
    assert.equal(fields["content-type"], "application/grpc-web+proto");
    assert.equal(fields["access-control-expose-headers"], "X-Own, Grpc-Status, Grpc-Message, Grpc-Status-Details-Bin");
    assert.equal(body, message("42") + trailerFrame("grpc-status: 0\r\nx-own: é\r\n"));
    assert.deepEqual([seen[0]?.field("content-type"), seen[0]?.field("te")], ["application/grpc+proto", "trailers"]);
    assert.equal(seen[0]?.body, message("who"));
    await stage.stop();
  });

  it("from a browser that speaks HTTP/2 has its trailers in the body as well, and none behind it", async () => {
    const stage = await GrpcStage.create(YAML);
    stage.script = (connection, stream) => connection.reply(stream, [bytes(message("42"))], [["grpc-status", "0"]]);
    const client = await stage.connectHttp2();
    const head = [
      [":method", "POST"],
      [":scheme", "http"],
      [":authority", "a.test"],
      [":path", "/ledger.v1.Ledger/Balance"],
      ["content-type", "application/grpc-web-text"],
    ] as const;
    const stream = client.request(head, 0);
    client.send(FRAME.data(stream.id, base64(message("who")), FRAME.END_STREAM));
    await stage.settle();
    assert.deepEqual([stream.status, stream.isEnded, stream.trailers], [200, true, null]);
    assert.equal(stream.field("content-type"), "application/grpc-web-text+proto");
    assert.equal(stream.body, base64(message("42")) + base64(trailerFrame("grpc-status: 0\r\n")));
    await stage.stop();
  });

  it("in base64 streams: each message can be read when it has come", async () => {
    const stage = await GrpcStage.create(YAML);
    const held: [ServiceConnection, H2StreamRecord][] = [];
    stage.script = (connection, stream) => void held.push([connection, stream]);
    const client = await stage.ask(call("grpc-web-text", base64(message("who"))));
    const [[connection, stream] = assert.fail()] = held;
    assert.equal(stream.body, message("who"));
    connection.head(stream.id);
    for (const text of ["one", "four"]) {
      connection.send(FRAME.data(stream.id, bytes(message(text))));
      await stage.settle();
      assert.ok(client.text.endsWith(`${base64(message(text))}\r\n`), JSON.stringify(client.text));
    }
    await stage.stop();
  });

  it("that the service refuses with its head, or the gateway by itself, has its status there", async () => {
    const stage = await GrpcStage.create(YAML);
    stage.script = (connection, stream) => connection.refuse(stream, 7);
    const refused = read(await stage.ask(call("grpc-web-text", base64(message("who")))));
    assert.deepEqual(
      [refused.fields["grpc-status"], refused.fields["content-type"], refused.body],
      ["7", "application/grpc-web-text+proto", ""],
    );
    stage.script = () => undefined;
    const client = await stage.ask(call("grpc-web", message("who")));
    await stage.advance(1100);
    const late = read(client);
    assert.equal(late.status, "HTTP/1.1 200 OK");
    assert.deepEqual([late.fields["grpc-status"], late.fields["content-type"]], ["4", "application/grpc-web+proto"]);
    assert.match(late.fields["grpc-message"] ?? "", /SP_EXCHANGE_DEADLINE/);
    assert.equal(late.fields["access-control-allow-origin"], "https://shop.test");
    await stage.stop();
  });

  it("whose service is lost after the first message is told so behind it", async () => {
    const stage = await GrpcStage.create(YAML);
    stage.script = (connection, { id }) => {
      connection.head(id);
      connection.send(FRAME.data(id, bytes(message("one"))), FRAME.rstStream(id, 2));
    };
    const { body } = read(await stage.ask(call("grpc-web", message("who"))));
    assert.ok(body.startsWith(`${message("one")}\x80`), JSON.stringify(body));
    assert.match(body, /grpc-status: 14\r\n/);
    await stage.stop();
  });

  it("may be announced with the headers of gRPC-Web, though the route lists its own", async () => {
    const stage = await GrpcStage.create(YAML);
    const asks =
      "Access-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: content-type,grpc-timeout,x-grpc-web,x-user-agent,x-own\r\n";
    const client = await stage.ask(
      `OPTIONS /ledger.v1.Ledger/Balance HTTP/1.1\r\nHost: a.test\r\nOrigin: https://shop.test\r\n${asks}\r\n`,
    );
    assert.match(client.text, /^HTTP\/1\.1 204 /);
    assert.match(client.text, /Access-Control-Allow-Headers: X-Own, Content-Type, X-Grpc-Web, X-User-Agent, Grpc-Timeout\r\n/);
    await stage.stop();
  });
});
