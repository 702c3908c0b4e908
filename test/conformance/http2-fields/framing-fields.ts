// Fields that speak of the frame or of one hop, and those that only look like them (RFC 9113 8.1.1 and 8.2.2, RFC 9110 8.6 and 10.1.1).

import { get, passes, post, pseudo, type RequestFieldCase, refused, sent, sentGet } from "./field-case.ts";

const OPEN = { endStream: false };

const lengths: readonly RequestFieldCase[] = [
  passes("content without a length is sent in chunks", post(), sent("POST /first", "Transfer-Encoding: chunked"), OPEN),
  passes("content with a length is sent with it", post(["content-length", "5"]), sent("POST /first", "Content-Length: 5"), OPEN),
  passes("a request that ends at once has no content", post(), sent("POST /first", "Content-Length: 0")),
  passes("a length of 0 may be said of it", post(["content-length", "0"]), sent("POST /first", "Content-Length: 0")),
  passes(
    "a length of 0 may be said of what does not end at once",
    post(["content-length", "0"]),
    sent("POST /first", "Content-Length: 0"),
    OPEN,
  ),
  passes("GET may have content", get(["content-length", "5"]), sentGet("Content-Length: 5"), OPEN),
  passes("leading zeros mean nothing", post(["content-length", "007"]), sent("POST /first", "Content-Length: 7"), OPEN),
  passes("15 digits pass", post(["content-length", "999999999999999"]), sent("POST /first", "Content-Length: 999999999999999"), OPEN),
  refused("a length that the end contradicts is refused", post(["content-length", "5"]), "SP_H2_BAD_CONTENT_LENGTH"),
  refused("the same length twice is refused", post(["content-length", "5"], ["content-length", "5"]), "SP_H2_BAD_CONTENT_LENGTH", OPEN),
  refused("two lengths are refused", post(["content-length", "5"], ["content-length", "6"]), "SP_H2_BAD_CONTENT_LENGTH", OPEN),
  refused("two lengths of 0 are refused", post(["content-length", "0"], ["content-length", "0"]), "SP_H2_BAD_CONTENT_LENGTH"),
  ...["", "-1", "+5", "5, 5", "5,6", "0x5", "5.0", "5e0", "1_0", "5 5", "\xb2", "1000000000000000", "NaN", "five"].map((value) =>
    refused(`the length ${JSON.stringify(value)} is refused`, post(["content-length", value]), "SP_H2_BAD_CONTENT_LENGTH", OPEN),
  ),
  refused("a length with CR LF is refused", post(["content-length", "5\r\ntransfer-encoding: chunked"]), "SP_H2_BAD_FIELD_VALUE", OPEN),
];

const connectionFields: readonly RequestFieldCase[] = [
  ["connection", "close"],
  ["connection", "keep-alive"],
  ["connection", "x-forwarded-for"],
  ["connection", ""],
  ["keep-alive", "timeout=5"],
  ["proxy-connection", "keep-alive"],
  ["transfer-encoding", "chunked"],
  ["transfer-encoding", "identity"],
  ["transfer-encoding", ""],
  ["upgrade", "websocket"],
  ["upgrade", "h2c"],
  ["te", "gzip"],
  ["te", "trailers, gzip"],
  ["te", "trailers;q=0.5"],
  ["te", "chunked"],
  ["te", ""],
].map(([name = "", value = ""]) =>
  refused(`${name}: ${value || "(empty)"} is refused`, post([name, value]), "SP_H2_CONNECTION_FIELD", OPEN),
);

const taken: readonly RequestFieldCase[] = [
  passes("te: trailers is taken out and remembered", get(["te", "trailers"]), sentGet(), { acceptsTrailers: true }),
  passes("te: Trailers is the same", get(["te", "Trailers"]), sentGet(), { acceptsTrailers: true }),
  passes("trailer is taken out, as over HTTP/1.1", get(["trailer", "grpc-status"]), sentGet()),
  passes(
    "a gRPC request goes on with all that it says",
    [
      ...pseudo({ ":method": "POST", ":path": "/ledger.v1.Ledger/Get" }),
      ["content-type", "application/grpc"],
      ["te", "trailers"],
      ["grpc-timeout", "100m"],
      ["grpc-accept-encoding", "identity, gzip"],
    ],
    sent(
      "POST /ledger.v1.Ledger/Get",
      "content-type: application/grpc",
      "grpc-timeout: 100m",
      "grpc-accept-encoding: identity, gzip",
      "Transfer-Encoding: chunked",
    ),
    { ...OPEN, acceptsTrailers: true },
  ),
  passes(
    "an expectation goes on with the content that it is about",
    post(["expect", "100-continue"], ["content-length", "5"]),
    sent("POST /first", "Content-Length: 5", "Expect: 100-continue"),
    OPEN,
  ),
  passes("an expectation without content is dropped", post(["expect", "100-Continue"]), sent("POST /first", "Content-Length: 0")),
  refused("another expectation is refused", post(["expect", "200-ok"]), "SP_H2_BAD_EXPECT", OPEN),
  refused("an expectation twice is refused", post(["expect", "100-continue"], ["expect", "100-continue"]), "SP_H2_BAD_EXPECT", OPEN),
];

const aliases: readonly RequestFieldCase[] = [
  ["content_length", "5"],
  ["content.length", "5"],
  ["content--length", "5"],
  ["transfer_encoding", "chunked"],
  ["transfer-_encoding", "chunked"],
  ["transfer.encoding", "chunked"],
  ["keep_alive", "x"],
  ["proxy_connection", "x"],
].map(([name = "", value = ""]) =>
  refused(`${name}, which a service may read as another field, is refused`, post([name, value]), "SP_H2_FIELD_ALIAS", OPEN),
);

export const framingFieldCases: readonly RequestFieldCase[] = [...lengths, ...connectionFields, ...taken, ...aliases];
