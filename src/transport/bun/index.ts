// Bun's raw sockets as a Transport: Bun.listen and Bun.connect, one handler object a listener. May be imported on any
// runtime; only the calls need Bun.
import { toAddressText } from "../address-text.ts";
import { reportHandlerError } from "../handler-error.ts";
import type { AcceptedSocket, Listener, Socket, SocketAddress, SocketHandler, Transport } from "../socket.ts";
import { createListenError, toSocketError } from "../socket-error.ts";
import { removeStaleSocket } from "../stale-socket.ts";
import type { ClientTls } from "../tls.ts";
import { BunSocket, type RawSocket, rawClose, rawConnectError, rawData, rawDrain, rawEnd, rawOpen } from "./bun-socket.ts";

interface RawListener {
  readonly port: number;
  readonly hostname: string;
  stop(closeActive: boolean): void;
}
/** Bun's entry points, typed for our own RawSocket. */
interface RawApi {
  listen(options: object): RawListener;
  connect(options: object): Promise<RawSocket>;
}

const OUTGOING = {
  open: rawOpen,
  data: rawData,
  drain: rawDrain,
  end: rawEnd,
  close: rawClose,
  error: rawFault,
  connectError: rawConnectError,
};

/**
 * The transport over Bun's own sockets; on another runtime its listen() rejects and its sockets fail to open.
 * TCP_NODELAY is not set here: Bun sets it itself on both sides (seen with strace).
 */
export function bunTransport(): Transport {
  return { name: "bun", listen, connect };
}

async function listen(address: SocketAddress, accept: (socket: AcceptedSocket) => SocketHandler): Promise<Listener> {
  const handlers = { ...OUTGOING, open: (raw: RawSocket) => acceptSocket(raw, accept) };
  try {
    if ("path" in address) await removeStaleSocket(address.path);
    const target = "path" in address ? { unix: address.path } : { hostname: address.host, port: address.port };
    const raw = (Bun as unknown as RawApi).listen({ ...target, allowHalfOpen: true, socket: handlers });
    return {
      address: "path" in address ? { path: address.path } : { host: raw.hostname, port: raw.port },
      close: () => raw.stop(false),
    };
  } catch (error) {
    throw createListenError(toAddressText(address), error);
  }
}

function acceptSocket(raw: RawSocket, accept: (socket: AcceptedSocket) => SocketHandler): void {
  const socket = new BunSocket(raw);
  raw.data = socket;
  try {
    socket.handler = accept(socket);
  } catch (error) {
    socket.finish("EABORTED", true);
    reportHandlerError(error);
  }
}

function connect(address: SocketAddress, handler: SocketHandler, _tls?: ClientTls | null, preamble?: Uint8Array | null): Socket {
  const socket = new BunSocket(null);
  socket.handler = handler;
  // Queued until it has connected, like everything that is written before.
  if (preamble) socket.enqueue(preamble);
  const target = "path" in address ? { unix: address.path } : { hostname: address.host, port: address.port };
  try {
    // The promise repeats what the callbacks say.
    (Bun as unknown as RawApi).connect({ ...target, allowHalfOpen: true, data: socket, socket: OUTGOING }).catch(ignore);
  } catch (error) {
    // A port out of range and the like.
    socket.die(toSocketError(error));
  }
  return socket;
}

function ignore(): void {}

// Our callbacks catch what handlers throw, so this is a fault of the runtime's own; close follows it.
function rawFault(raw: RawSocket): void {
  raw.data?.finish("EOTHER", true);
}
