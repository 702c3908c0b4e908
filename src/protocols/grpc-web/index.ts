// gRPC-Web (the public PROTOCOL-WEB): a browser, which can neither send nor read trailers, calls a gRPC service. Its request goes on as
// gRPC, and the answer comes back in the form that it asked for, the gateway's own faults included. Other requests of the route pass as
// they are, gRPC ones too.

import { FIELD } from "../../http/index.ts";
import { CONTINUE, type Exchange, GRPC_STATUS, type MemoryKey, type Policy, type StepResult } from "../../pipeline/index.ts";
import { GRPC_MESSAGE, NO_STATUS, TextRequest, UNKNOWN, WebResponse } from "./bodies.ts";
import { CUT_MESSAGE } from "./faults.ts";
import { readWebCall, toWebType, type WebCall } from "./media-type.ts";

/** What the client sent, kept since the request's fields say gRPC from then on. */
const CALL: MemoryKey<WebCall> = { name: "grpc-web" };

export const grpcWeb: Policy = { name: "grpc-web", phase: "transform", request: translateRequest, response: translateResponse };

function translateRequest(exchange: Exchange): StepResult {
  const { head } = exchange;
  const call = callOf(exchange);
  if (call === null) return CONTINUE;
  exchange.memory.put(CALL, call);
  head.fields.set(FIELD.CONTENT_TYPE, call.grpcType);
  // It speaks of what the gateway makes, not of what the upstream does.
  head.fields.remove(FIELD.ACCEPT);
  // gRPC servers refuse a call whose client does not say so.
  head.acceptsTrailers = true;
  if (call.isTextRequest) exchange.transformRequest(new TextRequest((fault) => exchange.onRequestFault(fault)));
  return CONTINUE;
}

function translateResponse(exchange: Exchange): StepResult {
  if (exchange.grpcType === null) return CONTINUE;
  const response = exchange.response!;
  const call = exchange.memory.get(CALL) ?? callOf(exchange);
  if (call === null) return CONTINUE;
  const type = toWebType(response.fields.get(FIELD.CONTENT_TYPE), call.isTextResponse);
  if (type === null) return CONTINUE;
  response.fields.set(FIELD.CONTENT_TYPE, type);
  const needsStatus = !response.fields.has(GRPC_STATUS);
  // A fault of the gateway's, or a call that an upstream ends with its head: the status stands in there, where clients look for it too.
  if (response.bodyLength !== 0) exchange.transformResponse(new WebResponse(call.isTextResponse, needsStatus, () => cut(exchange)));
  else if (needsStatus) {
    response.fields.add(GRPC_STATUS, UNKNOWN);
    response.fields.add(GRPC_MESSAGE, NO_STATUS);
  }
  return CONTINUE;
}

/** Trailers can't be told any more: the client must see that something is missing. */
function cut(exchange: Exchange): void {
  exchange.fault ??= CUT_MESSAGE;
  exchange.client.abort(exchange.fault);
}

/** A fault may come before the request step has run; then the request's fields still say what is wanted. */
function callOf({ head, grpcType }: Exchange): WebCall | null {
  return grpcType === null ? null : readWebCall(grpcType, head.fields.getCombined(FIELD.ACCEPT));
}
