// The request line: its three parts, versions, methods, and what may stand before it (RFC 9112 2.2, 2.3, 3).

import { CRLF, get, HOST, head, type RequestCase, refused, SMUGGLED, sawGet, served, servedThenClosed } from "./request-case.ts";

function line(text: string): string {
  return head(text, HOST);
}

const shape: readonly RequestCase[] = [
  ["two spaces behind the method", "GET  /first HTTP/1.1"],
  ["two spaces before the version", "GET /first  HTTP/1.1"],
  ["a tab behind the method", "GET\t/first HTTP/1.1"],
  ["a tab before the version", "GET /first\tHTTP/1.1"],
  ["a vertical tab for a space", "GET\x0b/first\x0bHTTP/1.1"],
  ["a form feed for a space", "GET\x0c/first HTTP/1.1"],
  ["a no-break space for a space", "GET\xa0/first HTTP/1.1"],
  ["a leading space", " GET /first HTTP/1.1"],
  ["a leading tab", "\tGET /first HTTP/1.1"],
  ["a leading NUL", "\x00GET /first HTTP/1.1"],
  ["a trailing space", "GET /first HTTP/1.1 "],
  ["a trailing tab", "GET /first HTTP/1.1\t"],
  ["a trailing CR", "GET /first HTTP/1.1\r"],
  ["a trailing NUL", "GET /first HTTP/1.1\x00"],
  ["four parts", "GET /first x HTTP/1.1"],
  ["a second version", "GET /first HTTP/1.1 HTTP/1.1"],
  ["a target that holds a version", "GET /first HTTP/1.0 HTTP/1.1"],
  ["only a method", "GET"],
  ["a method and a space", "GET "],
  ["a method and a target (HTTP/0.9)", "GET /first"],
  ["a method and a version", "GET HTTP/1.1"],
  ["an empty target", "GET  HTTP/1.1"],
  ["no method", "/first HTTP/1.1"],
  ["an empty method", " /first HTTP/1.1"],
  ["nothing but spaces", "   "],
  ["CR inside", "GET /fi\rrst HTTP/1.1"],
  ["LF inside", "GET /fi\nrst HTTP/1.1"],
  ["CR for its end", "GET /first HTTP/1.1\rX: y"],
  ["LF for its end", "GET /first HTTP/1.1\nX: y"],
  ["a status line", "HTTP/1.1 200 OK"],
].map(([what, text]) => refused(`a request line with ${what} is refused`, line(text as string) + SMUGGLED));

const versions: readonly RequestCase[] = [
  ...[
    ["http/1.1", "http/1.1"],
    ["Http/1.1", "Http/1.1"],
    ["HTTP/1.1x", "HTTP/1.1x"],
    ["HTTP/01.1", "HTTP/01.1"],
    ["HTTP/1.01", "HTTP/1.01"],
    ["HTTP/1.10", "HTTP/1.10"],
    ["HTTP/11.1", "HTTP/11.1"],
    ["HTTP/1.", "HTTP/1."],
    ["HTTP/.1", "HTTP/.1"],
    ["HTTP/1", "HTTP/1"],
    ["HTTP/", "HTTP/"],
    ["HTTP", "HTTP"],
    ["HTTP/1,1", "HTTP/1,1"],
    ["HTTP/1.1.1", "HTTP/1.1.1"],
    ["HTTP/+1.1", "HTTP/+1.1"],
    ["HTTP/-1.1", "HTTP/-1.1"],
    ["HTTP/1.-1", "HTTP/1.-1"],
    ["HTTP/1.a", "HTTP/1.a"],
    ["HTTP/one", "HTTP/one"],
    ["HTTPS/1.1", "HTTPS/1.1"],
    ["HTP/1.1", "HTP/1.1"],
    ["XHTTP/1.1", "XHTTP/1.1"],
    ["ICY/1.1", "ICY/1.1"],
    ["RTSP/1.0", "RTSP/1.0"],
    ["HTTP\\1.1", "HTTP\\1.1"],
    ["HTTP/1.\xb9", "HTTP/1.(superscript one)"],
    ["HTTP/\xd9\xa1.1", "HTTP/(Arabic one).1"],
    ["H\x00TTP/1.1", "a version with NUL"],
  ].map(([version, title]) => refused(`the version ${title} is malformed`, line(`GET /first ${version}`) + SMUGGLED)),
  ...["HTTP/0.9", "HTTP/1.2", "HTTP/1.9", "HTTP/2.0", "HTTP/2.1", "HTTP/3.0", "HTTP/9.9", "HTTP/0.0"].map((version) =>
    refused(`the version ${version} is not supported`, line(`GET /first ${version}`) + SMUGGLED, 505),
  ),
  refused("an HTTP/2 preface is not supported here", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 505),
  refused("a TLS client hello is refused", "\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03\r\n\r\n"),
  servedThenClosed("HTTP/1.0 is served and the connection closes", head("GET /first HTTP/1.0", HOST) + SMUGGLED, sawGet("/first")),
  servedThenClosed("HTTP/1.0 may lack Host", head("GET /first HTTP/1.0") + SMUGGLED, sawGet("/first")),
  servedThenClosed(
    "HTTP/1.0 with a body is served and closed",
    `${head("POST /first HTTP/1.0", HOST, "Content-Length: 5")}hello${SMUGGLED}`,
    {
      method: "POST",
      target: "/first",
      body: "hello",
      framing: "length",
      fields: {},
    },
  ),
  servedThenClosed(
    "HTTP/1.0 with Connection: close is closed",
    head("GET /first HTTP/1.0", HOST, "Connection: close") + SMUGGLED,
    sawGet("/first"),
  ),
  served(
    "HTTP/1.0 with Connection: keep-alive is served and lives on",
    head("GET /first HTTP/1.0", HOST, "Connection: keep-alive") + get("/second"),
    [sawGet("/first"), sawGet("/second")],
  ),
  refused("HTTP/1.0 with two Host fields is refused", head("GET /first HTTP/1.0", HOST, HOST) + SMUGGLED),
];

