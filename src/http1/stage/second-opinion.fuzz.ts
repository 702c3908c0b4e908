// Has the engine and node:http read the same bytes, and says where they differ in a way that nobody has argued for.
// What we accept they must accept too, and cut and understand alike; what we alone refuse must be one of our stricter rules.

import { METHODS } from "node:http";
import { checkAuthority, DEFAULT_PATH_RULES, type Fields, parseHost, parseTarget, type RequestHead, Target } from "../../http/index.ts";
import { type Reading, type ReadMessage, readRequestsAsNode, readResponseAsNode } from "./node-parser.fuzz.ts";
import { ECHO, ServerStage, type StagedExchange } from "./server-stage.ts";
import { UpstreamStage } from "./upstream-stage.ts";

/** Where node:http reads on and we do not: what we say, with the reason for being stricter. */
const STRICTER: Readonly<Record<string, string>> = {
  SP_H1_BAD_REQUEST_LINE: "one space between three parts (RFC 9112 3); llhttp forgives more of them",
  SP_H1_BAD_LINE_END: "HTTP/0.9, a request line without a version, is not a version that we speak",
  SP_H1_BAD_VERSION: "HTTP/1.1 and HTTP/1.0; llhttp lets 2.0 and 0.9 pass on a connection that speaks neither",
  SP_H1_BAD_HOST: "Host names one host: a service behind us must not read another than the one that was routed by",
  SP_H1_METHOD_NOT_IMPLEMENTED: "CONNECT and TRACE are never proxied",
  SP_H1_BAD_EXPECT: "there is one expectation (RFC 9110 10.1.1)",
  SP_H1_BAD_CONNECTION: "Connection must not nominate a framing field, nor hold what is no token",
  SP_H1_FRAMING_ALIAS: "frameworks read content_length as Content-Length",
  SP_H1_BAD_TRANSFER_ENCODING: "exactly one chunked, and none in HTTP/1.0 (RFC 9112 6.1)",
  SP_H1_UNKNOWN_CODING: "codings before chunked would pass unread",
  SP_H1_BAD_CHUNK: "chunk extensions by the ABNF, at most 256 bytes of them",
  SP_H1_BAD_TRAILER: "no framing field in a trailer section (RFC 9110 6.5.1)",
  "body of GET or HEAD": "somebody on the way may not have read it, so nothing behind it is trusted",
  "said close": "close wins over keep-alive (RFC 9112 9.3)",
  SP_H1_RESPONSE_BAD_STATUS_LINE:
    "the reason's space and a status from 100 to 599 (RFC 9112 4), no HTTP/0.9 or 2.0, no interim responses in HTTP/1.0",
  SP_H1_RESPONSE_BAD_FRAMING: "one length, or one chunked; neither where no body may be",
  SP_H1_RESPONSE_BAD_HEAD: "see SP_H1_BAD_CONNECTION",
  SP_H1_RESPONSE_BAD_CHUNK: "see SP_H1_BAD_CHUNK and SP_H1_BAD_TRAILER",
  SP_H1_RESPONSE_UNASKED_UPGRADE: "nobody asked",
};

// White space around a value may be a tab (RFC 9110 5.6.3). llhttp takes one for a part of the coding or the number, and then
// refuses a request, or reads a response as one that ends with the connection. Neither is passed on: we write our own framing.
const TAB_IN_FRAMING = /^(?:transfer-encoding|content-length):[^\r\n]*\t/im;

export interface Opinions {
  readonly ours: Reading;
  readonly theirs: Reading;
  /** Null when they agree, or differ by one of our stricter rules. */
  readonly dispute: string | null;
}

export async function compareRequests(text: string): Promise<Opinions> {
  const ours = readRequests(text);
  const theirs = await readRequestsAsNode(text);
  return { ours, theirs, dispute: TAB_IN_FRAMING.test(text) ? null : findDispute(ours, theirs) };
}

export async function compareResponses(text: string, method: string): Promise<Opinions> {
  const ours = readResponse(text, method);
  const theirs = await readResponseAsNode(text, method);
  return { ours, theirs, dispute: TAB_IN_FRAMING.test(text) ? null : findDispute(ours, theirs) };
}

