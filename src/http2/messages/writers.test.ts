// What is sent of heads and trailers, as our own decoder reads it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FIELD, Fields, fieldName, hasFolded, ResponseHead, UNKNOWN_LENGTH, type UpstreamRequest } from "../../http/index.ts";
import { SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY } from "../../websocket/index.ts";
import { type HeaderEntry, HpackDecoder } from "../hpack/index.ts";
import { OutBuffer } from "../out-buffer.ts";
import { asksForWebSocket, toSwitchFields, writeInterim, writeRequest, writeResponse, writeTrailers } from "./index.ts";

function fieldsOf(...pairs: readonly (readonly [string, string])[]): Fields {
  const fields = new Fields("");
  for (const [name, value] of pairs) fields.add(fieldName(name), value);
  return fields;
}

function read(write: (out: OutBuffer) => void): string[] {
  const out = new OutBuffer();
  write(out);
  const lines: string[] = [];
  const sink = { onEntry: ({ name, value, isSecret }: HeaderEntry) => void lines.push(`${isSecret ? "secret " : ""}${name}: ${value}`) };
  assert.equal(new HpackDecoder(4096).decode(out.bytes, 0, out.length, sink), null);
  return lines;
}

function request(others: Partial<UpstreamRequest> = {}): UpstreamRequest {
  return {
    method: "GET",
    target: "/a?b",
    authority: "a.example",
    fields: fieldsOf(["Accept", "*/*"]),
    bodyLength: 0,
    expectsContinue: false,
    acceptsTrailers: false,
    upgrade: null,
    ...others,
  };
}

function sentRequest(others: Partial<UpstreamRequest> = {}): string[] {
  return read((out) => writeRequest(out, request(others), "https"));
}

const START = [":method: GET", ":scheme: https", ":authority: a.example", ":path: /a?b", "accept: */*"];
const POST_START = [":method: POST", ...START.slice(1)];

describe("a request", () => {
  it("has its pseudo-fields first, and names in lower case", () => assert.deepEqual(sentRequest(), START));

  it("says nothing of an authority that an HTTP/1.0 client did not name", () => {
    assert.deepEqual(
      sentRequest({ authority: "" }),
      START.filter((line) => !line.startsWith(":authority")),
    );
  });

  it("says the length of its content where that is known", () => {
    assert.deepEqual(sentRequest({ method: "POST", bodyLength: 5 }), [...POST_START, "content-length: 5"]);
    assert.deepEqual(sentRequest({ method: "POST", bodyLength: 0 }), [...POST_START, "content-length: 0"]);
    assert.deepEqual(sentRequest({ method: "POST", bodyLength: UNKNOWN_LENGTH }), POST_START);
    assert.deepEqual(sentRequest({ bodyLength: 5 }), [...START, "content-length: 5"]);
  });

  it("says te: trailers, and what it expects", () => {
    assert.deepEqual(sentRequest({ acceptsTrailers: true }), [...START, "te: trailers"]);
    assert.deepEqual(sentRequest({ method: "POST", bodyLength: 5, expectsContinue: true }), [
      ...POST_START,
      "content-length: 5",
      "expect: 100-continue",
    ]);
  });

  it("sends on as secret what came as secret", () => {
    const fields = fieldsOf(["X-Token", "s"], ["Accept", "*/*"]);
    fields.secrets = ["x-token"];
    assert.deepEqual(sentRequest({ fields }), [...START.slice(0, 4), "secret x-token: s", "accept: */*"]);
  });

  it("for a WebSocket is an extended CONNECT without the key, which stays with the request", () => {
    const fields = fieldsOf(["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="], ["Sec-WebSocket-Version", "13"]);
    assert.deepEqual(sentRequest({ fields, upgrade: "WebSocket" }), [
      ":method: CONNECT",
      ...START.slice(1, 4),
      ":protocol: websocket",
      "sec-websocket-version: 13",
    ]);
    assert.equal(fields.get(SEC_WEBSOCKET_KEY), "dGhlIHNhbXBsZSBub25jZQ==");
  });

  it("for another protocol goes without its upgrade", () => {
    assert.deepEqual(sentRequest({ upgrade: "other" }), START);
    assert.ok(!asksForWebSocket(request({ upgrade: "other" })));
    assert.ok(!asksForWebSocket(request()));
  });
});

