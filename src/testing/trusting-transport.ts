// The gateway's transport in a test: the network in memory, and handshakes that are always agreed on. Who answers for a name, and whom that
// admits, is the gateway's own; that certificates are good is the test's word, since it has nothing to sign them with.

import type { AcceptedSocket, MemoryNetwork, ServerTls, SocketHandler, TlsFacts, Transport } from "../transport/index.ts";

/** What a test's client says in its handshake. */
export interface Handshake {
  /** "" for none. */
  readonly serverName: string;
  /** PEM of the client's certificate, taken for verified; null when it has none. */
  readonly certificate: string | null;
  /** Protocols that it offers; empty when it names none. */
  readonly protocols: readonly string[];
}

const SILENT: Handshake = { serverName: "", certificate: null, protocols: [] };

/** By the client's port: what it will say when it is accepted, and why it was refused. */
export class Handshakes {
  readonly #said = new Map<number, Handshake>();
  readonly #refusals = new Map<number, string>();

  expect(port: number, handshake: Handshake): void {
    this.#said.set(port, handshake);
  }

  take(port: number): Handshake {
    const said = this.#said.get(port);
    this.#said.delete(port);
    return said ?? SILENT;
  }

  refuse(port: number, reason: string): void {
    this.#refusals.set(port, reason);
  }

  /** Null when it was not refused. */
  refusalOf(port: number): string | null {
    return this.#refusals.get(port) ?? null;
  }
}

export function trustingTransport(network: MemoryNetwork, handshakes: Handshakes): Transport {
  const { transport } = network;
  return {
    name: "memory",
    listen(address, accept, options = {}) {
      const { tls, ...rest } = options;
      return transport.listen(address, (socket) => acceptTrusting(socket, accept, tls ?? null, handshakes), rest);
    },
    // Upstreams that a test plays speak cleartext.
    connect: (address, handler) => transport.connect(address, handler),
  };
}

/** The handshake is done when the handler is there: with what the listener says, or what its owner says by startTls(). */
function acceptTrusting(
  socket: AcceptedSocket,
  accept: (socket: AcceptedSocket) => SocketHandler,
  tls: ServerTls | null,
  handshakes: Handshakes,
): SocketHandler {
  const port = socket.remotePort;
  const put = socket.setHandler.bind(socket);
  let handler: SocketHandler | null = null;
  let asked = tls;
  Object.defineProperties(socket, {
    setHandler: {
      value: (next: SocketHandler) => {
        handler = next;
        put(next);
      },
    },
    startTls: {
      value: (later: ServerTls, received: Uint8Array | null) => {
        asked = later;
        if (handler === null || !shakeHands(socket, handler, later, { port, handshakes })) return;
        if (received !== null) handler.onData(received);
      },
    },
  });
  handler = accept(socket);
  // Whoever hears of the handshake may put another handler in its own place.
  if (asked !== null) shakeHands(socket, handler, asked, { port, handshakes });
  return handler;
}

/** False when it was refused. */
function shakeHands(
  socket: AcceptedSocket,
  handler: SocketHandler,
  tls: ServerTls,
  { port, handshakes }: { readonly port: number; readonly handshakes: Handshakes },
): boolean {
  const { serverName, certificate, protocols } = handshakes.take(port);
  const identity = tls.select(serverName);
  const refuse = (reason: string) => {
    handshakes.refuse(port, `the handshake for ${serverName || "no name"} ${reason}`);
    socket.reset();
    return false;
  };
  if (identity?.clientAuth?.mode === "required" && certificate === null) return refuse("asks for a client certificate: pass `certificate`");
  const alpn = tls.protocols.find((protocol) => protocols.includes(protocol)) ?? "";
  if (alpn === "" && protocols.length > 0 && tls.protocols.length > 0) return refuse(`is for ${tls.protocols.join(", ")} alone`);
  const facts: TlsFacts = {
    version: "TLSv1.3",
    cipher: "TLS_AES_256_GCM_SHA384",
    serverName,
    alpn,
    resumed: false,
    identity,
    peerCertificate: identity?.clientAuth == null || certificate === null ? null : toDer(certificate),
  };
  (socket as { tls: TlsFacts | null }).tls = facts;
  handler.onSecure?.();
  return true;
}

function toDer(pem: string): Uint8Array {
  const first = pem.split("-----END CERTIFICATE-----")[0] ?? "";
  return Buffer.from(first.replaceAll(/-----BEGIN CERTIFICATE-----|\s/g, ""), "base64");
}
