// What every exchange of a client connection may know about it, read once when it is accepted.

import type { ClientFacts } from "../http/index.ts";
import type { Socket } from "../transport/index.ts";

export function readClientFacts(socket: Socket, listener: string, version = 11): ClientFacts {
  return {
    listener,
    address: socket.remoteAddress,
    port: socket.remotePort,
    localAddress: socket.localAddress,
    localPort: socket.localPort,
    version,
    isGone: false,
    tls: socket.tls,
    forwarding: null,
  };
}