function findDispute(ours: Reading, theirs: Reading): string | null {
  for (const [n, message] of ours.messages.entries()) {
    const parts = message.start.split(" ");
    // llhttp knows the registered methods only; any token is a method (RFC 9110 9.1).
    if (parts.length === 3 && !METHODS.includes(parts[0] ?? "")) return null;
    const other = theirs.messages[n];
    if (other === undefined) return `message ${n} is ours alone; they say ${theirs.fault || "nothing"}`;
    if (!isSame(message, other)) return `message ${n} differs: ${JSON.stringify(message)} and ${JSON.stringify(other)}`;
    // llhttp leaves everything behind such a head to the protocol that may follow.
    if (hasUpgrade(message)) return null;
  }
  if (theirs.messages.length <= ours.messages.length) return null;
  if (ours.fault === "") return `they read ${theirs.messages.length} messages, we ${ours.messages.length} and found nothing wrong`;
  // What a target may hold is argued for, rule by rule, in http/path.ts and http/uri.ts.
  if (ours.fault.startsWith("SP_URI_")) return null;
  return STRICTER[ours.fault] === undefined ? `${ours.fault} is ours alone and in no list` : null;
}

function isSame(one: ReadMessage, other: ReadMessage): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}

function hasUpgrade({ fields }: ReadMessage): boolean {
  return fields.some((line) => /^upgrade:/i.test(line));
}

/** The requests of one connection as the engine reads them, up to the first whose target it would refuse. */
export function readRequests(text: string, chunkBytes = 65_536): Reading {
  const stage = new ServerStage({ script: ECHO, bounds: { headBytes: 64 * 1024 }, network: { chunkBytes } }).send(text).finish();
  const messages: ReadMessage[] = [];
  for (const exchange of stage.exchanges) {
    const { head, refusal } = exchange;
    if (head === null) return { messages, fault: refusal?.kind.code ?? "" };
    const fault = checkTarget(head);
    if (fault !== null) return { messages, fault };
    if (head.bodyLength !== 0 && exchange.events.at(-1) !== "end")
      return { messages, fault: exchange.events.at(-1)?.replace("fault ", "") ?? "" };
    messages.push(toMessage(`${head.method} ${head.target} ${head.version}`, head.fields, exchange.body, exchange.trailers));
    if (isUntrusted(exchange)) return { messages, fault: "body of GET or HEAD" };
  }
  return { messages, fault: /\r\nConnection: close\r\n/.test(stage.received) ? "said close" : "" };
}

/** What the pipeline does with a target before it looks at anything else. */
function checkTarget(head: RequestHead): string | null {
  const target = new Target();
  const host = parseHost(head.authority);
  const fault = parseTarget(head.target, head.method, DEFAULT_PATH_RULES, target) ?? checkAuthority(target, "kind" in host ? null : host);
  return fault === null ? null : fault.code;
}

function isUntrusted({ head }: StagedExchange): boolean {
  return head !== null && head.bodyLength !== 0 && (head.method === "GET" || head.method === "HEAD");
}

/** The response to one request as the engine reads it. */
export function readResponse(text: string, method: string, chunkBytes = 65_536): Reading {
  const stage = new UpstreamStage({ network: { chunkBytes } });
  const attempt = stage.ask({ method });
  stage.say(text).finish();
  const { head } = attempt;
  if (head === null || attempt.fault !== null || attempt.events.at(-1) !== "end")
    return { messages: [], fault: attempt.fault?.kind.code ?? "" };
  const version = head.fields.text.startsWith("HTTP/1.0") ? 10 : 11;
  return { messages: [toMessage(`${head.status} ${version}`, head.fields, attempt.body, attempt.trailers)], fault: "" };
}

function toMessage(start: string, fields: Fields, body: string, trailers: Fields | null): ReadMessage {
  return { start, fields: toLines(fields), body, trailers: trailers === null ? [] : toLines(trailers) };
}

function toLines(fields: Fields): string[] {
  const lines: string[] = [];
  for (let i = 0; i < fields.received; i++) lines.push(`${fields.nameAt(i)}: ${fields.valueAt(i)}`);
  return lines;
}
