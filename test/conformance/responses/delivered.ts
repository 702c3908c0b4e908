// Responses that reach the client: every framing, interim responses, what is dropped on the way, and which of them leave
// the upstream connection fit for another request (RFC 9112 6.3, 9.3).

import { CRLF, get, HOST, head, post } from "../requests/request-case.ts";
import { delivered, type ResponseCase } from "./response-case.ts";

const OK = "HTTP/1.1 200 OK";
const HELLO = head(OK, "Content-Length: 5");
const CHUNKED = head(OK, "Transfer-Encoding: chunked");
const CHUNKS = `5${CRLF}hello${CRLF}0${CRLF}${CRLF}`;
const HEAD_REQUEST = head("HEAD /first HTTP/1.1", HOST);
const OLD_REQUEST = head("GET /first HTTP/1.0", HOST);

const framings: readonly ResponseCase[] = [
  delivered("a body of Content-Length is delivered", `${HELLO}hello`, "hello", { fields: { "content-length": "5" } }),
  delivered("an empty body is delivered", head(OK, "Content-Length: 0"), "", { fields: { "content-length": "0" } }),
  delivered("a chunked body is delivered in chunks", CHUNKED + CHUNKS, "hello", {
    fields: { "transfer-encoding": "chunked", "content-length": null },
  }),
  delivered("chunk extensions are dropped", `${CHUNKED}5;a=b${CRLF}hello${CRLF}0;c${CRLF}${CRLF}`, "hello"),
  delivered("a body until the close is delivered in chunks", `${head(OK)}hello`, "hello", {
    afterwards: "fin",
    reuses: false,
    fields: { "transfer-encoding": "chunked" },
  }),
  delivered("an empty body until the close is delivered", head(OK), "", { afterwards: "fin", reuses: false }),
  delivered("a body until the close of HTTP/1.0 is delivered", `${head("HTTP/1.0 200 OK")}hello`, "hello", {
    afterwards: "fin",
    reuses: false,
  }),
  delivered("HTTP/1.0 with a length is delivered and not reused", `${head("HTTP/1.0 200 OK", "Content-Length: 5")}hello`, "hello", {
    reuses: false,
  }),
  delivered(
    "Connection: close with a length is delivered and not reused",
    `${head(OK, "Connection: close", "Content-Length: 5")}hello`,
    "hello",
    {
      reuses: false,
      fields: { connection: null },
    },
  ),
  delivered("Connection: CLOSE in a list is obeyed", `${head(OK, "Connection: X-A, CLOSE", "Content-Length: 5")}hello`, "hello", {
    reuses: false,
  }),
  delivered("a length and a FIN behind it are delivered", `${HELLO}hello`, "hello", { afterwards: "fin", reuses: false }),
  delivered("a chunked body and a FIN behind it are delivered", CHUNKED + CHUNKS, "hello", { afterwards: "fin", reuses: false }),
];

const bodiless: readonly ResponseCase[] = [
  delivered("204 has no body", head("HTTP/1.1 204 No Content"), "", { status: 204, fields: { "transfer-encoding": null } }),
  delivered("204 with Content-Length: 0 has no body", head("HTTP/1.1 204 No Content", "Content-Length: 0"), "", { status: 204 }),
  delivered("304 has no body", head("HTTP/1.1 304 Not Modified", "ETag: x"), "", { status: 304, fields: { etag: "x" } }),
  delivered("304 with a length has no body", head("HTTP/1.1 304 Not Modified", "Content-Length: 5"), "", { status: 304 }),
  delivered("the answer to HEAD has no body", HELLO, "", { request: HEAD_REQUEST, fields: { "content-length": "5" } }),
  delivered("the answer to HEAD has no body though it is chunked", CHUNKED, "", { request: HEAD_REQUEST }),
  delivered("the answer to HEAD has no body though it has no length", head(OK), "", { request: HEAD_REQUEST }),
  delivered("a body behind the answer to HEAD is not delivered, and the connection dropped", `${HELLO}hello`, "", {
    request: HEAD_REQUEST,
    reuses: false,
  }),
  delivered("bytes behind 204 are not delivered, and the connection dropped", `${head("HTTP/1.1 204 No Content")}hello`, "", {
    status: 204,
    reuses: false,
  }),
  delivered(
    "bytes behind 304 are not delivered, and the connection dropped",
    `${head("HTTP/1.1 304 Not Modified", "Content-Length: 5")}hello`,
    "",
    { status: 304, reuses: false },
  ),
];

const SECOND = `${head("HTTP/1.1 200 OK", "Content-Length: 6", "X-Split: 1")}second`;

const leftovers: readonly ResponseCase[] = [
  delivered("bytes behind a body of Content-Length are dropped with the connection", `${HELLO}hello!`, "hello", { reuses: false }),
  delivered("CRLF behind a body is dropped with the connection", `${HELLO}hello${CRLF}`, "hello", { reuses: false }),
  delivered("bytes behind the last chunk are dropped with the connection", `${CHUNKED}${CHUNKS}!`, "hello", { reuses: false }),
  delivered("a second response behind the first is no answer to anybody", `${HELLO}hello${SECOND}`, "hello", { reuses: false }),
  delivered("a second response behind a chunked one is no answer to anybody", CHUNKED + CHUNKS + SECOND, "hello", { reuses: false }),
  delivered("a second response behind an empty one is no answer to anybody", head(OK, "Content-Length: 0") + SECOND, "", { reuses: false }),
  delivered("a second response inside a body until the close is body", head(OK) + SECOND, SECOND, { afterwards: "fin", reuses: false }),
  delivered(
    "an interim response behind a final one is dropped with the connection",
    `${HELLO}hello${head("HTTP/1.1 103 Early Hints")}`,
    "hello",
    { reuses: false },
  ),
];

