// node:net as a Transport. Runs on Node, and on Bun as the second choice there (a fifth more CPU than Bun's raw sockets).
import { type AddressInfo, connect as connectNet, createServer, type Socket as NetSocket } from "node:net";
import { toAddressText } from "../address-text.ts";
import { reportHandlerError } from "../handler-error.ts";
import type { AcceptedSocket, Listener, Socket, SocketAddress, SocketHandler, Transport } from "../socket.ts";
import { createListenError } from "../socket-error.ts";
import { removeStaleSocket } from "../stale-socket.ts";
import { attachSocket, NodeSocket, rawConnect } from "./node-socket.ts";

// One byte: a paused socket stops reading after one chunk, and a drain event follows every write (see node-socket.ts).
const SOCKET_OPTIONS = { allowHalfOpen: true, noDelay: true, highWaterMark: 1 };

/** The transport over node:net. */
export function nodeTransport(): Transport {
  return { name: "node", listen, connect };
}

async function listen(address: SocketAddress, accept: (socket: AcceptedSocket) => SocketHandler): Promise<Listener> {
  try {
    if ("path" in address) await removeStaleSocket(address.path);
    return await bind(address, accept);
  } catch (error) {
    throw createListenError(toAddressText(address), error);
  }
}

function bind(address: SocketAddress, accept: (socket: AcceptedSocket) => SocketHandler): Promise<Listener> {
  return new Promise((resolve, reject) => {
    const server = createServer(SOCKET_OPTIONS, (raw) => acceptSocket(raw, accept));
    // Stays for good: an accept that fails for want of descriptors is announced here, and must not end the process.
    // The kernel keeps the connection waiting and the next one is tried.
    server.on("error", reject);
    server.listen("path" in address ? { path: address.path } : { host: address.host, port: address.port }, () => {
      resolve({ address: toBoundAddress(server.address()), close: () => server.close() });
    });
  });
}

function toBoundAddress(bound: AddressInfo | string | null): SocketAddress {
  if (bound === null) throw new Error("a listening server has an address");
  return typeof bound === "string" ? { path: bound } : { host: bound.address, port: bound.port };
}

function acceptSocket(raw: NetSocket, accept: (socket: AcceptedSocket) => SocketHandler): void {
  const socket = new NodeSocket(raw);
  attachSocket(socket);
  try {
    socket.handler = accept(socket);
  } catch (error) {
    socket.finish("EABORTED", true);
    reportHandlerError(error);
  }
}

function connect(address: SocketAddress, handler: SocketHandler): Socket {
  const target = "path" in address ? { path: address.path } : { host: address.host, port: address.port };
  const raw = connectNet({ ...target, ...SOCKET_OPTIONS });
  const socket = new NodeSocket(raw);
  socket.handler = handler;
  attachSocket(socket);
  raw.on("connect", rawConnect);
  return socket;
}
