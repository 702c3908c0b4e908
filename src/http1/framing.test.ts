// What fields say about a message's frame: tables of heads, for requests and for responses.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RequestHead, ResponseHead } from "../http/index.ts";
import { DONE, HeadParser } from "./head-parser.ts";
import { readRequestHead, requestFrame } from "./request-head.ts";
import { readResponseHead, responseFrame } from "./response-head.ts";

const BOUNDS = { lineBytes: 8192, headBytes: 32 * 1024, fieldCount: 100 };
const requests = new HeadParser("request");
const responses = new HeadParser("response");

function readRequest(lines: string, start = "POST / HTTP/1.1"): RequestHead | string {
  const bytes = Buffer.from(`${start}\r\n${lines}\r\n`, "latin1");
  assert.equal(requests.parse(bytes, 0, bytes.length, BOUNDS), DONE, lines);
  const head = readRequestHead(requests, "http");
  return head instanceof RequestHead ? head : head.code.replace("SP_H1_", "");
}

/** `length kept|closes`, or a fault's code. A Host is there unless `lines` holds one. */
function request(lines: string, start?: string): string {
  const head = readRequest(/^host/im.test(lines) ? lines : `Host: a\r\n${lines}`, start);
  return typeof head === "string" ? head : `${head.bodyLength} ${requestFrame.keepAlive ? "kept" : "closes"}`;
}

function readResponse(lines: string, method = "GET", status = "200", version = "1.1"): ResponseHead | string {
  const bytes = Buffer.from(`HTTP/${version} ${status} x\r\n${lines}\r\n`, "latin1");
  assert.equal(responses.parse(bytes, 0, bytes.length, BOUNDS), DONE, lines);
  const head = readResponseHead(responses, method);
  return head instanceof ResponseHead ? head : head.code.replace("SP_H1_RESPONSE_", "");
}

/** `length declared chunked? until-close? kept|closes`, or a fault's code. */
function response(lines: string, method?: string, status?: string, version?: string): string {
  const head = readResponse(lines, method, status, version);
  if (typeof head === "string") return head;
  const { isChunked, untilClose, keepAlive } = responseFrame;
  return [
    head.bodyLength,
    head.declaredLength,
    ...(isChunked ? ["chunked"] : []),
    ...(untilClose ? ["until-close"] : []),
    keepAlive ? "kept" : "closes",
  ].join(" ");
}

type Read = (lines: string, startOrMethod?: string, status?: string, version?: string) => string;
type Row = readonly [expected: string, ...Parameters<Read>];

function agrees(read: Read, table: readonly Row[]): void {
  for (const [expected, ...args] of table) assert.equal(read(...args), expected, JSON.stringify(args));
}

describe("Content-Length", () => {
  it("is one plain number of at most 15 digits", () => {
    agrees(request, [
      ["0 kept", "Content-Length: 0\r\n"],
      ["5 kept", "content-LENGTH: 5\r\n"],
      ["5 kept", "Content-Length: 00005\r\n"],
      ["999999999999999 kept", "Content-Length: 999999999999999\r\n"],
      ["BAD_CONTENT_LENGTH", "Content-Length: 1000000000000000\r\n"],
      ["BAD_CONTENT_LENGTH", "Content-Length: 0000000000000005\r\n"],
      ...["", "+5", "-5", "5,5", "5, 5", "5 5", "0x5", "5.0", "5e1", "5;", "\u00b2", "five", "5,"].map(
        (value) => ["BAD_CONTENT_LENGTH", `Content-Length: ${value}\r\n`] as const,
      ),
      ["BAD_CONTENT_LENGTH", "Content-Length: 5\r\nContent-Length: 5\r\n"],
      ["BAD_CONTENT_LENGTH", "Content-Length: 5\r\nContent-Length: 6\r\n"],
      ["0 kept", ""],
    ]);
  });
});

