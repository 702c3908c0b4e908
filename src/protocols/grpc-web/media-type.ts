// The media types of gRPC-Web and what each is in gRPC. The part behind `+` names the messages' own format and stays as it is.

import { isWebType, toGrpcType } from "../../pipeline/index.ts";

const GRPC = "application/grpc";
const WEB = "application/grpc-web";
const TEXT = "application/grpc-web-text";

/** In what form a call's bodies are, and what it is called towards the upstream. */
export interface WebCall {
  readonly isTextRequest: boolean;
  readonly isTextResponse: boolean;
  /** `application/grpc+proto`. */
  readonly grpcType: string;
}

/** `type` is the request's, as the exchange has it; null when that is none of gRPC-Web. `accept` may ask for the other of the two forms. */
export function readWebCall(type: string | null, accept: string | null): WebCall | null {
  if (type === null || !isWebType(type)) return null;
  const isTextRequest = type.startsWith(TEXT);
  const wanted = accept === null ? "" : accept.toLowerCase();
  const isTextResponse = wanted.includes(TEXT) || (isTextRequest && !wanted.includes(WEB));
  return { isTextRequest, isTextResponse, grpcType: GRPC + suffixOf(type) };
}

/**
 * What an answer of this type is called towards the client; null when it is not gRPC and stays what it is. One that says nothing of its
 * messages is protobuf, as gRPC has it, and is told so: some clients compare the whole.
 */
export function toWebType(contentType: string | null, isText: boolean): string | null {
  const type = toGrpcType(contentType);
  return type === null ? null : (isText ? TEXT : WEB) + (suffixOf(type) || "+proto");
}

function suffixOf(type: string): string {
  const plus = type.indexOf("+");
  return plus < 0 ? "" : type.slice(plus);
}
