// Protocols that the gateway takes part in rather than only passes on. One is one room; adding one touches this list and nothing else.

import type { RouteConfig } from "../config/index.ts";
import type { Policy } from "../pipeline/index.ts";
import { grpcAnswer, grpcDeadline } from "./grpc/index.ts";
import { grpcWeb } from "./grpc-web/index.ts";

const NONE: readonly Policy[] = [];
const GRPC: readonly Policy[] = [grpcDeadline, grpcAnswer];
const GRPC_WEB: readonly Policy[] = [grpcWeb, ...GRPC];

/** What a route needs for them; nothing where it answers by itself. */
export function compileProtocolPolicies(route: RouteConfig): readonly Policy[] {
  if (route.action.kind !== "upstream") return NONE;
  return route.grpcWeb ? GRPC_WEB : GRPC;
}
