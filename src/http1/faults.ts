// What the HTTP/1.1 engine refuses, and how it says so. Client side `SP_H1_*`, upstream side `SP_H1_RESPONSE_*`.

import { defineFault, type FaultDefinition } from "../base/index.ts";

/** A malformed or ambiguous request: nothing after it on the connection can be trusted, so the connection ends. */
function refused(code: string, title: string, remedy: string, status = 400): FaultDefinition {
  return defineFault({ code: `SP_H1_${code}`, status, grpc: 3, blame: "client", retry: "never", closes: true, title, remedy });
}

const ASK_CLIENT = "The client breaks the protocol, or somebody probes. The access log has its address.";

export const BAD_REQUEST_LINE = refused("BAD_REQUEST_LINE", "The request line is malformed.", ASK_CLIENT);
export const BAD_LINE_END = refused("BAD_LINE_END", "A line does not end in CR LF.", ASK_CLIENT);
export const BAD_FIELD_NAME = refused("BAD_FIELD_NAME", "A field name holds a character that is not allowed there.", ASK_CLIENT);
export const SPACE_BEFORE_COLON = refused("SPACE_BEFORE_COLON", "White space stands before the colon of a field.", ASK_CLIENT);
export const BAD_FIELD_VALUE = refused("BAD_FIELD_VALUE", "A field value holds a control character.", ASK_CLIENT);
export const FOLDED_FIELD = refused("FOLDED_FIELD", "A field is continued on the next line.", ASK_CLIENT);
export const FRAMING_ALIAS = refused("FRAMING_ALIAS", "A field name differs from a framing field only in its spelling.", ASK_CLIENT);
export const BAD_CONTENT_LENGTH = refused("BAD_CONTENT_LENGTH", "Content-Length is not one plain number.", ASK_CLIENT);
export const AMBIGUOUS_LENGTH = refused("AMBIGUOUS_LENGTH", "Content-Length and Transfer-Encoding stand together.", ASK_CLIENT);
export const BAD_TRANSFER_ENCODING = refused("BAD_TRANSFER_ENCODING", "Transfer-Encoding is not exactly one chunked.", ASK_CLIENT);
export const BAD_CHUNK = refused("BAD_CHUNK", "A chunk of the body is malformed.", ASK_CLIENT);
export const BAD_TRAILER = refused("BAD_TRAILER", "The trailer section is malformed or holds a framing field.", ASK_CLIENT);
export const BAD_HOST = refused("BAD_HOST", "The Host field is missing, repeated or malformed.", ASK_CLIENT);
export const BAD_CONNECTION = refused("BAD_CONNECTION", "The Connection field is malformed or names a framing field.", ASK_CLIENT);
export const HOST_MISMATCH = refused("HOST_MISMATCH", "The request target and the Host field name different hosts.", ASK_CLIENT);
export const TRUNCATED = refused(
  "TRUNCATED",
  "The connection ended inside the request.",
  "The client or something before it gave up while sending.",
);

