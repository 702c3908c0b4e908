// The one place that turns a fault into what the client reads: problem+json (RFC 9457), for a gRPC call its status. It tells the title
// and the code and what the fault has for the client (`told`), never the detail, which is the operator's.

import { Buffer } from "node:buffer";
import type { Fault, FaultKind } from "../base/index.ts";
import { FIELD, Fields, RequestHead, UNKNOWN_LENGTH } from "../http/index.ts";
import type { Exchange } from "./exchange.ts";
import { isWebType } from "./grpc-call.ts";
import { encodeStatusHead, encodeStatusTrailers } from "./grpc-fault.ts";

type Prefixes = Map<FaultKind, string>;

/** The part of the body that is the same each time, up to the request's id; encoded when a kind is first seen. */
const untyped: Prefixes = new Map();
/** The same by what stands before the code in the type: words of the configuration, of which there are few. */
const typed = new Map<string, Prefixes>();

export interface EncodedFault {
  readonly status: number;
  readonly fields: Fields;
  readonly body: Uint8Array | null;
}

/** Seconds after which trying again makes sense, where the fault itself does not know better. */
const RETRY_AFTER_SECONDS = "1";

/** The answer. The exchange's requestId is in a problem, so that a client's report leads to a log line. */
export function encodeFault(fault: Fault, exchange: Exchange): EncodedFault {
  const kind = fault.kind;
  const date = httpDate(exchange.runtime.clock.wall());
  if (exchange.grpcType !== null) return { status: 200, fields: encodeStatusHead(fault, exchange.grpcType, date), body: null };
  const { typeBase } = exchange.plan;
  const prefixes = typeBase === null ? untyped : prefixesOf(typeBase);
  let prefix = prefixes.get(kind);
  if (prefix === undefined) {
    const type = typeBase === null ? "about:blank" : typeBase + kind.code;
    prefix = JSON.stringify({ type, title: kind.title, status: kind.status, code: kind.code }).slice(0, -1);
    prefixes.set(kind, prefix);
  }
  const fields = new Fields("");
  fields.add(FIELD.DATE, date);
  fields.add(FIELD.CONTENT_TYPE, "application/problem+json");
  fields.add(FIELD.CACHE_CONTROL, "no-store");
  const { told } = fault;
  if (told === null) {
    if (kind.status === 503) fields.add(FIELD.RETRY_AFTER, RETRY_AFTER_SECONDS);
  } else if (told.retryAfterSeconds !== null) {
    fields.add(FIELD.RETRY_AFTER, String(told.retryAfterSeconds));
  }
  if (exchange.allow !== null) fields.add(FIELD.ALLOW, exchange.allow);
  const detail = told === null || told.detail === null ? "" : `,"detail":${JSON.stringify(told.detail)}`;
  const members = told?.members === undefined ? "" : `,${JSON.stringify(told.members).slice(1, -1)}`;
  const body = Buffer.from(`${prefix}${detail}${members},"requestId":"${exchange.requestId}"}\n`, "utf8");
  return { status: kind.status, fields, body };
}

/**
 * Trailers that tell of a fault behind a head that is out; null where the client must see by the cut itself that something is missing.
 * A gRPC client takes no call for complete whose status is not OK, so it can be told why.
 */
export function encodeCut(fault: Fault, exchange: Exchange): Fields | null {
  const { head, response, grpcType } = exchange;
  if (grpcType === null || response === null || response.bodyLength !== UNKNOWN_LENGTH || response.status === 101) return null;
  // Of gRPC-Web only calls that are translated have trailers, and then the client takes them whatever its own HTTP is.
  const isTold = head.acceptsTrailers || (head.version === 20 && !isWebType(grpcType));
  return isTold ? encodeStatusTrailers(fault) : null;
}

function prefixesOf(typeBase: string): Prefixes {
  let prefixes = typed.get(typeBase);
  if (prefixes === undefined) {
    prefixes = new Map();
    typed.set(typeBase, prefixes);
  }
  return prefixes;
}

let dateSecond = -1;
let dateText = "";

/** RFC 9110 5.6.7, made once a second. */
export function httpDate(wallMs: number): string {
  const second = Math.floor(wallMs / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(wallMs).toUTCString();
  }
  return dateText;
}

/** Stands in for the head of a request that had none that could be read. */
export function failedRequest(): RequestHead {
  return new RequestHead("", "", "http", 11, new Fields(""));
}
