// What a route does for gRPC calls besides passing them on: keeps them to the client's deadline, and lets no answer through that a gRPC
// client can't read. Other requests cost it a look at one field of the exchange.

import type { FaultDefinition } from "../../base/index.ts";
import { FIELD, fieldName, type ResponseHead } from "../../http/index.ts";
import { CONTINUE, GRPC_STATUS, type Policy, toGrpcType } from "../../pipeline/index.ts";
import {
  ANSWER_DENIED,
  ANSWER_INTERNAL,
  ANSWER_UNAUTHENTICATED,
  ANSWER_UNAVAILABLE,
  ANSWER_UNIMPLEMENTED,
  ANSWER_UNKNOWN,
  BAD_TIMEOUT,
  CALL_LATE,
} from "./faults.ts";
import { encodeTimeout, MALFORMED, parseTimeout } from "./timeout.ts";

const GRPC_TIMEOUT = fieldName("Grpc-Timeout");

/**
 * The client's deadline is the whole call's, its last message included; the route's `timeout` bounds the head beside it. The upstream is
 * told the sooner of the two, as the time that is left: a service that knows when nobody waits any more can stop by itself. It can't be
 * told that one of them is only about the head, so a route whose clients set deadlines for long streams has no `timeout`.
 */
export const grpcDeadline: Policy = {
  name: "grpc-deadline",
  // Before everything that may wait.
  phase: "guard",
  request(exchange) {
    if (exchange.grpcType === null) return CONTINUE;
    const text = exchange.head.fields.get(GRPC_TIMEOUT);
    if (text === null) return CONTINUE;
    const ms = parseTimeout(text);
    // The protocol leaves it open; INTERNAL is what gRPC servers say.
    if (ms === MALFORMED) return exchange.answerFault(BAD_TIMEOUT.with(text));
    if (ms === 0) return exchange.answerFault(CALL_LATE.with("it came with none left"));
    exchange.endWithin(ms, CALL_LATE);
    return CONTINUE;
  },
  attempt(attempt) {
    const { exchange } = attempt;
    const { plan, startedMs } = exchange;
    // A client that sets no deadline may mean a stream without end, which the route's time is not about.
    if (exchange.grpcType === null || exchange.endsByMs === 0) return CONTINUE;
    const endsByMs = plan.timeoutMs === null ? exchange.endsByMs : Math.min(exchange.endsByMs, startedMs + plan.timeoutMs);
    attempt.setField(GRPC_TIMEOUT, encodeTimeout(endsByMs - exchange.runtime.wheel.nowMs));
    return CONTINUE;
  },
};

/** What is not gRPC (an error page of a proxy, a redirect) becomes the status that the public table has for it. */
export const grpcAnswer: Policy = {
  name: "grpc-answer",
  // The last phase: its response step is the first, so that all others see a gRPC answer.
  phase: "answer",
  response(exchange) {
    const { response, winner } = exchange;
    if (exchange.grpcType === null || winner === null || response === null || isGrpcAnswer(response)) return CONTINUE;
    const type = response.fields.get(FIELD.CONTENT_TYPE);
    return exchange.answerFault(faultOf(response.status).with(`${winner.endpoint}: ${response.status} ${type ?? "without a type"}`));
  },
};

/** A status in the head is one whatever else it says. */
function isGrpcAnswer({ status, fields }: ResponseHead): boolean {
  return fields.has(GRPC_STATUS) || (status === 200 && toGrpcType(fields.get(FIELD.CONTENT_TYPE)) !== null);
}

/** http-grpc-status-mapping.md of the gRPC project. */
function faultOf(status: number): FaultDefinition {
  switch (status) {
    case 400:
      return ANSWER_INTERNAL;
    case 401:
      return ANSWER_UNAUTHENTICATED;
    case 403:
      return ANSWER_DENIED;
    case 404:
      return ANSWER_UNIMPLEMENTED;
    case 429:
    case 502:
    case 503:
    case 504:
      return ANSWER_UNAVAILABLE;
    default:
      return ANSWER_UNKNOWN;
  }
}
