// What a gRPC-Web call can have wrong with itself.

import { defineFault } from "../../base/index.ts";

export const BAD_BASE64 = defineFault({
  code: "SP_GRPC_WEB_BAD_BASE64",
  status: 400,
  grpc: 3,
  blame: "client",
  retry: "never",
  closes: false,
  title: "The body is not base64, as its type says it is.",
  remedy: "`application/grpc-web-text` is base64 with its padding. A client that sends messages as they are says `application/grpc-web`.",
});

export const CUT_MESSAGE = defineFault({
  code: "SP_GRPC_WEB_CUT_MESSAGE",
  status: 502,
  grpc: 13,
  blame: "upstream",
  retry: "never",
  closes: false,
  title: "The service ended the call inside of a message.",
  remedy: "Its messages are not framed as gRPC has it, or it gave the call up half-way; its own log should say why.",
});
