// Several requests on one connection: pipelining in order, a malformed one behind a valid one, answers that come before
// the body has ended; and the bounds of one request.

import {
  CRLF,
  get,
  HELLO_CHUNKED,
  HOST,
  head,
  post,
  type RequestCase,
  refused,
  SMUGGLED,
  sawGet,
  sawPost,
  served,
  servedThenClosed,
} from "./request-case.ts";

const pipelined: readonly RequestCase[] = [
  served("two requests are answered in order", get("/first") + get("/second"), [sawGet("/first"), sawGet("/second")]),
  served(
    "ten requests are answered in order",
    Array.from({ length: 10 }, (_, i) => get(`/${i}`)).join(""),
    Array.from({ length: 10 }, (_, i) => sawGet(`/${i}`)),
  ),
  served("a body of Content-Length ends where it says", post("Content-Length: 5", "hello") + get("/second"), [
    sawPost("hello", "length"),
    sawGet("/second"),
  ]),
  served("a chunked body ends at its last chunk", post("Transfer-Encoding: chunked", HELLO_CHUNKED) + get("/second"), [
    sawPost("hello", "chunked"),
    sawGet("/second"),
  ]),
  served("two chunked bodies follow each other", post("Transfer-Encoding: chunked", HELLO_CHUNKED).repeat(2), [
    sawPost("hello", "chunked"),
    sawPost("hello", "chunked"),
  ]),
  served(
    "a HEAD between two GET has no body",
    get("/first") + head("HEAD /second HTTP/1.1", HOST) + get("/third"),
    [sawGet("/first"), { ...sawGet("/second"), method: "HEAD" }, sawGet("/third")],
    { headAnswers: [1] },
  ),
  served("a request behind one that has an empty body is read", post("Content-Length: 0", "") + get("/second"), [
    sawPost("", "length"),
    sawGet("/second"),
  ]),
  served(
    "OPTIONS * between two requests is answered in its turn",
    get("/first") + head("OPTIONS * HTTP/1.1", HOST) + get("/third"),
    [sawGet("/first"), sawGet("/third")],
    { statuses: [200, 204, 200] },
  ),
  servedThenClosed("the second of three closes", get("/first") + get("/second", "Connection: close") + SMUGGLED, [
    sawGet("/first"),
    sawGet("/second"),
  ]),
];

const thenMalformed: readonly RequestCase[] = [
  ["a bare LF", get("/second", "X: a\nY: b")],
  ["a folded field", get("/second", "X: a", " b")],
  ["a space before the colon", get("/second", "X : a")],
  ["NUL", get("/second", "X: \x00")],
  ["no Host", head("GET /second HTTP/1.1")],
  ["two Host fields", get("/second", HOST)],
  ["two Content-Length fields", get("/second", "Content-Length: 0", "Content-Length: 0")],
  ["Content-Length and Transfer-Encoding", get("/second", "Content-Length: 5", "Transfer-Encoding: chunked") + HELLO_CHUNKED],
  ["a bad request line", head("GET  /second HTTP/1.1", HOST)],
  ["a bad target", get("/%zz")],
  ["a target above the root", get("/../second")],
  ["garbage", `\x00\x01\x02${CRLF}${CRLF}`],
  ["a response", `HTTP/1.1 200 OK${CRLF}Content-Length: 0${CRLF}${CRLF}`],
  ["an aliased framing field", get("/second", "Content_Length: 0")],
].map(([what, second]) =>
  refused(`a valid request, then one with ${what}: the first is answered, the second refused`, get("/first") + second + SMUGGLED, 400, {
    statuses: [200, 400],
    upstream: [sawGet("/first")],
  }),
);

const thenOther: readonly RequestCase[] = [
  refused(
    "a valid request, then a bad chunk: the first is answered, the second refused",
    `${get("/first")}${post("Transfer-Encoding: chunked", `0x5${CRLF}hello`)}${SMUGGLED}`,
    400,
    {
      statuses: [200, 400],
      upstream: [sawGet("/first")],
      mayBegin: true,
    },
  ),
  refused("a valid request, then an unsupported version", get("/first") + head("GET /second HTTP/2.0", HOST) + SMUGGLED, 505, {
    statuses: [200, 505],
    upstream: [sawGet("/first")],
  }),
  refused(
    "a chunked body with a byte too many: the first is answered, the byte refused",
    post("Transfer-Encoding: chunked", `${HELLO_CHUNKED}X${CRLF}${CRLF}`),
    400,
    {
      statuses: [200, 400],
      upstream: [sawPost("hello", "chunked")],
    },
  ),
  refused(
    "a body longer than its Content-Length: the first is answered, the rest refused",
    post("Content-Length: 5", `hello there${CRLF}${CRLF}`),
    400,
    {
      statuses: [200, 400],
      upstream: [sawPost("hello", "length")],
    },
  ),
  refused("TE.CL leftovers behind a zero chunk are refused", post("Transfer-Encoding: chunked", `0${CRLF}${CRLF}x=1${CRLF}${CRLF}`), 400, {
    statuses: [200, 400],
    upstream: [sawPost("", "chunked")],
  }),
];

