// :path and :authority with Host: what may stand in a request line and in Host (RFC 9113 8.3.1), and extended CONNECT (RFC 8441).

import { type Line, passes, pseudo, type RequestFieldCase, refused, sent, sentGet } from "./field-case.ts";

function at(path: string): Line[] {
  return pseudo({ ":path": path });
}

const paths: readonly RequestFieldCase[] = [
  passes("a query passes byte for byte", at("/first?a=b&c=%0d%0a?"), sent("GET /first?a=b&c=%0d%0a?")),
  passes("an empty query passes", at("/first?"), sent("GET /first?")),
  passes("dot segments are resolved", at("/a/../first"), sent("GET /first")),
  passes("the asterisk passes with OPTIONS", pseudo({ ":method": "OPTIONS", ":path": "*" }), sent("OPTIONS *")),
  refused("the asterisk is refused with GET", at("*"), "SP_H2_BAD_PATH"),
  refused("an asterisk with more behind it is refused", pseudo({ ":method": "OPTIONS", ":path": "*a" }), "SP_H2_BAD_PATH"),
  ...[
    "https://b.example/smuggled",
    "http://a.example/first",
    "first",
    "?a=b",
    "a.example:443",
    "\\first",
    "./first",
    "#/first",
    "%2ffirst",
    "/first /smuggled",
    "/first HTTP/1.1",
    "/first\x09x",
    "/first\x0bx",
    "/first\x7f",
    "/fir\xe9st",
    "/\xff",
  ].map((path) => {
    const isValue = ["\x0b", "\x7f"].some((control) => path.includes(control));
    return refused(`the path ${JSON.stringify(path)} is refused`, at(path), isValue ? "SP_H2_BAD_FIELD_VALUE" : "SP_H2_BAD_PATH");
  }),
  ...[
    ["/first#smuggled", "SP_URI_PATH_CHARACTER"],
    ["/first?a#b", "SP_URI_QUERY_CHARACTER"],
    ["/a\\b", "SP_URI_BACKSLASH"],
    ["/%2e%2e/smuggled", "SP_URI_ABOVE_ROOT"],
  ].map(([path = "", code = ""]) => refused(`the path ${path} is refused by normalisation, as over HTTP/1.1`, at(path), code)),
];

function to(authority: string | null, ...hosts: readonly string[]): Line[] {
  return [...pseudo({ ":authority": authority }), ...hosts.map((host): Line => ["host", host])];
}

const authorities: readonly RequestFieldCase[] = [
  passes("a Host that says the same is left out", to("a.example", "a.example"), sentGet()),
  passes("a Host in other letters is the same", to("a.example", "A.EXAMPLE"), sentGet()),
  passes("a Host with the default port is the same", to("a.example", "a.example:443"), sentGet()),
  passes("a Host without the default port is the same", to("a.example:443", "a.example"), "GET /first HTTP/1.1\r\nHost: a.example:443\r\n"),
  passes("a Host alone is the authority", to(null, "a.example"), sentGet()),
  passes("an address in brackets passes", to("[2001:db8::1]:8443"), "GET /first HTTP/1.1\r\nHost: [2001:db8::1]:8443\r\n"),
  refused("no authority at all is refused", to(null), "SP_H2_BAD_AUTHORITY"),
  refused("a Host that says something else is refused", to("a.example", "b.example"), "SP_H2_BAD_AUTHORITY"),
  refused("a Host with another port is refused", to("a.example", "a.example:80"), "SP_H2_BAD_AUTHORITY"),
  refused("Host twice is refused", to(null, "a.example", "a.example"), "SP_H2_BAD_AUTHORITY"),
  refused("Host twice beside :authority is refused", to("a.example", "a.example", "b.example"), "SP_H2_BAD_AUTHORITY"),
  refused("an empty Host alone is refused", to(null, ""), "SP_H2_BAD_AUTHORITY"),
  refused("an empty Host beside :authority is refused", to("a.example", ""), "SP_H2_BAD_AUTHORITY"),
  refused("a malformed Host beside :authority is refused", to("a.example", "a.example/"), "SP_H2_BAD_AUTHORITY"),
  ...[
    "user@a.example",
    "user:pw@a.example",
    "a.example/first",
    "a.example?x",
    "a.example#x",
    "a.example:99999",
    "a.example:",
    "a.example:80:80",
    "a.example, b.example",
    "a example",
    "a.example\\b",
    "https://a.example",
    "127.1",
    "0x7f000001",
    "[::1",
    "%61.example",
    "\xe9.example",
    "*",
  ].flatMap((authority) => [
    refused(`the authority ${JSON.stringify(authority)} is refused`, to(authority), "SP_H2_BAD_AUTHORITY"),
    refused(`the Host ${JSON.stringify(authority)} is refused`, to(null, authority), "SP_H2_BAD_AUTHORITY"),
  ]),
];

