export { toAddressText } from "./address-text.ts";
// The door of the transport room. No adapter needs its runtime to be imported, only to be used.
export { bunTransport } from "./bun/index.ts";
export { CORK_BYTES } from "./cork-buffer.ts";
export { type HandlerErrorHook, setHandlerErrorHook } from "./handler-error.ts";
export { readMonotonicMicros } from "./libc/monotonic-clock.ts";
export { sendUnixDatagram } from "./libc/unix-datagram.ts";
export { type ConnectFault, MemoryNetwork, type MemoryNetworkOptions } from "./memory/index.ts";
export { nodeTransport } from "./node/index.ts";
export {
  encodeProxyHeader,
  PROXY,
  type ProxiedEnd,
  type ProxyHeader,
  ProxyHeaderReader,
  type ProxyReading,
  type ProxyVersion,
} from "./proxy-protocol/index.ts";
export { adoptListener, bindListener, type SharedListener, type SharedListenOptions } from "./shared-listener/index.ts";
export type {
  AcceptedSocket,
  Listener,
  ListenOptions,
  Socket,
  SocketAddress,
  SocketError,
  SocketHandler,
  Transport,
} from "./socket.ts";
export type { ClientAuth, ClientTls, ServerTls, TlsFacts, TlsIdentity, TlsVersion } from "./tls.ts";
export { Turn, type TurnListener } from "./turn.ts";

import { bunTransport } from "./bun/index.ts";
import { nodeTransport } from "./node/index.ts";
import type { Transport } from "./socket.ts";

/** The transport of the runtime we are on: Bun's raw sockets on Bun, node:net elsewhere. */
export function defaultTransport(): Transport {
  return process.versions.bun === undefined ? nodeTransport() : bunTransport();
}
