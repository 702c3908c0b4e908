// Connection, hop-by-hop fields, Upgrade and Expect: what ends at the gateway, and how neither a nominated field nor a
// half-made upgrade opens a way past it (RFC 9110 7.6.1, 7.8, 10.1.1).

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

const hopByHop: readonly RequestCase[] = [
  served(
    "Keep-Alive ends here",
    get("/first", "Connection: keep-alive", "Keep-Alive: timeout=5"),
    sawGet("/first", { "keep-alive": null, connection: null }),
  ),
  served(
    "Keep-Alive ends here though Connection does not name it",
    get("/first", "Keep-Alive: timeout=5"),
    sawGet("/first", { "keep-alive": null }),
  ),
  served("Proxy-Connection ends here", get("/first", "Proxy-Connection: keep-alive"), sawGet("/first", { "proxy-connection": null })),
  served("Proxy-Connection: close means nothing", get("/first", "Proxy-Connection: close"), sawGet("/first", { "proxy-connection": null })),
  served("TE ends here", get("/first", "TE: trailers, deflate", "Connection: TE"), sawGet("/first", { te: null, connection: null })),
  served(
    "what Connection names ends here",
    get("/first", "Connection: X-Hop", "X-Hop: 1"),
    sawGet("/first", { "x-hop": null, connection: null }),
  ),
  served("what Connection names before it ends here", get("/first", "X-Hop: 1", "Connection: X-Hop"), sawGet("/first", { "x-hop": null })),
  served(
    "what Connection names in another case ends here",
    get("/first", "Connection: x-HOP", "X-Hop: 1"),
    sawGet("/first", { "x-hop": null }),
  ),
  served(
    "a list of names ends here",
    get("/first", "Connection: keep-alive, X-A ,\tX-B", "X-A: 1", "X-B: 2", "X-C: 3"),
    sawGet("/first", { "x-a": null, "x-b": null, "x-c": "3" }),
  ),
  served(
    "two Connection fields are one list",
    get("/first", "Connection: X-A", "Connection: X-B", "X-A: 1", "X-B: 2"),
    sawGet("/first", { "x-a": null, "x-b": null }),
  ),
  served(
    "every line of a nominated field ends here",
    get("/first", "Connection: X-A", "X-A: 1", "X-A: 2"),
    sawGet("/first", { "x-a": null }),
  ),
  served("an empty Connection says nothing", get("/first", "Connection:"), sawGet("/first", { connection: null })),
  served(
    "empty list elements of Connection say nothing",
    get("/first", "Connection: , ,X-A,", "X-A: 1"),
    sawGet("/first", { "x-a": null }),
  ),
  served(
    "a nominated Via does not take the gateway's own",
    get("/first", "Connection: Via", "Via: 1.0 x"),
    sawGet("/first", { via: "1.1 sallyport" }),
  ),
  served(
    "a nominated X-Forwarded-For does not take the gateway's own",
    get("/first", "Connection: X-Forwarded-For"),
    sawGet("/first", { "x-forwarded-for": "127.0.0.1" }),
  ),
  served("a nominated X-Request-Id does not take the gateway's own", get("/first", "Connection: X-Request-Id"), sawGet("/first")),
  refused("Connection may not name Content-Length", post(["Connection: Content-Length", "Content-Length: 5"], `hello${SMUGGLED}`)),
  refused(
    "Connection may not name Content-Length with an underscore",
    post(["Connection: content_length", "Content-Length: 5"], `hello${SMUGGLED}`),
  ),
  refused(
    "Connection may not name Transfer-Encoding",
    post(["Connection: Transfer-Encoding", "Transfer-Encoding: chunked"], HELLO_CHUNKED + SMUGGLED),
  ),
  refused("Connection may not name Host", get("/first", "Connection: close, Host") + SMUGGLED),
  refused("a Connection option that is no token is refused", get("/first", 'Connection: "close"') + SMUGGLED),
  refused("a Connection option with a space is refused", get("/first", "Connection: keep alive") + SMUGGLED),
];

