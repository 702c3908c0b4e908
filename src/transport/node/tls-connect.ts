// The client's side of a handshake over node:tls: whom we believe, what we show, and sessions kept for the next connection to the same
// address. Sessions belong to a ClientTls object: another one judges anew.
import { isIP } from "node:net";
import { type ConnectionOptions, connect as connectTls, type PeerCertificate, type TLSSocket } from "node:tls";
import type { ClientTls } from "../tls.ts";
import type { NodeSocket } from "./node-socket.ts";
import { toClientContext } from "./tls-contexts.ts";
import { readFacts } from "./tls-facts.ts";
import { checkName } from "./tls-identity.ts";

/** An upstream has a few addresses; past this the oldest sessions go. */
const MAX_SESSIONS = 64;

const sessions = new WeakMap<ClientTls, Map<string, Buffer>>();

/** A TLS socket that is on its way: `target` is what node:tls is told of where to. Throws when what is in `tls` can't be used. */
export function dialTls(target: ConnectionOptions, addressText: string, tls: ClientTls): TLSSocket {
  const name = tls.serverName;
  const session = sessions.get(tls)?.get(addressText);
  return connectTls({
    ...target,
    secureContext: toClientContext(tls),
    rejectUnauthorized: true,
    checkServerIdentity: (_host: string, certificate: PeerCertificate) => checkName(name, certificate),
    // An empty name sends none; without one node:tls would take the host.
    servername: isIP(name) === 0 ? name : "",
    ...(tls.protocols.length > 0 && { ALPNProtocols: [...tls.protocols] }),
    ...(session !== undefined && { session }),
  });
}

/** Tells `socket` when the far side is believed, and keeps its sessions from then on: one that was not believed must not be resumed. */
export function watchHandshake(socket: NodeSocket, raw: TLSSocket, addressText: string, tls: ClientTls): void {
  raw.once("secureConnect", () => {
    if (socket.closed) return;
    // TLS 1.2 has its session by now, TLS 1.3 sends it after.
    if (raw.getProtocol() === "TLSv1.2") keepSession(tls, addressText, raw.getSession());
    else raw.on("session", (session: Buffer) => keepSession(tls, addressText, session));
    socket.secureSoon(readFacts(raw, isIP(tls.serverName) === 0 ? tls.serverName : "", null));
  });
}

function keepSession(tls: ClientTls, key: string, session: Buffer | undefined): void {
  if (session === undefined) return;
  let known = sessions.get(tls);
  if (known === undefined) {
    known = new Map();
    sessions.set(tls, known);
  }
  known.delete(key);
  known.set(key, session);
  for (const oldest of known.keys()) {
    if (known.size <= MAX_SESSIONS) break;
    known.delete(oldest);
  }
}
