// What the HTTP/2 engine refuses, and how it says so. Client side `SP_H2_*`, upstream side `SP_H2_RESPONSE_*`.
// A fault of a connection ends it with GOAWAY, one of a stream resets that stream alone: `codeOf` has the code that is sent.

import { defineFault, type FaultDefinition, type FaultKind } from "../base/index.ts";
import * as CODE from "./error-codes.ts";

const codes = new Map<FaultKind, number>();

/** The error code by which the far side hears of a fault; of one that is not HTTP/2's own, INTERNAL_ERROR. */
export function codeOf(kind: FaultKind): number {
  return codes.get(kind) ?? CODE.INTERNAL_ERROR;
}

/** Whether a connection was ended for taking more than it may. */
export function isFlood(kind: FaultKind): boolean {
  return codes.get(kind) === CODE.ENHANCE_YOUR_CALM && kind.blame === "client";
}

function coded(fault: FaultDefinition, code: number): FaultDefinition {
  codes.set(fault.kind, code);
  return fault;
}

const ASK_CLIENT = "The client breaks the protocol, or somebody probes. The access log has its address.";
/** Of a connection: it may have had no request. */
const ASK_CONNECTION = "The client breaks the protocol, or somebody probes. Standard error has its address, a line a second at most.";

/** A malformed request: its stream is reset, the connection goes on. */
function malformed(code: string, title: string): FaultDefinition {
  const kind = { status: 400, grpc: 3, blame: "client", retry: "never", closes: false } as const;
  return coded(defineFault({ code: `SP_H2_${code}`, ...kind, title, remedy: ASK_CLIENT }), CODE.PROTOCOL_ERROR);
}

export const BAD_FIELD_NAME = malformed("BAD_FIELD_NAME", "A field name is not a token in lower case.");
export const BAD_FIELD_VALUE = malformed("BAD_FIELD_VALUE", "A field value holds a control character, or white space around it.");
export const BAD_PSEUDO_FIELD = malformed("BAD_PSEUDO_FIELD", "A pseudo-field is missing, unknown, repeated, malformed or out of place.");
export const CONNECTION_FIELD = malformed("CONNECTION_FIELD", "A field that speaks of the connection stands in an HTTP/2 message.");
export const FIELD_ALIAS = malformed("FIELD_ALIAS", "A field name differs from a framing field only in its spelling.");
export const BAD_AUTHORITY = malformed("BAD_AUTHORITY", "The authority is missing, malformed or differs from the Host field.");
export const BAD_SCHEME = malformed("BAD_SCHEME", "The scheme is neither http nor https.");
export const BAD_PATH = malformed("BAD_PATH", "The path is not one that could stand in a request line.");
export const BAD_CONTENT_LENGTH = malformed("BAD_CONTENT_LENGTH", "Content-Length is not one plain number, or not that of the body.");
export const BAD_TRAILER = malformed("BAD_TRAILER", "The trailer section is malformed or holds a field that belongs into the head.");

/** Answered with its status: the request was understood as far as needed. */
function refused(code: string, status: number, title: string, remedy: string): FaultDefinition {
  return coded(
    defineFault({ code: `SP_H2_${code}`, status, grpc: 3, blame: "client", retry: "never", closes: false, title, remedy }),
    CODE.PROTOCOL_ERROR,
  );
}

export const HEAD_TOO_LARGE = refused(
  "HEAD_TOO_LARGE",
  431,
  "The request head is larger than allowed.",
  "Raise `bounds.head` or `bounds.fields` of the listener if such heads are meant to pass.",
);
export const LINE_TOO_LONG = refused(
  "LINE_TOO_LONG",
  414,
  "The request's path is longer than allowed.",
  "Raise `bounds.line` of the listener if such targets are meant to pass.",
);
export const METHOD_NOT_IMPLEMENTED = refused(
  "METHOD_NOT_IMPLEMENTED",
  501,
  "The method is not implemented.",
  "CONNECT (but for WebSockets, RFC 8441) and TRACE are never proxied; other methods are tokens of at most 32 characters.",
);
export const BAD_EXPECT = refused("BAD_EXPECT", 417, "The expectation can't be met.", "Only `Expect: 100-continue` exists.");
export const BODY_TOO_SLOW = refused(
  "BODY_TOO_SLOW",
  408,
  "The request body arrives too slowly.",
  "A slow or stalled client, or slow-body flooding; `bounds.minBodyRate` sets the rate.",
);

/** A client that reset its stream, or whose stream was reset for what it did. */
function lost(code: string, errorCode: number, title: string, remedy: string): FaultDefinition {
  return coded(
    defineFault({ code: `SP_H2_${code}`, status: 499, grpc: 1, blame: "client", retry: "never", closes: false, title, remedy }),
    errorCode,
  );
}

