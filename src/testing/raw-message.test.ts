// The naive reader judged by itself: it is what every conformance test relies on.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readRequest, readResponse, StrictError } from "./raw-message.ts";

const REQUEST = "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nX-Sum: 1\r\n\r\n";
const RESPONSE = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

describe("the naive reader", () => {
  it("reads a request with chunks and trailers", () => {
    const request = readRequest(REQUEST, 0);
    assert.equal(request?.body, "hello");
    assert.equal(request?.framing, "chunked");
    assert.deepEqual(request?.trailers, [["x-sum", "1"]]);
    assert.equal(request?.end, REQUEST.length);
  });

  it("reads chunks without trailers", () => {
    const text = REQUEST.replace("X-Sum: 1\r\n", "");
    assert.equal(readRequest(`${text}GET`, 0)?.end, text.length);
  });

  it("reads two requests one behind the other", () => {
    const first = readRequest(REQUEST + REQUEST, 0);
    assert.equal(readRequest(REQUEST + REQUEST, first?.end ?? 0)?.end, REQUEST.length * 2);
  });

  it("wants more at every byte before the end, and never faults a prefix", () => {
    for (let at = 0; at < REQUEST.length; at++) assert.equal(readRequest(REQUEST.slice(0, at), 0), null, `at ${at}`);
    for (let at = 0; at < RESPONSE.length; at++) assert.equal(readResponse(RESPONSE.slice(0, at), 0, "GET", false), null, `at ${at}`);
  });

  it("frames a response by its request, its status, its length or its end", () => {
    assert.equal(readResponse(RESPONSE, 0, "GET", false)?.body, "hello");
    assert.equal(readResponse(RESPONSE, 0, "HEAD", false)?.body, "");
    assert.equal(readResponse("HTTP/1.1 204 No Content\r\n\r\n", 0, "GET", false)?.framing, "none");
    assert.equal(readResponse("HTTP/1.1 200 OK\r\n\r\nrest", 0, "GET", true)?.framing, "close");
    assert.equal(readResponse("HTTP/1.1 200 OK\r\n\r\nrest", 0, "GET", false), null);
  });

  for (const [what, text] of [
    ["two lengths", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 5\r\n\r\nhello"],
    ["a length and a coding", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["another coding", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n0\r\n\r\n"],
    ["a signed length", "POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: +5\r\n\r\nhello"],
    ["a chunk extension", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a\r\nhello\r\n0\r\n\r\n"],
    ["bytes behind a chunk", "POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhelloX\r\n0\r\n\r\n"],
    ["a bare LF", "GET /x HTTP/1.1\r\nHost: a\nX: y\r\n\r\n"],
    ["a folded line", "GET /x HTTP/1.1\r\nHost: a\r\n b\r\n\r\n"],
    ["a space before the colon", "GET /x HTTP/1.1\r\nHost : a\r\n\r\n"],
    ["two Host fields", "GET /x HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n"],
    ["no Host", "GET /x HTTP/1.1\r\n\r\n"],
    ["HTTP/1.0", "GET /x HTTP/1.0\r\nHost: a\r\n\r\n"],
    ["two spaces in its request line", "GET  /x HTTP/1.1\r\nHost: a\r\n\r\n"],
  ]) {
    it(`faults a request with ${what}`, () => assert.throws(() => readRequest(text as string, 0), StrictError));
  }
});
