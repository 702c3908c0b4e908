// node:net as a Transport. Runs on Node, and on Bun as the second choice there (a fifth more CPU than Bun's raw sockets).
import { type AddressInfo, connect as connectNet, createServer, Socket as NetSocket } from "node:net";
import { toAddressText } from "../address-text.ts";
import { reportHandlerError } from "../handler-error.ts";
import type { AcceptedSocket, Listener, ListenOptions, Socket, SocketAddress, SocketHandler, Transport } from "../socket.ts";
import { createListenError } from "../socket-error.ts";
import { removeStaleSocket } from "../stale-socket.ts";
import type { ClientTls, ServerTls } from "../tls.ts";
import { attachSocket, NodeSocket, rawConnect, watchSocket } from "./node-socket.ts";
import { dialTls, watchHandshake } from "./tls-connect.ts";
import { toClientContext } from "./tls-contexts.ts";
import { toContextFault } from "./tls-faults.ts";

// One byte: a paused socket stops reading after one chunk, and a drain event follows every write (see node-socket.ts).
const SOCKET_OPTIONS = { allowHalfOpen: true, noDelay: true, highWaterMark: 1 };

/** The transport over node:net. */
export function nodeTransport(): Transport {
  return { name: "node", listen, connect };
}

type Accept = (socket: AcceptedSocket) => SocketHandler;

async function listen(address: SocketAddress, accept: Accept, options: ListenOptions = {}): Promise<Listener> {
  try {
    if (options.tls !== undefined) assertNode();
    if ("path" in address && options.descriptor === undefined) await removeStaleSocket(address.path);
    return await bind(address, accept, options);
  } catch (error) {
    throw createListenError(toAddressText(address), error);
  }
}

function bind(address: SocketAddress, accept: Accept, options: ListenOptions): Promise<Listener> {
  const { tls = null } = options;
  return new Promise((resolve, reject) => {
    const server = createServer(
      SOCKET_OPTIONS,
      tls === null ? (raw) => acceptSocket(raw, accept) : (raw) => acceptSecure(raw, accept, tls),
    );
    // Stays for good: an accept that fails for want of descriptors is announced here, and must not end the process.
    // The kernel keeps the connection waiting and the next one is tried.
    server.on("error", reject);
    server.listen(toListenOptions(address, options), () => {
      resolve({ address: toBoundAddress(server.address(), address), close: () => server.close() });
    });
  });
}

function toListenOptions(address: SocketAddress, options: ListenOptions): object {
  const { descriptor, reusePort = false, backlog = 511 } = options;
  // Node listens on it once more, which sets its backlog anew.
  if (descriptor !== undefined) return { fd: descriptor, backlog };
  return "path" in address ? { path: address.path, backlog } : { host: address.host, port: address.port, backlog, reusePort };
}

/** Node does not know the path of a descriptor that it was given. */
function toBoundAddress(bound: AddressInfo | string | null, asked: SocketAddress): SocketAddress {
  if (bound === null || (typeof bound === "object" && bound.address === undefined)) return asked;
  return typeof bound === "string" ? { path: bound } : { host: bound.address, port: bound.port };
}

function acceptSocket(raw: NetSocket, accept: Accept): void {
  const socket = new NodeSocket(raw);
  attachSocket(socket);
  takeHandler(socket, accept);
}

function acceptSecure(raw: NetSocket, accept: Accept, tls: ServerTls): void {
  const socket = new NodeSocket(raw);
  watchSocket(socket);
  takeHandler(socket, accept);
  socket.startTls(tls, null);
}

function takeHandler(socket: NodeSocket, accept: Accept): void {
  try {
    socket.handler = accept(socket);
  } catch (error) {
    socket.finish("EABORTED", true);
    reportHandlerError(error);
  }
}

function connect(address: SocketAddress, handler: SocketHandler, tls?: ClientTls | null, preamble?: Uint8Array | null): Socket {
  if (tls) return connectSecure(address, handler, tls, preamble ?? null);
  const raw = connectNet({ ...toTarget(address), ...SOCKET_OPTIONS });
  const socket = new NodeSocket(raw);
  socket.handler = handler;
  attachSocket(socket);
  raw.on("connect", rawConnect);
  if (preamble) raw.write(preamble);
  return socket;
}

function connectSecure(address: SocketAddress, handler: SocketHandler, tls: ClientTls, preamble: Uint8Array | null): Socket {
  try {
    assertNode();
    // Before anything is opened: it throws when what is in `tls` can't be used.
    toClientContext(tls);
    const tcp = preamble === null ? null : sendPreamble(address, preamble);
    const raw = dialTls(
      tcp === null ? { ...toTarget(address), ...SOCKET_OPTIONS } : { socket: tcp, ...SOCKET_OPTIONS },
      toAddressText(address),
      tls,
    );
    const socket = new NodeSocket(raw);
    socket.handler = handler;
    socket.layTls(raw);
    watchHandshake(socket, raw, toAddressText(address), tls);
    return socket;
  } catch (error) {
    // Our own certificate or lists: told as a handshake that failed, but not from inside this call.
    const socket = new NodeSocket(new NetSocket());
    socket.handler = handler;
    attachSocket(socket);
    socket.failTls(toContextFault(error));
    return socket;
  }
}

/** Bun's node:tls lacks what this is built on; its own transport has TLS. */
function assertNode(): void {
  if (process.versions.bun !== undefined) throw new Error("the node transport has no TLS on Bun: use the bun transport there");
}

/** A TLS socket can't write before it shakes hands, so this one lies below. It must keep the first handle it tries, so it tries no second address. */
function sendPreamble(address: SocketAddress, preamble: Uint8Array): NetSocket {
  const tcp = connectNet({ ...toTarget(address), ...SOCKET_OPTIONS, autoSelectFamily: false });
  tcp.write(preamble);
  return tcp;
}

function toTarget(address: SocketAddress): { path: string } | { host: string; port: number } {
  return "path" in address ? { path: address.path } : { host: address.host, port: address.port };
}