export const STREAM_RESET = lost(
  "STREAM_RESET",
  CODE.CANCEL,
  "The client reset the stream before the answer was complete.",
  "Nothing by itself: browsers do when a page is left, gRPC clients when a call is cancelled or late. The detail has the code.",
);
export const STREAM_ERROR = lost(
  "STREAM_ERROR",
  CODE.PROTOCOL_ERROR,
  "The client broke the protocol on one stream, which was reset.",
  ASK_CLIENT,
);
export const TRUNCATED = lost(
  "TRUNCATED",
  CODE.PROTOCOL_ERROR,
  "The connection ended inside the request.",
  "The client or something before it gave up while sending.",
);
export const READ_TOO_SLOW = lost(
  "READ_TOO_SLOW",
  CODE.CANCEL,
  "The client takes the response too slowly.",
  "A slow or stalled client, or one that opens no window; its stream was reset. `bounds.minBodyRate` sets the rate.",
);

/** A client that breaks the protocol for all of its streams, or takes more of us than it may: its connection ends with GOAWAY. */
function fatal(code: string, errorCode: number, title: string, remedy = ASK_CONNECTION): FaultDefinition {
  return coded(
    defineFault({ code: `SP_H2_${code}`, status: 499, grpc: 14, blame: "client", retry: "never", closes: true, title, remedy }),
    errorCode,
  );
}

const FLOOD =
  "Somebody attacks, or a client is broken: its connection was ended. `sallyport_http2_faults_total` counts them by listener; standard error has the address.";

export const BAD_PREFACE = fatal("BAD_PREFACE", CODE.PROTOCOL_ERROR, "The connection does not begin with the preface of HTTP/2.");
export const BAD_FRAME = fatal("BAD_FRAME", CODE.PROTOCOL_ERROR, "A frame is malformed or stands where it may not.");
export const BAD_FRAME_SIZE = fatal(
  "BAD_FRAME_SIZE",
  CODE.FRAME_SIZE_ERROR,
  "A frame is longer than allowed, or not of its kind's length.",
);
export const BAD_SETTING = fatal("BAD_SETTING", CODE.PROTOCOL_ERROR, "A setting has a value that it can't have.");
export const BAD_STREAM = fatal("BAD_STREAM", CODE.PROTOCOL_ERROR, "A frame names a stream that can't be.");
export const STREAM_CLOSED = fatal("STREAM_CLOSED", CODE.STREAM_CLOSED, "A frame came for a stream that is closed.");
export const WINDOW_EXCEEDED = fatal("WINDOW_EXCEEDED", CODE.FLOW_CONTROL_ERROR, "More was sent, or granted, than a window holds.");
export const BAD_HEADER_BLOCK = fatal("BAD_HEADER_BLOCK", CODE.COMPRESSION_ERROR, "A header block can't be decompressed.");
export const RESET_FLOOD = fatal("RESET_FLOOD", CODE.ENHANCE_YOUR_CALM, "Streams are opened and reset faster than allowed.", FLOOD);
export const CHURN_FLOOD = fatal(
  "CHURN_FLOOD",
  CODE.ENHANCE_YOUR_CALM,
  "Streams are reset that each cost an upstream connection, faster than allowed.",
  FLOOD,
);
export const ERROR_FLOOD = fatal("ERROR_FLOOD", CODE.ENHANCE_YOUR_CALM, "Streams have to be reset faster than allowed.", FLOOD);
export const CONTINUATION_FLOOD = fatal(
  "CONTINUATION_FLOOD",
  CODE.ENHANCE_YOUR_CALM,
  "A header block comes in too many frames or bytes.",
  FLOOD,
);
export const HEADER_FLOOD = fatal("HEADER_FLOOD", CODE.ENHANCE_YOUR_CALM, "A header block decompresses to far more than allowed.", FLOOD);
export const SETTINGS_FLOOD = fatal("SETTINGS_FLOOD", CODE.ENHANCE_YOUR_CALM, "Settings are changed faster than allowed.", FLOOD);
export const PING_FLOOD = fatal("PING_FLOOD", CODE.ENHANCE_YOUR_CALM, "Pings come faster than allowed.", FLOOD);
export const EMPTY_DATA_FLOOD = fatal(
  "EMPTY_DATA_FLOOD",
  CODE.ENHANCE_YOUR_CALM,
  "Frames without content come faster than allowed.",
  FLOOD,
);
export const WINDOW_FLOOD = fatal("WINDOW_FLOOD", CODE.ENHANCE_YOUR_CALM, "Windows are opened in smaller steps than allowed.", FLOOD);
export const PRIORITY_FLOOD = fatal("PRIORITY_FLOOD", CODE.ENHANCE_YOUR_CALM, "Priorities are changed faster than allowed.", FLOOD);
export const STREAM_FLOOD = fatal(
  "STREAM_FLOOD",
  CODE.ENHANCE_YOUR_CALM,
  "Streams beyond the allowed number are opened again and again.",
  FLOOD,
);
export const UNREAD_FLOOD = fatal("UNREAD_FLOOD", CODE.ENHANCE_YOUR_CALM, "More is owed to the client than it reads.", FLOOD);
export const UNREAD = fatal("UNREAD", CODE.CANCEL, "The client takes nothing of what waits for it on the connection.", FLOOD);
export const HEAD_TIMEOUT = fatal(
  "HEAD_TIMEOUT",
  CODE.PROTOCOL_ERROR,
  "The preface, or a header block that had begun, did not arrive in time.",
  "A slow or stalled client, or slow-head flooding; `bounds.headTimeout` sets the time.",
);
export const SETTINGS_LATE = fatal("SETTINGS_LATE", CODE.SETTINGS_TIMEOUT, "Our settings were not acknowledged in time.");
export const PING_LATE = fatal(
  "PING_LATE",
  CODE.NO_ERROR,
  "The client did not answer a ping: its connection is dead.",
  "The network on the way dropped it, or the client's host is gone.",
);