function sawMethod(method: string): ReturnType<typeof sawGet> {
  return { ...sawGet("/first"), method };
}

const methods: readonly RequestCase[] = [
  served("methods are case-sensitive: get is another method, and forwarded", line("get /first HTTP/1.1"), sawMethod("get")),
  served("an unknown method is forwarded", line("FOO /first HTTP/1.1"), sawMethod("FOO")),
  served("PURGE is forwarded", line("PURGE /first HTTP/1.1"), sawMethod("PURGE")),
  served("a method of every sort of tchar is forwarded", line("!#$%&'*+-.^_`|~09azAZ /first HTTP/1.1"), sawMethod("!#$%&'*+-.^_`|~09azAZ")),
  served("a method of 32 bytes is forwarded", line(`${"M".repeat(32)} /first HTTP/1.1`), sawMethod("M".repeat(32))),
  served("OPTIONS of a path is forwarded", line("OPTIONS /first HTTP/1.1"), sawMethod("OPTIONS")),
  served("HEAD is forwarded as HEAD and its answer has no body", line("HEAD /first HTTP/1.1"), sawMethod("HEAD"), { headAnswers: [0] }),
  ...[
    ["a method with a colon", "GET:"],
    ["a method with a slash", "GET/"],
    ["a method in quotes", '"GET"'],
    ["a method in braces", "{GET}"],
    ["a method with an at sign", "G@T"],
    ["a method with a comma", "GET,POST"],
    ["a method with an equals sign", "GET=1"],
    ["a method with NUL", "G\x00ET"],
    ["a method with DEL", "GET\x7f"],
    ["a method with a byte above 0x7F", "G\xc9T"],
    ["a method with CR", "GE\rT"],
    ["a method with a byte order mark", "\xef\xbb\xbfGET"],
  ].map(([what, method]) => refused(`${what} is refused`, line(`${method} /first HTTP/1.1`) + SMUGGLED)),
  refused("a method of 33 bytes is not implemented", line(`${"M".repeat(33)} /first HTTP/1.1`) + SMUGGLED, 501),
  refused("CONNECT to an authority is not implemented", head("CONNECT a.example:443 HTTP/1.1", HOST) + SMUGGLED, 501),
  refused("CONNECT to a path is not implemented", head("CONNECT /first HTTP/1.1", HOST) + SMUGGLED, 501),
  refused("TRACE is not implemented", head("TRACE /first HTTP/1.1", HOST), 501),
];

const before: readonly RequestCase[] = [
  served("one CRLF before a request line is ignored", CRLF + line("GET /first HTTP/1.1"), sawGet("/first")),
  served("one CRLF between two requests is ignored", get("/first") + CRLF + get("/second"), [sawGet("/first"), sawGet("/second")]),
  refused("two CRLF before a request line are refused", CRLF + CRLF + SMUGGLED),
  refused("LF before a request line is refused", `\n${SMUGGLED}`),
  refused("CR before a request line is refused", `\r${SMUGGLED}`),
  refused("CR CR LF before a request line is refused", `\r\r\n${SMUGGLED}`),
  refused("CR and another byte before a request line are refused", `\rX${SMUGGLED}`),
  refused("a space before a request line is refused", ` ${SMUGGLED}`),
  refused("NUL before a request line is refused", `\x00${SMUGGLED}`),
  refused("a zero chunk before a request line is refused", `0\r\n\r\n${SMUGGLED}`),
  refused("two CRLF between two requests: the second is refused", get("/first") + CRLF + CRLF + SMUGGLED, 400, {
    statuses: [200, 400],
    upstream: [sawGet("/first")],
  }),
  refused("a body behind a request without a length is a malformed request", `${get("/first")}hello${CRLF}${CRLF}`, 400, {
    statuses: [200, 400],
    upstream: [sawGet("/first")],
  }),
];

export const requestLineCases: readonly RequestCase[] = [...shape, ...versions, ...methods, ...before];