const early: readonly RequestCase[] = [
  servedThenClosed(
    "an answer before the body has ended is delivered, and the rest is no request",
    post("Content-Length: 1000", `hello${SMUGGLED}`),
    [],
    {
      manner: "early",
      statuses: [403],
      mayBegin: true,
    },
  ),
  servedThenClosed(
    "an answer before the last chunk is delivered, and the rest is no request",
    post("Transfer-Encoding: chunked", `5${CRLF}hello${CRLF}fff${CRLF}${SMUGGLED}`),
    [],
    {
      manner: "early",
      statuses: [403],
      mayBegin: true,
    },
  ),
  servedThenClosed(
    "an answer instead of 100 is delivered, and the body is no request",
    post(["Expect: 100-continue", "Content-Length: 1000"], ""),
    [],
    {
      manner: "early",
      statuses: [403],
      mayBegin: true,
    },
  ),
  servedThenClosed(
    "an answer instead of 100 while the body comes anyway is delivered",
    post(["Expect: 100-continue", "Content-Length: 1000"], SMUGGLED),
    [],
    {
      manner: "early",
      statuses: [403],
      mayBegin: true,
    },
  ),
];

const LONG_PATH = `/${"a".repeat(2000)}`;

const bounds: readonly RequestCase[] = [
  refused("a request line over its bound is refused", get(LONG_PATH) + SMUGGLED, 414, { cuts: "some" }),
  refused("a request line over its bound is refused before it ends", `GET ${LONG_PATH}`, 414, { cuts: "some" }),
  refused("a query over the line's bound is refused", get(`/?${"a".repeat(2000)}`) + SMUGGLED, 414, { cuts: "some" }),
  served("a request line within its bound is served", get(`/${"a".repeat(900)}`), sawGet(`/${"a".repeat(900)}`), { cuts: "some" }),
  refused("one field over the head's bound is refused", get("/first", `X: ${"a".repeat(5000)}`) + SMUGGLED, 431, { cuts: "some" }),
  refused("one field over the head's bound is refused before it ends", `${get("/first").slice(0, -2)}X: ${"a".repeat(5000)}`, 431, {
    cuts: "some",
  }),
  refused(
    "many fields over the head's bound are refused",
    get("/first", ...Array.from({ length: 30 }, (_, i) => `X${i}: ${"a".repeat(200)}`)) + SMUGGLED,
    431,
    { cuts: "some" },
  ),
  refused("more fields than their bound are refused", get("/first", ...Array.from({ length: 60 }, (_, i) => `X${i}: a`)) + SMUGGLED, 431, {
    cuts: "some",
  }),
  served("fields within their bound are served", get("/first", ...Array.from({ length: 40 }, (_, i) => `X${i}: a`)), sawGet("/first"), {
    cuts: "some",
  }),
  refused("a Content-Length over the body's bound is refused at once", post("Content-Length: 8193", ""), 413),
  refused(
    "a Content-Length over the body's bound is refused though the client expects 100",
    post(["Expect: 100-continue", "Content-Length: 8193"], ""),
    413,
  ),
  served(
    "a Content-Length at the body's bound is served",
    post("Content-Length: 8192", "x".repeat(8192)),
    sawPost("x".repeat(8192), "length"),
    { cuts: "some" },
  ),
  refused(
    "a chunked body over its bound is refused when it passes it",
    post("Transfer-Encoding: chunked", `2001${CRLF}${"x".repeat(8193)}${CRLF}0${CRLF}${CRLF}${SMUGGLED}`),
    413,
    {
      mayBegin: true,
      cuts: "some",
    },
  ),
  refused(
    "many small chunks over the body's bound are refused when they pass it",
    post("Transfer-Encoding: chunked", `10${CRLF}${"x".repeat(16)}${CRLF}`.repeat(600)),
    413,
    {
      mayBegin: true,
      cuts: "some",
    },
  ),
];

/** Refused while the client goes on sending: it must be able to read the refusal all the same (RFC 9112 9.6). */
const refusedWhileSending: readonly RequestCase[] = [
  refused(
    "a body of Content-Length that keeps coming behind its 413 does not destroy it",
    post("Content-Length: 100000", "x".repeat(100_000)),
    413,
    {
      cuts: "some",
    },
  ),
  refused(
    "a chunk that keeps coming behind its 413 does not destroy it",
    post("Transfer-Encoding: chunked", `186a0${CRLF}${"x".repeat(100_000)}${CRLF}0${CRLF}${CRLF}`),
    413,
    { mayBegin: true, cuts: "some" },
  ),
  refused(
    "a body that keeps coming behind its 417 does not destroy it",
    post(["Expect: x", "Content-Length: 8000"], "x".repeat(8000)),
    417,
    { cuts: "some" },
  ),
  refused(
    "a body that keeps coming behind its 400 does not destroy it",
    post(["Content-Length: 100000", "X : y"], "x".repeat(100_000)),
    400,
    { cuts: "some" },
  ),
];

export const sequenceCases: readonly RequestCase[] = [
  ...pipelined,
  ...thenMalformed,
  ...thenOther,
  ...early,
  ...bounds,
  ...refusedWhileSending,
];
