// What one client connection may take of us. Null is `off`.

import type { HeadBounds } from "./head-parser.ts";

export interface ServerBounds extends HeadBounds {
  /** From the first byte of a head (of the connection, for its first one) to its end. */
  readonly headTimeoutMs: number;
  /** Between two requests, and of a tunnel in which nothing moves. */
  readonly idleTimeoutMs: number | null;
  /** Of a request body while we are willing to read it, and of a response that waits for the client. */
  readonly minBodyBytesPerSecond: number | null;
}