const closing: readonly RequestCase[] = [
  servedThenClosed(
    "Connection: close is obeyed, and what follows is not read",
    get("/first", "Connection: close") + SMUGGLED,
    sawGet("/first", { connection: null }),
  ),
  servedThenClosed("Connection: CLOSE is obeyed", get("/first", "Connection: CLOSE") + SMUGGLED, sawGet("/first")),
  servedThenClosed("close in a list is obeyed", get("/first", "Connection: X-A, close") + SMUGGLED, sawGet("/first")),
  servedThenClosed(
    "close in a second Connection field is obeyed",
    get("/first", "Connection: keep-alive", "Connection: close") + SMUGGLED,
    sawGet("/first"),
  ),
  servedThenClosed(
    "close with a body is obeyed",
    post(["Connection: close", "Content-Length: 5"], `hello${SMUGGLED}`),
    sawPost("hello", "length"),
  ),
  servedThenClosed(
    "GET with a body is served, then closed, and what follows is not read",
    `${get("/first", "Content-Length: 5")}hello${SMUGGLED}`,
    {
      ...sawGet("/first"),
      body: "hello",
      framing: "length",
    },
  ),
  servedThenClosed(
    "GET with a body that is a request is served as a body",
    get("/first", `Content-Length: ${SMUGGLED.length}`) + SMUGGLED + SMUGGLED,
    {
      ...sawGet("/first"),
      body: SMUGGLED,
      framing: "length",
    },
  ),
  servedThenClosed(
    "GET with a chunked body is served, then closed",
    get("/first", "Transfer-Encoding: chunked") + HELLO_CHUNKED + SMUGGLED,
    {
      ...sawGet("/first"),
      body: "hello",
      framing: "chunked",
    },
  ),
  servedThenClosed(
    "GET with an empty chunked body is served, then closed",
    `${get("/first", "Transfer-Encoding: chunked")}0${CRLF}${CRLF}${SMUGGLED}`,
    {
      ...sawGet("/first"),
      framing: "chunked",
    },
  ),
  servedThenClosed(
    "HEAD with a body is served, then closed",
    `${head("HEAD /first HTTP/1.1", HOST, "Content-Length: 5")}hello${SMUGGLED}`,
    { method: "HEAD", target: "/first", body: "hello", framing: "length", fields: {} },
    { headAnswers: [0] },
  ),
  served("GET with Content-Length: 0 has no body and lives on", get("/first", "Content-Length: 0") + get("/second"), [
    sawGet("/first"),
    sawGet("/second"),
  ]),
];

const WEBSOCKET = ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"];

