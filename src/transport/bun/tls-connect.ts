// The client's side of a handshake over Bun's sockets: whom we believe, what we show, and sessions kept for the next connection to the
// same address. Sessions belong to a ClientTls object: another one judges anew. It connects plainly first, so that a preamble can go
// before the handshake and an address is never sent as a name (Bun.connect() does).
import { isIP } from "node:net";
import { carriesName, sayWrongName } from "../certificate-name.ts";
import type { ClientTls, TlsIdentity } from "../tls.ts";
import { type BunSocket, failSocket, type RawSocket } from "./bun-socket.ts";
import { toClientContext } from "./tls-contexts.ts";
import { judgeStrength, NO_CERTIFICATE, type TlsFault, toContextFault, toVerdict } from "./tls-faults.ts";
import { type Side, TlsLayer } from "./tls-layer.ts";
import { type RawTlsError, type TlsRaw, toWireProtocols } from "./tls-raw.ts";

/** An upstream has a few addresses; past this the oldest sessions go. */
const MAX_SESSIONS = 64;

const sessions = new WeakMap<ClientTls, Map<string, Uint8Array>>();

/** Readies a socket that is about to connect. False when what is in `tls` can't be used: the socket hears of it. */
export function prepareDial(socket: BunSocket, addressText: string, tls: ClientTls, preamble: Uint8Array | null): boolean {
  const dial = new Dial(socket, addressText, tls, preamble);
  try {
    toClientContext(tls);
    return true;
  } catch (error) {
    dial.layer.fail(toContextFault(error));
    return false;
  }
}

class Dial implements Side {
  readonly isServer = false;
  readonly layer: TlsLayer;
  readonly #socket: BunSocket;
  readonly #addressText: string;
  readonly #tls: ClientTls;
  #preamble: Uint8Array | null;
  #isOnItsWay = false;
  /** Of a far side that is not believed yet. */
  #session: Uint8Array | null = null;

  constructor(socket: BunSocket, addressText: string, tls: ClientTls, preamble: Uint8Array | null) {
    this.#socket = socket;
    this.#addressText = addressText;
    this.#tls = tls;
    this.#preamble = preamble;
    this.layer = new TlsLayer(socket, null, this);
  }

  /** Also called when there is room again for the rest of the preamble. */
  connected(raw: RawSocket): void {
    if (this.#isOnItsWay) return;
    this.#socket.below = raw;
    if (this.#preamble !== null) {
      const taken = raw.write(this.#preamble);
      if (taken < 0) return;
      this.#preamble = taken === this.#preamble.length ? null : this.#preamble.subarray(taken);
      if (this.#preamble !== null) return;
    }
    this.#isOnItsWay = true;
    const { protocols, serverName } = this.#tls;
    try {
      this.layer.upgrade(raw, {
        isServer: false,
        tls: {
          secureContext: toClientContext(this.#tls),
          requestCert: true,
          // The verdict is ours (judge), and nothing is said before it.
          rejectUnauthorized: false,
          // Without one Bun sends the host that it connected to.
          serverName: isIP(serverName) === 0 ? serverName : "",
          ...(protocols.length > 0 && { ALPNProtocols: toWireProtocols(protocols) }),
        },
      });
    } catch (error) {
      failSocket(this.#socket, error);
    }
  }

  /** A far side that speaks before the handshake speaks no TLS. */
  onPlain(): void {}

  prepare(raw: TlsRaw): void {
    const session = sessions.get(this.#tls)?.get(this.#addressText);
    if (session !== undefined) raw.setSession(session);
  }

  judge(raw: TlsRaw, verdict: RawTlsError | null): TlsFault | null {
    const { serverName } = this.#tls;
    // Bun compares names too, and says this only when all else is well. Where no name is sent it takes the host that we connected to,
    // which need not be the address that we want to see.
    const isNameAlone = verdict?.code === "ERR_TLS_CERT_ALTNAME_INVALID" && isIP(serverName) !== 0;
    if (verdict !== null && !isNameAlone) return toVerdict(verdict);
    const leaf = raw.getPeerX509Certificate();
    if (leaf === undefined) return NO_CERTIFICATE;
    return carriesName(leaf, serverName) ? judgeStrength(leaf) : { code: "ETLSCERT", detail: sayWrongName(leaf, serverName) };
  }

  describe(raw: TlsRaw): { serverName: string; identity: TlsIdentity | null; peerCertificate: Uint8Array | null } {
    const { serverName } = this.#tls;
    if (this.#session !== null) this.#keep(this.#session);
    return {
      serverName: isIP(serverName) === 0 ? serverName : "",
      identity: null,
      peerCertificate: raw.getPeerX509Certificate()?.raw ?? null,
    };
  }

  /** TLS 1.2 has its session before the handshake is done. */
  keepSession(session: Uint8Array): void {
    if (this.#socket.tls === null) this.#session = session;
    else this.#keep(session);
  }

  #keep(session: Uint8Array): void {
    this.#session = null;
    let known = sessions.get(this.#tls);
    if (known === undefined) {
      known = new Map();
      sessions.set(this.#tls, known);
    }
    known.delete(this.#addressText);
    known.set(this.#addressText, session);
    for (const oldest of known.keys()) {
      if (known.size <= MAX_SESSIONS) break;
      known.delete(oldest);
    }
  }
}

/** In place of rawOpen and rawDrain for sockets that connect. */
export function dialOpen(raw: RawSocket): void {
  const socket = raw.data;
  if (!socket || socket.layer === null) return;
  if (socket.closed) raw.close();
  else (socket.layer.side as Dial).connected(raw);
}

export function dialDrain(raw: RawSocket): void {
  const socket = raw.data;
  if (socket && !socket.closed && socket.layer !== null && socket.below === raw) (socket.layer.side as Dial).connected(raw);
}