const CONNECT = { ":method": "CONNECT", ":protocol": "websocket" };
const OPEN = { endStream: false };

function sentUpgrade(...lines: readonly string[]): string {
  return sentGet(...lines, "Sec-WebSocket-Key: (random)", "Connection: Upgrade", "Upgrade: websocket");
}

const connects: readonly RequestFieldCase[] = [
  passes(
    "an extended CONNECT for a WebSocket becomes an upgrade with a key",
    [...pseudo(CONNECT), ["sec-websocket-version", "13"]],
    sentUpgrade("sec-websocket-version: 13"),
    OPEN,
  ),
  passes("the protocol's letters may be in any case", pseudo({ ...CONNECT, ":protocol": "WebSocket" }), sentUpgrade(), OPEN),
  passes(
    "a key that the client sent makes room for ours",
    [...pseudo(CONNECT), ["sec-websocket-key", "AAAAAAAAAAAAAAAAAAAAAA=="]],
    sentUpgrade(),
    OPEN,
  ),
  passes("a Content-Length of 0 is dropped from it", [...pseudo(CONNECT), ["content-length", "0"]], sentUpgrade(), OPEN),
  refused("a Content-Length of more is refused with it", [...pseudo(CONNECT), ["content-length", "5"]], "SP_H2_BAD_CONTENT_LENGTH", OPEN),
  refused("one that ends at once is refused", pseudo(CONNECT), "SP_H2_BAD_PSEUDO_FIELD"),
  ...[":scheme", ":path"].map((name) =>
    refused(`one without ${name} is refused`, pseudo({ ...CONNECT, [name]: null }), "SP_H2_BAD_PSEUDO_FIELD", OPEN),
  ),
  refused("one without an authority is refused", pseudo({ ...CONNECT, ":authority": null }), "SP_H2_BAD_AUTHORITY", OPEN),
  refused("one with the wrong scheme is refused", pseudo({ ...CONNECT, ":scheme": "wss" }), "SP_H2_BAD_SCHEME", OPEN),
  refused("one with an asterisk for its path is refused", pseudo({ ...CONNECT, ":path": "*" }), "SP_H2_BAD_PATH", OPEN),
  ...["connect-udp", "connect-ip", "h2c", "websocket, x", "web socket"].map((protocol) =>
    refused(
      `an extended CONNECT for ${protocol} is refused`,
      pseudo({ ...CONNECT, ":protocol": protocol }),
      "SP_H2_METHOD_NOT_IMPLEMENTED",
      OPEN,
    ),
  ),
  refused("an extended CONNECT for nothing is refused", pseudo({ ...CONNECT, ":protocol": "" }), "SP_H2_BAD_PSEUDO_FIELD", OPEN),
  refused("a protocol with CR LF is refused", pseudo({ ...CONNECT, ":protocol": "websocket\r\nx: y" }), "SP_H2_BAD_FIELD_VALUE", OPEN),
  refused(
    "a plain CONNECT is refused",
    pseudo({ ":method": "CONNECT", ":scheme": null, ":path": null, ":authority": "a.example:443" }),
    "SP_H2_METHOD_NOT_IMPLEMENTED",
    OPEN,
  ),
  refused("a plain CONNECT with a path is refused", pseudo({ ":method": "CONNECT" }), "SP_H2_BAD_PSEUDO_FIELD", OPEN),
  refused("a protocol with GET is refused", pseudo({ ":protocol": "websocket" }), "SP_H2_BAD_PSEUDO_FIELD", OPEN),
  refused(
    "connect in lower case is another method, which has no protocol",
    pseudo({ ...CONNECT, ":method": "connect" }),
    "SP_H2_BAD_PSEUDO_FIELD",
    OPEN,
  ),
];

export const targetCases: readonly RequestFieldCase[] = [...paths, ...authorities];
export const connectCases: readonly RequestFieldCase[] = connects;