const upgrades: readonly RequestCase[] = [
  served(
    "h2c: the upgrade is not forwarded, and the request is served",
    get("/first", "Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"),
    sawGet("/first", { upgrade: null, connection: null, "http2-settings": null }),
  ),
  served(
    "h2c: neither when Connection names only Upgrade",
    get("/first", "Connection: Upgrade", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQCAAAAAAIAAAAA"),
    sawGet("/first", { upgrade: null, connection: null }),
  ),
  served("h2c in capitals is not forwarded", get("/first", "Connection: Upgrade", "Upgrade: H2C"), sawGet("/first", { upgrade: null })),
  served(
    "an upgrade to HTTP/2.0 is not forwarded",
    get("/first", "Connection: Upgrade", "Upgrade: HTTP/2.0"),
    sawGet("/first", { upgrade: null }),
  ),
  served(
    "an upgrade to TLS/1.2 is not forwarded",
    get("/first", "Connection: Upgrade", "Upgrade: TLS/1.2"),
    sawGet("/first", { upgrade: null }),
  ),
  served(
    "Upgrade that Connection does not name is dropped",
    get("/first", "Upgrade: websocket", ...WEBSOCKET),
    sawGet("/first", { upgrade: null, connection: null }),
  ),
  served(
    "Connection: upgrade without Upgrade is dropped",
    get("/first", "Connection: upgrade"),
    sawGet("/first", { upgrade: null, connection: null }),
  ),
  served(
    "an empty Upgrade is dropped",
    get("/first", "Connection: upgrade", "Upgrade:"),
    sawGet("/first", { upgrade: null, connection: null }),
  ),
  served(
    "two upgrades in a list are dropped",
    get("/first", "Connection: upgrade", "Upgrade: websocket, h2c", ...WEBSOCKET),
    sawGet("/first", { upgrade: null }),
  ),
  served(
    "two Upgrade fields are dropped",
    get("/first", "Connection: upgrade", "Upgrade: websocket", "Upgrade: h2c", ...WEBSOCKET),
    sawGet("/first", { upgrade: null }),
  ),
  served(
    "an upgrade with POST is dropped",
    post(["Connection: upgrade", "Upgrade: websocket", ...WEBSOCKET, "Content-Length: 5"], "hello"),
    sawPost("hello", "length", { upgrade: null }),
  ),
  servedThenClosed(
    "an upgrade with a body on GET is dropped",
    `${get("/first", "Connection: upgrade", "Upgrade: websocket", ...WEBSOCKET, "Content-Length: 5")}hello${SMUGGLED}`,
    { ...sawGet("/first", { upgrade: null }), body: "hello", framing: "length" },
  ),
  servedThenClosed(
    "an upgrade on HTTP/1.0 is dropped",
    head("GET /first HTTP/1.0", HOST, "Connection: upgrade", "Upgrade: websocket", ...WEBSOCKET) + SMUGGLED,
    sawGet("/first", { upgrade: null }),
  ),
  served(
    "an upgrade that the upstream answers with 200 tunnels nothing: what follows is a request of its own",
    get("/first", "Connection: upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 777") + get("/second", "X-User-Id: root"),
    [sawGet("/first", { upgrade: "websocket" }), sawGet("/second", { "x-user-id": null })],
  ),
];

const expectations: readonly RequestCase[] = [
  served(
    "Expect: 100-continue with a body is served",
    post(["Expect: 100-continue", "Content-Length: 5"], "hello"),
    sawPost("hello", "length"),
  ),
  served(
    "Expect: 100-Continue in any case is served",
    post(["Expect: 100-Continue", "Content-Length: 5"], "hello"),
    sawPost("hello", "length"),
  ),
  served(
    "Expect: 100-continue with chunks is served",
    post(["Expect: 100-continue", "Transfer-Encoding: chunked"], HELLO_CHUNKED),
    sawPost("hello", "chunked"),
  ),
  served("Expect: 100-continue without a body is served", get("/first", "Expect: 100-continue"), sawGet("/first")),
  served(
    "CL.0: Expect: 100-continue with a body that is a request is forwarded as a body",
    post(["Expect: 100-continue", `Content-Length: ${SMUGGLED.length}`], SMUGGLED),
    sawPost(SMUGGLED, "length"),
  ),
  servedThenClosed(
    "0.CL: Expect: 100-continue and a body on GET are served, then closed",
    get("/first", "Expect: 100-continue", `Content-Length: ${SMUGGLED.length}`) + SMUGGLED + get("/third"),
    { ...sawGet("/first"), body: SMUGGLED, framing: "length" },
  ),
  servedThenClosed(
    "Expect on HTTP/1.0 is ignored",
    `${head("POST /first HTTP/1.0", HOST, "Expect: 100-continue", "Content-Length: 5")}hello${SMUGGLED}`,
    sawPost("hello", "length"),
  ),
  ...[
    ["another expectation", "Expect: 200-ok"],
    ["an obfuscated expectation", "Expect: y 100-continue"],
    ["text behind the expectation", "Expect: 100-continue x"],
    ["a list of two", "Expect: 100-continue, 100-continue"],
    ["a list with another", "Expect: 100-continue, foo"],
    ["a parameter", "Expect: 100-continue;q=1"],
    ["quotes", 'Expect: "100-continue"'],
    ["a number only", "Expect: 100"],
    ["an underscore", "Expect: 100_continue"],
    ["no value", "Expect:"],
  ].map(([what, line]) => refused(`Expect with ${what} is not met`, post([line as string, "Content-Length: 5"], `hello${SMUGGLED}`), 417)),
  refused("Expect twice is not met", post(["Expect: 100-continue", "Expect: 100-continue", "Content-Length: 5"], `hello${SMUGGLED}`), 417),
  refused("Expect with a space before the colon is refused", post(["Expect : 100-continue", "Content-Length: 5"], `hello${SMUGGLED}`)),
  refused("Expect with its value on a folded line is refused", post(["Expect:", " 100-continue", "Content-Length: 5"], `hello${SMUGGLED}`)),
  refused("Expect with LF before its value is refused", post(["Expect:\n100-continue", "Content-Length: 5"], `hello${SMUGGLED}`)),
  refused("Expect with NUL is refused", post(["Expect: 100-continue\x00", "Content-Length: 5"], `hello${SMUGGLED}`)),
  refused(
    "Expect may not be nominated by Connection",
    post(["Connection: Expect", "Expect: 100-continue", "Content-Length: 5"], `hello${SMUGGLED}`),
  ),
  refused(
    "Expect with two lengths is refused",
    post(["Expect: 100-continue", "Content-Length: 5", "Transfer-Encoding: chunked"], HELLO_CHUNKED),
  ),
];

export const connectionCases: readonly RequestCase[] = [...hopByHop, ...closing, ...upgrades, ...expectations];
