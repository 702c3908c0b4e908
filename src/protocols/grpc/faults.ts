// Faults of gRPC calls.

import { defineFault, type FaultDefinition } from "../../base/index.ts";

export const BAD_TIMEOUT = defineFault({
  code: "SP_GRPC_BAD_TIMEOUT",
  status: 400,
  grpc: 13,
  blame: "client",
  retry: "never",
  closes: false,
  title: "The field grpc-timeout is malformed.",
  remedy:
    "It is one to eight digits and one of H, M, S, m, u, n. The detail has what came. A gRPC library writes it right: ask who the client is.",
});

export const CALL_LATE = defineFault({
  code: "SP_GRPC_DEADLINE",
  status: 504,
  grpc: 4,
  blame: "upstream",
  retry: "never",
  closes: false,
  title: "The call was not complete within the client's deadline.",
  remedy:
    "The detail says what the call was waiting for. The client set the time (grpc-timeout): is it too short, or the service too slow?",
});

/** An upstream's answer that is no gRPC, by the status that stands for it. */
function foreign(code: string, grpc: number, title: string): FaultDefinition {
  return defineFault({
    code: `SP_GRPC_ANSWER_${code}`,
    status: 502,
    grpc,
    blame: "upstream",
    retry: "never",
    closes: false,
    title,
    remedy:
      "What answered is not a gRPC server, or something before it: the detail has its status and type. Does the route's upstream speak gRPC, and is its `protocol` h2?",
  });
}

export const ANSWER_INTERNAL = foreign("INTERNAL", 13, "The upstream took the call for a bad request.");
export const ANSWER_UNAUTHENTICATED = foreign("UNAUTHENTICATED", 16, "The upstream wants credentials.");
export const ANSWER_DENIED = foreign("PERMISSION_DENIED", 7, "The upstream forbids the call.");
export const ANSWER_UNIMPLEMENTED = foreign("UNIMPLEMENTED", 12, "The upstream does not know the method.");
export const ANSWER_UNAVAILABLE = foreign("UNAVAILABLE", 14, "The upstream can't answer now.");
export const ANSWER_UNKNOWN = foreign("UNKNOWN", 2, "The upstream's answer is not gRPC.");