const interims: readonly ResponseCase[] = [
  delivered("103 is passed on before the final response", `${head("HTTP/1.1 103 Early Hints", "Link: </a>")}${HELLO}hello`, "hello", {
    interim: [103],
  }),
  delivered(
    "two interim responses are passed on",
    `${head("HTTP/1.1 103 Early Hints") + head("HTTP/1.1 103 Early Hints")}${HELLO}hello`,
    "hello",
    { interim: [103, 103] },
  ),
  delivered("102 is passed on", `${head("HTTP/1.1 102 Processing")}${HELLO}hello`, "hello", { interim: [102] }),
  delivered("16 interim responses are passed on", `${head("HTTP/1.1 103 Early Hints").repeat(16)}${HELLO}hello`, "hello", {
    interim: Array.from({ length: 16 }, () => 103),
    cuts: "some",
  }),
  delivered("interim responses never reach an HTTP/1.0 client", `${head("HTTP/1.1 103 Early Hints")}${HELLO}hello`, "hello", {
    request: OLD_REQUEST,
    clientCloses: true,
  }),
];

const heads: readonly ResponseCase[] = [
  delivered("an empty reason is delivered", `${head("HTTP/1.1 200 ", "Content-Length: 5")}hello`, "hello"),
  delivered("a reason with bytes above 0x7F is delivered", `${head("HTTP/1.1 200 \xc3\xa9", "Content-Length: 5")}hello`, "hello"),
  delivered("an unknown status is delivered", `${head("HTTP/1.1 299 Odd", "Content-Length: 5")}hello`, "hello", { status: 299 }),
  delivered("an upstream's own 502 is delivered", `${head("HTTP/1.1 502 Bad", "Content-Length: 5")}hello`, "hello", { status: 502 }),
  delivered(
    "repeated Set-Cookie fields stay apart",
    `${head(OK, "Set-Cookie: a=1", "Set-Cookie: b=2", "Content-Length: 5")}hello`,
    "hello",
    { fields: { "set-cookie": ["a=1", "b=2"] } },
  ),
  delivered("bytes above 0x7F in a value are delivered", `${head(OK, "X-Obs: \xe9", "Content-Length: 5")}hello`, "hello", {
    fields: { "x-obs": "\xe9" },
  }),
  delivered(
    "hop-by-hop fields end here",
    `${head(OK, "Keep-Alive: timeout=5", "Proxy-Connection: close", "Connection: X-Hop", "X-Hop: 1", "Content-Length: 5")}hello`,
    "hello",
    {
      fields: { "keep-alive": null, "proxy-connection": null, "x-hop": null },
    },
  ),
  delivered("a length in any case, with white space around it, is read", `${head(OK, "CONTENT-LENGTH:  5 ")}hello`, "hello"),
  delivered("chunked in any case, with white space around it, is read", `${head(OK, "transfer-encoding: \tCHUNKED ")}${CHUNKS}`, "hello"),
  delivered("a field with an empty value is delivered", `${head(OK, "X-Empty:", "Content-Length: 5")}hello`, "hello", {
    fields: { "x-empty": "" },
  }),
];

const trailers: readonly ResponseCase[] = [
  delivered("trailers reach a client that asks for them", `${CHUNKED}5${CRLF}hello${CRLF}0${CRLF}X-Sum: 1${CRLF}${CRLF}`, "hello", {
    request: get("/first", "TE: trailers", "Connection: TE"),
    trailers: { "x-sum": "1" },
  }),
  delivered("trailers do not reach a client that does not ask", `${CHUNKED}5${CRLF}hello${CRLF}0${CRLF}X-Sum: 1${CRLF}${CRLF}`, "hello"),
  delivered("trailers do not reach an HTTP/1.0 client", `${CHUNKED}5${CRLF}hello${CRLF}0${CRLF}X-Sum: 1${CRLF}${CRLF}`, "hello", {
    request: head("GET /first HTTP/1.0", HOST, "TE: trailers"),
    clientCloses: true,
    fields: { "transfer-encoding": null },
  }),
];

const oldClients: readonly ResponseCase[] = [
  delivered("a chunked body reaches an HTTP/1.0 client until the close", CHUNKED + CHUNKS, "hello", {
    request: OLD_REQUEST,
    clientCloses: true,
    fields: { "transfer-encoding": null },
  }),
  delivered("a body of Content-Length reaches an HTTP/1.0 client", `${HELLO}hello`, "hello", { request: OLD_REQUEST, clientCloses: true }),
  delivered("a body until the close reaches an HTTP/1.0 client until the close", `${head(OK)}hello`, "hello", {
    request: OLD_REQUEST,
    clientCloses: true,
    afterwards: "fin",
    reuses: false,
    fields: { "transfer-encoding": null },
  }),
  delivered("a response to POST is delivered", `${HELLO}hello`, "hello", { request: post("Content-Length: 2", "ok") }),
];

export const deliveredCases: readonly ResponseCase[] = [
  ...framings,
  ...bodiless,
  ...leftovers,
  ...interims,
  ...heads,
  ...trailers,
  ...oldClients,
];
