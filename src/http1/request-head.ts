// From a parsed head to a RequestHead: what an HTTP/1.x request must be for anything behind us to see it. @hot
// RFC 9112 3 and 6, RFC 9110 7.2, 7.8 and 10.1.1. The target's path is judged later, by normalisation, for every protocol alike.

import type { FaultDefinition } from "../base/index.ts";
import { isToken, parseHost, RequestHead } from "../http/index.ts";
import * as H1 from "./faults.ts";
import { Framing } from "./framing.ts";
import type { HeadParser } from "./head-parser.ts";

const MAX_METHOD_BYTES = 32;

const framing = new Framing({
  alias: H1.FRAMING_ALIAS,
  contentLength: H1.BAD_CONTENT_LENGTH,
  ambiguous: H1.AMBIGUOUS_LENGTH,
  transferEncoding: H1.BAD_TRANSFER_ENCODING,
  unknownCoding: H1.UNKNOWN_CODING,
  connection: H1.BAD_CONNECTION,
  host: H1.BAD_HOST,
});

/** What the connection needs besides the head; overwritten by each readRequestHead. */
export const requestFrame = {
  /** The connection may serve another request after this one. */
  keepAlive: false,
};

/** Makes the request of what `parser` has just parsed; a fault when it is malformed or ambiguous. */
export function readRequestHead(parser: HeadParser, scheme: "http" | "https"): RequestHead | FaultDefinition {
  const fields = parser.fields;
  const fault = framing.read(fields, parser.version);
  if (fault !== null) return fault;
  const method = fields.text.slice(0, parser.targetStart - 1);
  if (method.length > MAX_METHOD_BYTES || method === "CONNECT" || method === "TRACE") return H1.METHOD_NOT_IMPLEMENTED;
  const head = new RequestHead(method, fields.text.slice(parser.targetStart, parser.targetEnd), scheme, parser.version, fields);
  const hostFault = readHost(head, parser.version);
  if (hostFault !== null) return hostFault;
  head.bodyLength = framing.bodyLength;
  head.acceptsTrailers = framing.acceptsTrailers && parser.version === 11;
  if (framing.expect !== null && parser.version === 11) {
    if (framing.expect.toLowerCase() !== "100-continue") return H1.BAD_EXPECT;
    head.expectsContinue = head.bodyLength !== 0;
  }
  const hasBody = head.bodyLength !== 0;
  // Only a plain GET upgrades: RFC 6455 4.1. With a body, or with several protocols to choose from, Upgrade is only dropped.
  if (framing.saysUpgrade && framing.upgrade !== null && parser.version === 11 && !hasBody && method === "GET") {
    if (isToken(framing.upgrade) && framing.upgrade.toLowerCase() !== "h2c") head.upgrade = framing.upgrade;
  }
  // A body on GET or HEAD means nothing (RFC 9110 9.3.1), so somebody on the way may not have read it: whatever comes after
  // it on this connection could be its inside.
  const isTrusted = !hasBody || (method !== "GET" && method !== "HEAD");
  requestFrame.keepAlive = isTrusted && !framing.saysClose && (parser.version === 11 || framing.saysKeepAlive);
  return head;
}

function readHost(head: RequestHead, version: number): FaultDefinition | null {
  if (framing.host === null) return version === 10 ? null : H1.BAD_HOST;
  const host = parseHost(framing.host);
  if ("kind" in host) return H1.BAD_HOST;
  head.authority = framing.host;
  head.host = host.name;
  return null;
}
