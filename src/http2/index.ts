export type { MultiplexedConnection, MultiplexedOwner } from "./connection-owner.ts";
export * as H2 from "./faults.ts";
export type { Http2ServerBounds, Http2ServerContext } from "./server-context.ts";
