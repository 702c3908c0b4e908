// From a parsed head to a ResponseHead: what an upstream's HTTP/1.x response must be for a client to see it. @hot
// RFC 9112 4 and 6.3. An upstream is trusted no more than a client: a response that two readers may cut in different places
// lets it, or whoever writes through it, answer the next client's request.

import type { FaultDefinition } from "../base/index.ts";
import { isBodiless, ResponseHead, UNKNOWN_LENGTH } from "../http/index.ts";
import * as H1 from "./faults.ts";
import { Framing } from "./framing.ts";
import type { HeadParser } from "./head-parser.ts";

const framing = new Framing({
  alias: H1.RESPONSE_BAD_FRAMING,
  contentLength: H1.RESPONSE_BAD_FRAMING,
  ambiguous: H1.RESPONSE_BAD_FRAMING,
  transferEncoding: H1.RESPONSE_BAD_FRAMING,
  unknownCoding: H1.RESPONSE_BAD_FRAMING,
  connection: H1.RESPONSE_BAD_HEAD,
  host: H1.RESPONSE_BAD_HEAD,
});

/** How the body of the response just read is cut, and what becomes of the connection; overwritten by each read. */
export const responseFrame = {
  isChunked: false,
  /** The body ends with the connection. */
  untilClose: false,
  keepAlive: false,
  /** After how many seconds of idleness the upstream says it will close, or -1. */
  keepAliveSeconds: -1,
  /** The protocol that a 101 switches to. */
  upgrade: "",
};

/** Makes the response, interim ones included, of what `parser` has just parsed; a fault when it is malformed or ambiguous. */
export function readResponseHead(parser: HeadParser, method: string): ResponseHead | FaultDefinition {
  const status = parser.status;
  const fault = framing.read(parser.fields, parser.version);
  if (fault !== null) return fault;
  const bodiless = isBodiless(method, status);
  // RFC 9112 6.1 forbids Transfer-Encoding on 1xx and 204, RFC 9110 8.6 Content-Length; a length of 0 is common and harmless.
  if ((status < 200 || status === 204) && (framing.isChunked || framing.contentLength > 0)) return H1.RESPONSE_BAD_FRAMING;
  const isSwitch = status === 101;
  if (status < 200 && !isSwitch && parser.version === 10) return H1.RESPONSE_BAD_STATUS_LINE;
  responseFrame.isChunked = framing.isChunked && !bodiless;
  responseFrame.untilClose = !bodiless && !framing.isChunked && framing.contentLength < 0;
  responseFrame.keepAlive = !framing.saysClose && !responseFrame.untilClose && (parser.version === 11 || framing.saysKeepAlive);
  responseFrame.keepAliveSeconds = framing.keepAliveSeconds;
  responseFrame.upgrade = isSwitch && framing.saysUpgrade && framing.upgrade !== null ? framing.upgrade : "";
  let bodyLength = bodiless ? 0 : framing.contentLength;
  if (bodyLength < 0 && !bodiless) bodyLength = UNKNOWN_LENGTH;
  return new ResponseHead(status, parser.fields, bodyLength, framing.contentLength);
}
