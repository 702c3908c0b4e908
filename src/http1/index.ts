export { ClientConnection, type ConnectionOwner, type UpstreamBounds } from "./client-connection.ts";
export * as H1 from "./faults.ts";
export type { ServerBounds } from "./server-bounds.ts";
export { ServerConnection, type ServerContext } from "./server-connection.ts";