describe("Transfer-Encoding", () => {
  it("is exactly one chunked", () => {
    agrees(request, [
      ["-1 kept", "Transfer-Encoding: chunked\r\n"],
      ["-1 kept", "transfer-encoding:CHUNKED  \r\n"],
      ["BAD_TRANSFER_ENCODING", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n"],
      ["BAD_TRANSFER_ENCODING", "Transfer-Encoding: chunked, chunked\r\n"],
      ["BAD_TRANSFER_ENCODING", "Transfer-Encoding:\r\n"],
      ["BAD_TRANSFER_ENCODING", "Transfer-Encoding: ,chunked\r\n"],
      ["BAD_TRANSFER_ENCODING", "Transfer-Encoding: chunked,\r\n"],
      ["BAD_TRANSFER_ENCODING", "Transfer-Encoding: chunked, gzip\r\n"],
      ["BAD_TRANSFER_ENCODING", "Transfer-Encoding: chunked;q=1\r\n"],
      ["BAD_TRANSFER_ENCODING", 'Transfer-Encoding: "chunked"\r\n'],
      ["BAD_TRANSFER_ENCODING", "Transfer-Encoding: chun ked\r\n"],
      ["BAD_TRANSFER_ENCODING", "Transfer-Encoding: \u0080chunked\r\n"],
      ["BAD_TRANSFER_ENCODING", "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n"],
      ["UNKNOWN_CODING", "Transfer-Encoding: gzip, chunked\r\n"],
      ["UNKNOWN_CODING", "Transfer-Encoding: gzip\r\n"],
      ["UNKNOWN_CODING", "Transfer-Encoding: identity\r\n"],
      ["UNKNOWN_CODING", "Transfer-Encoding: xchunked\r\n"],
      ["UNKNOWN_CODING", "Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n"],
      ["AMBIGUOUS_LENGTH", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"],
      ["AMBIGUOUS_LENGTH", "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n"],
      ["BAD_TRANSFER_ENCODING", "Transfer-Encoding: chunked\r\n", "POST / HTTP/1.0"],
    ]);
  });
});

describe("a framing field in another spelling", () => {
  it("is refused, whatever it says", () => {
    for (const name of [
      "content_length",
      "Content--Length",
      "Content.Length",
      "transfer_encoding",
      "Transfer-_Encoding",
      "Keep_Alive",
      "proxy_connection",
    ])
      assert.equal(request(`${name}: 5\r\n`), "FRAMING_ALIAS", name);
    for (const name of ["Contentlength", "X-Content-Length", "Content-Lengths", "Content-Length-"])
      assert.equal(request(`${name}: 5\r\n`), "0 kept", name);
  });
});

describe("Host", () => {
  it("is exactly one valid host for HTTP/1.1", () => {
    agrees(request, [
      ["0 kept", "Host: example.com:8080\r\n"],
      ["0 kept", "HOST: [::1]:80\r\n"],
      ["BAD_HOST", "Host: a\r\nHost: a\r\n"],
      ["BAD_HOST", "Host:\r\n"],
      ...["a,b", "a b", "u@a", "a/b", "a:b", "a:99999", "a#", "a?", "a\\b", "[::1", "127.1", "a..b", "http://a"].map(
        (host) => ["BAD_HOST", `Host: ${host}\r\n`] as const,
      ),
    ]);
    assert.equal(readRequest(""), "BAD_HOST");
  });

  it("may be missing for HTTP/1.0 alone", () => {
    const head = readRequest("", "GET / HTTP/1.0");
    assert.ok(head instanceof RequestHead);
    assert.deepEqual([head.authority, head.host], ["", ""]);
    assert.equal(readRequest("Host: a b\r\n", "GET / HTTP/1.0"), "BAD_HOST");
  });

  it("is kept as sent and in lower case", () => {
    const head = readRequest("Host: EXAMPLE.com:8080\r\n");
    assert.ok(head instanceof RequestHead);
    assert.deepEqual([head.authority, head.host], ["EXAMPLE.com:8080", "example.com"]);
  });
});

describe("Connection", () => {
  const kept = (lines: string) => {
    const head = readRequest(`Host: a\r\n${lines}`);
    return typeof head === "string" ? head : head.fields.toLines();
  };

  it("and what it names ends here, wherever it stands", () => {
    agrees(kept, [
      ["B: 2\r\n", "A: 1\r\nConnection: a\r\nB: 2\r\n"],
      ["B: 2\r\n", "Connection: x, A ,, close\r\nA: 1\r\na: 3\r\nB: 2\r\n"],
      ["", "Connection: a\r\nA: 1\r\nConnection: b\r\nB: 2\r\n"],
      [
        "A: 1\r\n",
        "Connection: keep-alive\r\nA: 1\r\nKeep-Alive: timeout=5\r\nProxy-Connection: close\r\nTE: gzip\r\nTrailer: x\r\nUpgrade: y\r\n",
      ],
      ["A_B: 1\r\n", "Connection: a-b\r\nA_B: 1\r\n"],
    ]);
  });

  it("names no framing field and nothing that is not a token", () => {
    for (const option of ["host", "Content-Length", "transfer_encoding", "expect", "a b", "a;b", '"a"', "a\u0080"])
      assert.equal(kept(`Connection: close, ${option}\r\n`), "BAD_CONNECTION", option);
  });

  it("ends or keeps the connection", () => {
    agrees(request, [
      ["0 closes", "Connection: close\r\n"],
      ["0 closes", "Connection: keep-alive\r\nConnection: close\r\n"],
      ["0 closes", "Connection: upgrade, Close\r\n"],
      ["0 kept", "Connection: closed\r\n"],
      ["0 kept", "Connection:\r\n"],
      ["0 closes", "", "POST / HTTP/1.0"],
      ["0 kept", "Connection: keep-alive\r\n", "POST / HTTP/1.0"],
      ["0 closes", "Proxy-Connection: keep-alive\r\n", "POST / HTTP/1.0"],
      ["5 closes", "Content-Length: 5\r\n", "GET / HTTP/1.1"],
      ["-1 closes", "Transfer-Encoding: chunked\r\n", "HEAD / HTTP/1.1"],
      ["5 kept", "Content-Length: 5\r\n", "DELETE / HTTP/1.1"],
    ]);
  });
});

describe("methods and expectations", () => {
  it("are known or passed on", () => {
    agrees(request, [
      ["METHOD_NOT_IMPLEMENTED", "", "CONNECT a:443 HTTP/1.1"],
      ["METHOD_NOT_IMPLEMENTED", "", "TRACE / HTTP/1.1"],
      ["0 kept", "", `${"A".repeat(32)} / HTTP/1.1`],
      ["METHOD_NOT_IMPLEMENTED", "", `${"A".repeat(33)} / HTTP/1.1`],
      ["0 kept", "", "trace / HTTP/1.1"],
      ["5 kept", "Content-Length: 5\r\nExpect: 100-Continue\r\n"],
      ["BAD_EXPECT", "Expect: 100-continue, x\r\n"],
      ["BAD_EXPECT", "Expect: 100-continue\r\nExpect: 100-continue\r\n"],
      ["BAD_EXPECT", "Expect: wonders\r\n"],
      ["0 closes", "Expect: wonders\r\n", "POST / HTTP/1.0"],
    ]);
  });

  it("ask for trailers by TE alone", () => {
    const accepts = (lines: string, start?: string) => {
      const head = readRequest(`Host: a\r\n${lines}`, start);
      return head instanceof RequestHead && head.acceptsTrailers;
    };
    assert.equal(accepts("TE: trailers\r\n"), true);
    assert.equal(accepts("TE: Trailers\r\n"), true);
    assert.equal(accepts("TE: gzip\r\n"), false);
    assert.equal(accepts(""), false);
    assert.equal(accepts("TE: trailers\r\n", "GET / HTTP/1.0"), false);
  });
});

describe("the frame of a response", () => {
  it("is a length, chunks, or the connection's end", () => {
    agrees(response, [
      ["5 5 kept", "Content-Length: 5\r\n"],
      ["0 0 kept", "Content-Length: 0\r\n"],
      ["-1 -1 chunked kept", "Transfer-Encoding: chunked\r\n"],
      ["-1 -1 until-close closes", ""],
      ["5 5 closes", "Content-Length: 5\r\nConnection: close\r\n"],
      ["5 5 closes", "Content-Length: 5\r\n", "GET", "200", "1.0"],
      ["5 5 kept", "Content-Length: 5\r\nConnection: keep-alive\r\n", "GET", "200", "1.0"],
      ["-1 -1 until-close closes", "Connection: keep-alive\r\n", "GET", "200", "1.0"],
    ]);
  });

  it("has no body after HEAD, and with 204 and 304", () => {
    agrees(response, [
      ["0 5 kept", "Content-Length: 5\r\n", "HEAD"],
      ["0 -1 kept", "Transfer-Encoding: chunked\r\n", "HEAD"],
      ["0 -1 kept", "", "HEAD"],
      ["0 -1 kept", "", "GET", "204"],
      ["0 0 kept", "Content-Length: 0\r\n", "GET", "204"],
      ["0 5 kept", "Content-Length: 5\r\n", "GET", "304"],
      ["0 -1 kept", "Transfer-Encoding: chunked\r\n", "GET", "304"],
    ]);
  });

  it("is refused where two readers might cut it differently", () => {
    agrees(response, [
      ["BAD_FRAMING", "Content-Length: 5\r\nContent-Length: 5\r\n"],
      ["BAD_FRAMING", "Content-Length: 5, 5\r\n"],
      ["BAD_FRAMING", "Content-Length: -5\r\n"],
      ["BAD_FRAMING", "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n"],
      ["BAD_FRAMING", "Transfer-Encoding: gzip, chunked\r\n"],
      ["BAD_FRAMING", "Transfer-Encoding: identity\r\n"],
      ["BAD_FRAMING", "Transfer-Encoding: chunked\r\n", "GET", "200", "1.0"],
      ["BAD_FRAMING", "content_length: 5\r\n"],
      ["BAD_FRAMING", "Content-Length: 5\r\n", "GET", "204"],
      ["BAD_FRAMING", "Transfer-Encoding: chunked\r\n", "GET", "204"],
      ["BAD_FRAMING", "Content-Length: 5\r\n", "GET", "103"],
      ["BAD_FRAMING", "Transfer-Encoding: chunked\r\n", "GET", "100"],
      ["BAD_HEAD", "Connection: content-length\r\nContent-Length: 5\r\n"],
      ["BAD_STATUS_LINE", "", "GET", "100", "1.0"],
    ]);
  });

  it("tells when the upstream will close", () => {
    const seconds = (value: string) => {
      readResponse(`Content-Length: 0\r\nKeep-Alive: ${value}\r\n`);
      return responseFrame.keepAliveSeconds;
    };
    assert.deepEqual(["timeout=5", "timeout=5, max=100", "max=100,timeout=72", "timeout=0"].map(seconds), [5, 5, 72, 0]);
    assert.deepEqual(["max=5", "timeout=", "timeout=x", ""].map(seconds), [-1, -1, -1, -1]);
  });

  it("names the protocol of a 101", () => {
    readResponse("Connection: upgrade\r\nUpgrade: websocket\r\n", "GET", "101");
    assert.equal(responseFrame.upgrade, "websocket");
    readResponse("Upgrade: websocket\r\n", "GET", "101");
    assert.equal(responseFrame.upgrade, "");
  });
});