export const LINE_TOO_LONG = refused(
  "LINE_TOO_LONG",
  "The request line is longer than allowed.",
  "Raise `bounds.line` of the listener if such targets are meant to pass.",
  414,
);
export const HEAD_TOO_LARGE = refused(
  "HEAD_TOO_LARGE",
  "The request head is larger than allowed.",
  "Raise `bounds.head` or `bounds.fields` of the listener if such heads are meant to pass.",
  431,
);
export const HEAD_TIMEOUT = refused(
  "HEAD_TIMEOUT",
  "The request head did not arrive in time.",
  "A slow or stalled client, or slow-head flooding; `bounds.headTimeout` sets the time.",
  408,
);
export const BODY_TOO_SLOW = refused(
  "BODY_TOO_SLOW",
  "The request body arrives too slowly.",
  "A slow or stalled client, or slow-body flooding; `bounds.minBodyRate` sets the rate.",
  408,
);
export const READ_TOO_SLOW = refused(
  "READ_TOO_SLOW",
  "The client takes the response too slowly.",
  "A slow or stalled client, or one that asks and does not read; its connection was reset. `bounds.minBodyRate` sets the rate.",
  499,
);
export const TUNNEL_IDLE = refused(
  "TUNNEL_IDLE",
  "Nothing moved in the tunnel for too long.",
  "Neither side sent anything for `bounds.idleTimeout`: raise it, or have the application ping.",
  499,
);
export const BAD_EXPECT = refused("BAD_EXPECT", "The expectation can't be met.", "Only `Expect: 100-continue` exists.", 417);
export const UNKNOWN_CODING = refused(
  "UNKNOWN_CODING",
  "The transfer coding is not implemented.",
  "Only `chunked` is; a content coding belongs into Content-Encoding.",
  501,
);
export const METHOD_NOT_IMPLEMENTED = refused(
  "METHOD_NOT_IMPLEMENTED",
  "The method is not implemented.",
  "CONNECT and TRACE are never proxied; other methods are tokens of at most 32 characters.",
  501,
);
export const BAD_VERSION = refused(
  "BAD_VERSION",
  "The HTTP version is not supported.",
  "HTTP/1.1 and HTTP/1.0 are. Clients that begin with HTTP/2 in the clear, as those of gRPC do, need `protocols: [h2, http/1.1]` at the listener.",
  505,
);
export const TOO_MANY_CONNECTIONS = defineFault({
  code: "SP_H1_TOO_MANY_CONNECTIONS",
  status: 503,
  grpc: 8,
  blame: "client",
  retry: "never",
  closes: true,
  title: "Too many connections from this address.",
  remedy:
    "`bounds.connectionsPerIp` of the listener sets the number. Behind another proxy all clients share its address: raise it or set `off`.",
});

export const GATEWAY_FULL = defineFault({
  code: "SP_H1_GATEWAY_FULL",
  status: 503,
  grpc: 8,
  blame: "operator",
  retry: "never",
  closes: true,
  title: "The gateway has no room for another connection.",
  remedy:
    "The process would run out of file descriptors. Raise its limit (`ulimit -n`, `LimitNOFILE=`), or look who holds so many connections.",
});

const BREAKS_IT = "The service breaks HTTP/1.1; it has to be mended there. The detail in the log has the endpoint.";

/** An upstream that breaks the protocol: the answer can't be trusted, its connection is dropped. */
function hostile(code: string, title: string, remedy = BREAKS_IT): FaultDefinition {
  return defineFault({
    code: `SP_H1_RESPONSE_${code}`,
    status: 502,
    grpc: 14,
    blame: "upstream",
    retry: "never",
    closes: false,
    title,
    remedy,
  });
}

export const RESPONSE_BAD_STATUS_LINE = hostile(
  "BAD_STATUS_LINE",
  "The upstream sent a malformed status line.",
  "What listens there does not speak HTTP/1.1, and the detail says what else, where it could be made out: HTTP/2 alone, as gRPC servers do, takes `protocol: h2` at the upstream, TLS an endpoint that begins with `https:`.",
);
export const RESPONSE_BAD_HEAD = hostile("BAD_HEAD", "The upstream sent a malformed field.");
export const RESPONSE_HEAD_TOO_LARGE = hostile("HEAD_TOO_LARGE", "The upstream sent too large a head.");
export const RESPONSE_BAD_FRAMING = hostile("BAD_FRAMING", "The upstream sent an ambiguous body length.");
export const RESPONSE_BAD_CHUNK = hostile("BAD_CHUNK", "The upstream sent a malformed chunk.");
export const RESPONSE_UNASKED_UPGRADE = hostile("UNASKED_UPGRADE", "The upstream switched protocols unasked.");
export const RESPONSE_TOO_MANY_INTERIM = hostile("TOO_MANY_INTERIM", "The upstream sent too many interim responses.");
export const RESPONSE_TRUNCATED = hostile("TRUNCATED", "The upstream ended inside the response.");
