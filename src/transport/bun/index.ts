// Bun's raw sockets as a Transport: Bun.listen and Bun.connect, one handler object a listener. May be imported on any
// runtime; only the calls need Bun.
import { toAddressText } from "../address-text.ts";
import { reportHandlerError } from "../handler-error.ts";
import { loadLibc } from "../libc/libc.ts";
import type { AcceptedSocket, Listener, ListenOptions, Socket, SocketAddress, SocketHandler, Transport } from "../socket.ts";
import { createListenError, toSocketError } from "../socket-error.ts";
import { removeStaleSocket } from "../stale-socket.ts";
import type { ClientTls, ServerTls } from "../tls.ts";
import { BunSocket, type RawSocket } from "./bun-socket.ts";
import { prepareQuickAck } from "./quick-ack.ts";
import { rawClose, rawConnectError, rawData, rawDrain, rawEnd, rawOpen } from "./raw-callbacks.ts";
import { dialDrain, dialOpen, prepareDial } from "./tls-connect.ts";
import { testTls } from "./tls-self-test.ts";

interface RawListener {
  readonly port: number;
  readonly hostname: string;
  readonly fd: number;
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

const OUTGOING_TLS = { ...OUTGOING, open: dialOpen, drain: dialDrain };

/**
 * The transport over Bun's own sockets; on another runtime its listen() rejects and its sockets fail to open.
 * TCP_NODELAY is not set here: Bun sets it itself on both sides (seen with strace).
 */
export function bunTransport(): Transport {
  return { name: "bun", listen, connect };
}

type Accept = (socket: AcceptedSocket) => SocketHandler;

async function listen(address: SocketAddress, accept: Accept, options: ListenOptions = {}): Promise<Listener> {
  const { tls = null } = options;
  const open = tls === null ? (raw: RawSocket) => acceptSocket(raw, accept) : (raw: RawSocket) => acceptSecure(raw, accept, tls);
  const handlers = { ...OUTGOING, open };
  if (tls !== null) await testTls();
  await prepareQuickAck();
  try {
    if ("path" in address && options.descriptor === undefined) await removeStaleSocket(address.path);
    const raw = (Bun as unknown as RawApi).listen({ ...toPlace(address, options), allowHalfOpen: true, socket: handlers });
    await setBacklog(raw, options);
    return {
      address: toBoundAddress(raw, address, options),
      close: () => raw.stop(false),
    };
  } catch (error) {
    throw createListenError(toAddressText(address), error);
  }
}

/** What Bun's types don't have: `fd`, a listening socket to accept on. */
function toPlace(address: SocketAddress, { descriptor, reusePort = false }: ListenOptions): object {
  if (descriptor !== undefined) return { fd: descriptor };
  return "path" in address ? { unix: address.path } : { hostname: address.host, port: address.port, reusePort };
}

/** Bun takes none and asks for 512. Listening once more changes it and loses nobody who waits. */
async function setBacklog(raw: RawListener, { descriptor, backlog }: ListenOptions): Promise<void> {
  if (backlog !== undefined && descriptor === undefined) (await loadLibc()).listen(raw.fd, backlog);
}

/** Bun does not know the address of a descriptor that it was given. */
function toBoundAddress(raw: RawListener, asked: SocketAddress, { descriptor }: ListenOptions): SocketAddress {
  return "path" in asked || descriptor !== undefined ? asked : { host: raw.hostname, port: raw.port };
}

function acceptSecure(raw: RawSocket, accept: Accept, tls: ServerTls): void {
  acceptSocket(raw, accept);
  const socket = raw.data;
  if (socket) socket.startTls(tls, null);
}

function acceptSocket(raw: RawSocket, accept: Accept): void {
  const socket = new BunSocket(raw);
  raw.data = socket;
  try {
    const handler = accept(socket);
    // Its handshake may have been begun in that call: then that hears what comes, and the handler waits behind it.
    if (socket.layer === null) socket.handler = handler;
    else socket.layer.handler = handler;
  } catch (error) {
    socket.finish("EABORTED", true);
    reportHandlerError(error);
  }
}

function connect(address: SocketAddress, handler: SocketHandler, tls?: ClientTls | null, preamble?: Uint8Array | null): Socket {
  const socket = new BunSocket(null);
  socket.handler = handler;
  if (tls) {
    if (!prepareDial(socket, toAddressText(address), tls, preamble ?? null)) return socket;
    return dial(socket, address, OUTGOING_TLS);
  }
  // Queued until it has connected, like everything that is written before.
  if (preamble) socket.enqueue(preamble);
  return dial(socket, address, OUTGOING);
}

function dial(socket: BunSocket, address: SocketAddress, handlers: object): BunSocket {
  const target = "path" in address ? { unix: address.path } : { hostname: address.host, port: address.port };
  try {
    // The promise repeats what the callbacks say.
    (Bun as unknown as RawApi).connect({ ...target, allowHalfOpen: true, data: socket, socket: handlers }).catch(ignore);
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
