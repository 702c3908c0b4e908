export { Http2ClientConnection } from "./connection/client-connection.ts";
export { PREFACE } from "./connection/frames.ts";
export { Http2ServerConnection } from "./connection/server-connection.ts";
export type { MultiplexedConnection, MultiplexedOwner } from "./connection-owner.ts";
export * as H2 from "./faults.ts";
export { isSecretName } from "./hpack/name-codes.ts";
export type { Http2ServerBounds, Http2ServerContext } from "./server-context.ts";
