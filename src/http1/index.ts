export { ClientConnection } from "./client-connection.ts";
export { readClientFacts } from "./client-facts.ts";
export {
  CONNECT_FAULTS,
  type ConnectionOwner,
  type ConnectionTarget,
  RESPONSE_BOUNDS,
  type SpeaksFor,
  type UpstreamBounds,
} from "./connection-owner.ts";
export * as H1 from "./faults.ts";
export { FRAMING, parseLength } from "./framing.ts";
export type { HeadBounds } from "./head-parser.ts";
export { ServerConnection } from "./server-connection.ts";
export type { ListenedConnection, ServerBounds, ServerContext } from "./server-context.ts";
