// A subject whose every connection is TLS, so that the contract of plain sockets can be held against sockets with TLS too. A socket is
// "accepted" here when its handshake is done: before that nothing may be written to it.
import type { AcceptedSocket, ListenOptions, SocketAddress, SocketHandler, Transport } from "../socket.ts";
import type { ClientTls, ServerTls, TlsIdentity } from "../tls.ts";
import { certificates, type IssuedPair } from "./certificates.ts";
import type { Subject } from "./rig.ts";

export function overTls(subject: Subject): Subject {
  const inner = subject.transport;
  const serverTls = serverTlsFor(toIdentity(certificates().servers.a));
  const clientTls = clientTlsFor("a.example");
  const transport: Transport = {
    name: inner.name,
    listen: (address: SocketAddress, accept: (socket: AcceptedSocket) => SocketHandler, options: ListenOptions = {}) =>
      inner.listen(address, (socket) => new Handshake(socket, accept), { ...options, tls: serverTls }),
    connect: (address, handler, _tls, preamble) => inner.connect(address, handler, clientTls, preamble),
  };
  return { ...subject, transport };
}

/** Waits for the handshake, then makes way for the handler proper. */
class Handshake implements SocketHandler {
  readonly #socket: AcceptedSocket;
  readonly #accept: (socket: AcceptedSocket) => SocketHandler;

  constructor(socket: AcceptedSocket, accept: (socket: AcceptedSocket) => SocketHandler) {
    this.#socket = socket;
    this.#accept = accept;
  }

  onSecure(): void {
    this.#socket.setHandler(this.#accept(this.#socket));
  }

  onOpen(): void {}
  onData(): void {
    throw new Error("data before the handshake was done");
  }
  onDrain(): void {}
  onEnd(): void {}
  onClose(): void {}
}

export function toIdentity(pair: IssuedPair, clientAuth: TlsIdentity["clientAuth"] = null): TlsIdentity {
  return { cert: pair.cert, key: pair.key, clientAuth };
}

/** The same identity for every name. */
export function serverTlsFor(identity: TlsIdentity, more: Partial<ServerTls> = {}): ServerTls {
  return { minVersion: "TLSv1.2", protocols: [], select: () => identity, ...more };
}

/** Believes the root authority. */
export function clientTlsFor(serverName: string, more: Partial<ClientTls> = {}): ClientTls {
  return { ca: certificates().root.cert, crl: [], serverName, identity: null, minVersion: "TLSv1.2", protocols: [], ...more };
}