function sentAnswer(head: ResponseHead, isHead = false): string[] {
  return read((out) => writeResponse(out, head, isHead));
}

describe("a response", () => {
  const table: readonly (readonly [what: string, head: readonly [number, number, number], isHead: boolean, length: string | null])[] = [
    ["content of known length", [200, 5, 5], false, "5"],
    ["content of unknown length", [200, UNKNOWN_LENGTH, -1], false, null],
    ["no content, and a length of 0", [200, 0, 0], false, "0"],
    ["no content, of which nothing was said, as of a gRPC call that fails at once", [200, 0, -1], false, null],
    ["content that a transform has emptied", [200, 0, 5], false, null],
    ["content that a transform has changed", [200, UNKNOWN_LENGTH, 5], false, null],
    ["the length of what HEAD asked about", [200, 0, 5], true, "5"],
    ["nothing said of what HEAD asked about", [200, 0, -1], true, null],
    ["the length of what 304 stands for", [304, 0, 5], false, "5"],
    ["no length with 304", [304, 0, -1], false, null],
    ["no length with 204", [204, 0, 0], false, null],
  ];
  for (const [what, [status, bodyLength, declared], isHead, length] of table) {
    it(`has ${what}`, () => {
      const expected = [`:status: ${status}`, "x: y", ...(length === null ? [] : [`content-length: ${length}`])];
      assert.deepEqual(sentAnswer(new ResponseHead(status, fieldsOf(["X", "y"]), bodyLength, declared), isHead), expected);
    });
  }

  for (const status of [100, 103, 200, 204, 206, 304, 400, 404, 418, 500, 599]) {
    it(`has the status ${status}`, () => {
      assert.deepEqual(
        read((out) => writeInterim(out, status, fieldsOf(["Link", "</a>"]))),
        [`:status: ${status}`, "link: </a>"],
      );
    });
  }

  it("that switches to a WebSocket is a 200 without what HTTP/1.1 says of it", () => {
    const fields = fieldsOf(
      ["Sec-WebSocket-Accept", "x"],
      ["Sec-WebSocket-Protocol", "chat"],
      ["Upgrade", "websocket"],
      ["Connection", "Upgrade"],
    );
    assert.deepEqual(sentAnswer(new ResponseHead(101, fields, UNKNOWN_LENGTH, UNKNOWN_LENGTH)), [
      ":status: 200",
      "sec-websocket-protocol: chat",
    ]);
    assert.ok(hasFolded(fields, FIELD.UPGRADE), "whoever logs it still sees what it was");
  });
});

describe("trailers", () => {
  it("are lines and nothing else", () => {
    assert.deepEqual(
      read((out) => writeTrailers(out, fieldsOf(["Grpc-Status", "0"], ["grpc-message", ""]))),
      ["grpc-status: 0", "grpc-message: "],
    );
  });
});

describe("an upstream's 200 to a WebSocket", () => {
  it("becomes the 101 that its key asks for (RFC 6455 1.3)", () => {
    const fields = fieldsOf(["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="]);
    const switched = toSwitchFields(fieldsOf(["X", "y"]), request({ fields, upgrade: "websocket" }));
    assert.equal(switched.get(SEC_WEBSOCKET_ACCEPT), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert.equal(switched.toLines(), "X: y\r\nSec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
  });

  it("has our Accept in place of one that it sent, and none where there was no key", () => {
    const fields = fieldsOf(["Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="]);
    const switched = toSwitchFields(fieldsOf(["sec-websocket-accept", "forged"]), request({ fields, upgrade: "websocket" }));
    assert.equal(switched.toLines(), "Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n");
    assert.equal(toSwitchFields(fieldsOf(["X", "y"]), request({ upgrade: "websocket" })).toLines(), "X: y\r\n");
  });
});