/** An upstream that breaks the protocol: its answer can't be trusted. */
function hostile(code: string, title: string, errorCode: number): FaultDefinition {
  const remedy = "The service breaks HTTP/2. The detail in the log says what it sent; it has to be mended there.";
  const kind = { status: 502, grpc: 14, blame: "upstream", retry: "never", closes: false } as const;
  return coded(defineFault({ code: `SP_H2_RESPONSE_${code}`, ...kind, title, remedy }), errorCode);
}

export const RESPONSE_BAD_FRAME = hostile("BAD_FRAME", "The upstream sent a frame that it may not send.", CODE.INTERNAL_ERROR);
export const RESPONSE_BAD_HEAD = hostile("BAD_HEAD", "The upstream sent a malformed field.", CODE.INTERNAL_ERROR);
export const RESPONSE_HEAD_TOO_LARGE = hostile("HEAD_TOO_LARGE", "The upstream sent too large a head.", CODE.INTERNAL_ERROR);
export const RESPONSE_BAD_LENGTH = hostile("BAD_LENGTH", "The upstream's body is not as long as it said.", CODE.INTERNAL_ERROR);
export const RESPONSE_TOO_MANY_INTERIM = hostile("TOO_MANY_INTERIM", "The upstream sent too many interim responses.", CODE.INTERNAL_ERROR);
export const RESPONSE_FLOOD = hostile("FLOOD", "The upstream sends more frames without content than allowed.", CODE.INTERNAL_ERROR);

/** An upstream that reset the stream, with what it meant by it. */
function gaveUp(
  code: string,
  errorCode: number,
  retry: "never" | "always" | "reused-connection",
  grpc: number,
  title: string,
  remedy: string,
): FaultDefinition {
  return coded(
    defineFault({ code: `SP_H2_RESPONSE_${code}`, status: 502, grpc, blame: "upstream", retry, closes: false, title, remedy }),
    errorCode,
  );
}

const ASK_SERVICE = "The service gave the request up; its own log should say why. The detail has the code that it sent.";
export const RESPONSE_RESET = gaveUp("RESET", CODE.INTERNAL_ERROR, "never", 14, "The upstream reset the stream.", ASK_SERVICE);
export const RESPONSE_CANCELLED = gaveUp("CANCELLED", CODE.CANCEL, "never", 1, "The upstream cancelled the request.", ASK_SERVICE);
export const RESPONSE_TRUNCATED = gaveUp(
  "TRUNCATED",
  CODE.INTERNAL_ERROR,
  "never",
  14,
  "The upstream's connection ended inside the response.",
  "The service crashed, or something between it and the gateway gave the connection up.",
);
export const RESPONSE_REFUSED = gaveUp(
  "REFUSED",
  CODE.REFUSED_STREAM,
  "always",
  14,
  "The upstream refused the stream without looking at it.",
  "It is shutting down or full. Nothing of the request was processed, so another endpoint is tried.",
);
export const RESPONSE_CALM = gaveUp(
  "ENHANCE_YOUR_CALM",
  CODE.ENHANCE_YOUR_CALM,
  "never",
  8,
  "The upstream asks for fewer requests.",
  "It resets streams with ENHANCE_YOUR_CALM: it takes the gateway for a flood. Raise its limits for the gateway's address.",
);
export const RESPONSE_HTTP1_REQUIRED = gaveUp(
  "HTTP_1_1_REQUIRED",
  CODE.HTTP_1_1_REQUIRED,
  "never",
  14,
  "The upstream wants HTTP/1.1 for this request.",
  "It says so with HTTP_1_1_REQUIRED: leave `protocol` of the upstream at `http/1.1`.",
);
export const UPSTREAM_NOT_HTTP2 = gaveUp(
  "NOT_HTTP2",
  CODE.INTERNAL_ERROR,
  "always",
  14,
  "The upstream does not speak HTTP/2.",
  "`protocol: h2` stands at the upstream, but the endpoint in the detail answers in something else, or does not choose h2 in the handshake. Leave `protocol` out where it speaks HTTP/1.1.",
);
export const UPSTREAM_NO_WEBSOCKET = gaveUp(
  "NO_WEBSOCKET",
  CODE.INTERNAL_ERROR,
  "never",
  12,
  "The upstream takes no WebSockets over HTTP/2.",
  "It does not announce extended CONNECT (RFC 8441). Reach it by `protocol: http/1.1`.",
);
export const UPSTREAM_PING_LATE = gaveUp(
  "PING_LATE",
  CODE.INTERNAL_ERROR,
  "never",
  14,
  "The upstream's connection is dead: it did not answer a ping.",
  "The network on the way dropped it, or the host is gone.",
);
