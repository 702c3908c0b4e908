// A fault as a gRPC client reads it: HTTP 200 with the status where trailers would stand (Trailers-Only), or the trailers themselves
// behind an answer that has begun.

import { Buffer } from "node:buffer";
import type { Fault, FaultKind } from "../base/index.ts";
import { FIELD, Fields, fieldName } from "../http/index.ts";
import { GRPC_STATUS } from "./grpc-call.ts";

const GRPC_MESSAGE = fieldName("Grpc-Message");
/** When to try again, in milliseconds: what Retry-After is elsewhere (gRFC A6). Clients heed it where they retry at all. */
const PUSHBACK = fieldName("Grpc-Retry-Pushback-Ms");

/** Of faults that have nothing more to say: encoded when a kind is first seen. */
const messages = new Map<FaultKind, string>();

/** The head of an answer that is nothing but a status. */
export function encodeStatusHead(fault: Fault, type: string, date: string): Fields {
  const fields = new Fields("");
  fields.add(FIELD.DATE, date);
  fields.add(FIELD.CONTENT_TYPE, type);
  addStatus(fields, fault);
  return fields;
}

/** Trailers that end a call which has begun. */
export function encodeStatusTrailers(fault: Fault): Fields {
  const fields = new Fields("");
  addStatus(fields, fault);
  return fields;
}

function addStatus(fields: Fields, fault: Fault): void {
  const { kind, told } = fault;
  fields.add(GRPC_STATUS, String(kind.grpc));
  fields.add(GRPC_MESSAGE, toMessage(fault));
  const seconds = told === null ? (kind.status === 503 ? 1 : null) : told.retryAfterSeconds;
  if (seconds !== null) fields.add(PUSHBACK, String(seconds * 1000));
}

function toMessage({ kind, told }: Fault): string {
  if (told !== null && told.detail !== null) return encodeGrpcMessage(`${kind.title} ${told.detail} (${kind.code})`);
  let message = messages.get(kind);
  if (message === undefined) {
    message = encodeGrpcMessage(`${kind.title} (${kind.code})`);
    messages.set(kind, message);
  }
  return message;
}

/** Percent-encoded as the protocol has it: of UTF-8, all but printable ASCII, and the percent sign. */
export function encodeGrpcMessage(text: string): string {
  const bytes = Buffer.from(text, "utf8");
  let encoded = "";
  for (const byte of bytes) {
    const isPlain = byte >= 0x20 && byte <= 0x7e && byte !== 0x25;
    encoded += isPlain ? String.fromCharCode(byte) : `%${byte < 16 ? "0" : ""}${byte.toString(16).toUpperCase()}`;
  }
  return encoded;
}
