// Protocols that the gateway takes part in rather than only passes on. One is one room; adding one touches this list and nothing else.

import type { RouteConfig } from "../config/index.ts";
import type { Policy } from "../pipeline/index.ts";
import { grpcAnswer, grpcDeadline } from "./grpc/index.ts";

const NONE: readonly Policy[] = [];
const GRPC: readonly Policy[] = [grpcDeadline, grpcAnswer];

/** What a route needs for them; nothing where it answers by itself. */
export function compileProtocolPolicies(route: RouteConfig): readonly Policy[] {
  return route.action.kind === "upstream" ? GRPC : NONE;
}
