// Which requests are gRPC calls, and how one ended: what the pipeline must know so that its own answers are understood. All else of
// gRPC is in protocols/grpc. @hot

import { FIELD, type FieldName, type Fields, FOLD, fieldName, type RequestHead } from "../http/index.ts";
import type { ExchangeFacts } from "./exchange-facts.ts";

export const GRPC_STATUS: FieldName = fieldName("Grpc-Status");

/** By number, as the gRPC libraries spell them. */
export const GRPC_STATUS_NAMES: readonly string[] = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "ALREADY_EXISTS",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "FAILED_PRECONDITION",
  "ABORTED",
  "OUT_OF_RANGE",
  "UNIMPLEMENTED",
  "INTERNAL",
  "UNAVAILABLE",
  "DATA_LOSS",
  "UNAUTHENTICATED",
];
const UNKNOWN = 2;

const GRPC = "application/grpc";
const WEB = "application/grpc-web";
const LETTER_G = 0x67;
const PLUS = 0x2b;

/**
 * The media type of a gRPC or gRPC-Web call without its parameters, in lower case; null for any other request. Nearly all requests
 * are told apart by the method or by one letter.
 */
export function readGrpcType(head: RequestHead): string | null {
  return head.method === "POST" ? toGrpcType(head.fields.get(FIELD.CONTENT_TYPE)) : null;
}

/** The same of a Content-Type's value. */
export function toGrpcType(value: string | null): string | null {
  if (value === null || (value.charCodeAt(12) | 0x20) !== LETTER_G) return null;
  if (value === GRPC) return GRPC;
  let end = GRPC.length;
  while (end < value.length && value.charCodeAt(end) < 256 && FOLD[value.charCodeAt(end)] !== 0) end++;
  if (!isParameterStart(value, end)) return null;
  const type = value.slice(0, end).toLowerCase();
  if (!type.startsWith(GRPC)) return null;
  return isSuffix(type, GRPC.length) || isWebType(type) ? type : null;
}

/** application/grpc-web and application/grpc-web-text: their trailers are the last piece of the body. */
export function isWebType(type: string): boolean {
  if (!type.startsWith(WEB)) return false;
  return isSuffix(type, type.startsWith("-text", WEB.length) ? WEB.length + 5 : WEB.length);
}

/** Nothing, or `+` and the name of a coding. */
function isSuffix(type: string, at: number): boolean {
  return at === type.length || (type.charCodeAt(at) === PLUS && at + 1 < type.length);
}

function isParameterStart(value: string, at: number): boolean {
  if (at === value.length) return true;
  const c = value.charCodeAt(at);
  return c === 0x3b || c === 0x20 || c === 0x09;
}

/**
 * The gRPC status that an exchange ended with, as far as the client could see it; -1 for what is no call, and for a gRPC-Web answer
 * that was passed on as it came: its status is in the body.
 */
export function grpcStatusOf(exchange: ExchangeFacts): number {
  const type = exchange.grpcType;
  if (type === null) return -1;
  const { fault, responseTrailers, response } = exchange;
  if (responseTrailers !== null) return parseStatus(responseTrailers) ?? UNKNOWN;
  if (exchange.headSentMs > 0 && response !== null) {
    const status = parseStatus(response.fields);
    if (status !== null) return status;
  }
  if (fault !== null) return fault.kind.grpc;
  return isWebType(type) ? -1 : UNKNOWN;
}

/** Null without one. What is no status is UNKNOWN, as clients take it. */
function parseStatus(fields: Fields): number | null {
  const text = fields.get(GRPC_STATUS);
  if (text === null) return null;
  if (text.length === 0 || text.length > 2) return UNKNOWN;
  let status = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return UNKNOWN;
    status = status * 10 + digit;
  }
  return status < GRPC_STATUS_NAMES.length ? status : UNKNOWN;
}
