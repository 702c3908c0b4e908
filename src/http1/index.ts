export { ClientConnection, type ConnectionOwner, type UpstreamBounds } from "./client-connection.ts";
export * as H1 from "./faults.ts";
export { ServerConnection } from "./server-connection.ts";
export type { ServerBounds, ServerContext } from "./server-context.ts";
