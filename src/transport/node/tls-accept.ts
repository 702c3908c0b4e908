// The server's side of a handshake over node:tls. The ClientHello is read before OpenSSL sees it, so that each connection begins in the
// context of the identity that answers it: node:tls's own way (SNICallback) would begin all of them in one, whose tickets then open
// every other, and it is not told which protocols were offered. It costs no more (tls.bench.ts).
import type { X509Certificate } from "node:crypto";
import type { Socket as NetSocket } from "node:net";
import { TLSSocket } from "node:tls";
import { answerHello, type HelloAnswer } from "../answer-hello.ts";
import { findWeakness } from "../certificate-strength.ts";
import { ALERT, type ClientHello, readClientHello, toAlertRecord } from "../client-hello.ts";
import type { ServerTls, TlsIdentity } from "../tls.ts";
import type { NodeSocket } from "./node-socket.ts";
import { toServerContext } from "./tls-contexts.ts";
import { readFacts, verifyFault } from "./tls-facts.ts";
import { CUT_HANDSHAKE, NO_CERTIFICATE, type TlsFault, toContextFault, toTlsFault } from "./tls-faults.ts";

const NO_NAME: TlsFault = { code: "ETLS", detail: "nobody answers for the name asked for" };

/** Begins the handshake of an accepted socket; `received` was read from it already. */
export function acceptTls(socket: NodeSocket, tls: ServerTls, received: Uint8Array | null): void {
  new Acceptance(socket, tls).begin(received);
}

class Acceptance {
  readonly #socket: NodeSocket;
  readonly #tcp: NetSocket;
  readonly #tls: ServerTls;
  #hello: Uint8Array = new Uint8Array(0);

  constructor(socket: NodeSocket, tls: ServerTls) {
    this.#socket = socket;
    this.#tcp = socket.raw;
    this.#tls = tls;
  }

  begin(received: Uint8Array | null): void {
    // Reading by hand goes on whether or not the handler has paused its socket, whose data is not this.
    this.#tcp.on("readable", this.#read);
    this.#tcp.on("end", this.#cut);
    if (received !== null && received.length > 0) this.#take(received);
  }

  readonly #read = (): void => {
    const chunk = this.#tcp.read() as Buffer | null;
    if (chunk !== null && !this.#socket.closed) this.#take(chunk);
  };

  readonly #cut = (): void => {
    if (!this.#socket.closed) this.#socket.failTls(CUT_HANDSHAKE);
  };

  #take(chunk: Uint8Array): void {
    this.#hello = this.#hello.length === 0 ? chunk : Buffer.concat([this.#hello, chunk]);
    const hello = readClientHello(this.#hello);
    if (hello === null) return;
    this.#tcp.removeListener("readable", this.#read);
    this.#tcp.removeListener("end", this.#cut);
    if ("alert" in hello) this.#refuse(hello.alert, { code: "ETLS", detail: hello.words });
    else this.#choose(hello);
  }

  #choose(hello: ClientHello): void {
    let answer: HelloAnswer;
    try {
      answer = answerHello(this.#tls, hello);
    } catch (error) {
      this.#socket.abort(error);
      return;
    }
    if (answer.identity === null) this.#refuse(answer.alert, NO_NAME);
    else this.#shake(hello, answer.identity, answer.protocols);
  }

  #shake(hello: ClientHello, identity: TlsIdentity, protocols: readonly string[]): void {
    const socket = this.#socket;
    const tcp = this.#tcp;
    let raw: TLSSocket;
    try {
      const secureContext = toServerContext(identity, this.#tls.minVersion);
      tcp.unshift(this.#hello);
      const options = {
        isServer: true,
        secureContext,
        requestCert: identity.clientAuth !== null,
        // The verdict is ours (judge): OpenSSL's would come without a reason, and node:tls has none of its own for a bare socket.
        rejectUnauthorized: false,
        highWaterMark: 1,
        ...(protocols.length > 0 && { ALPNProtocols: [...protocols] }),
      };
      raw = new TLSSocket(tcp, options);
    } catch (error) {
      this.#refuse(ALERT.internalError, toContextFault(error));
      return;
    }
    socket.layTls(raw);
    // A bare socket tells its errors by this event alone, and destroys itself for those of the handshake only.
    raw.on("_tlsError", (error: Error) => {
      // What OpenSSL stumbled over may be a list that did not verify the certificate: then that is the reason.
      socket.noteFault(judgeShown(raw, identity) ?? toTlsFault(error));
      raw.destroy();
    });
    raw.once("secure", () => {
      if (socket.closed) return;
      const fault = judge(raw, identity);
      if (fault === null) socket.secureSoon(readFacts(raw, hello.serverName, identity));
      else socket.failTls(fault);
    });
  }

  /** Says why, then closes. The kernel takes seven bytes of a connection that has sent none. */
  #refuse(alert: number, fault: TlsFault): void {
    this.#tcp.write(toAlertRecord(alert));
    this.#socket.failTls(fault);
  }
}

/** What is wrong with the client's certificate; null when nothing is. */
function judge(raw: TLSSocket, identity: TlsIdentity): TlsFault | null {
  if (identity.clientAuth?.mode === "required" && !isShown(raw)) return NO_CERTIFICATE;
  return judgeShown(raw, identity);
}

function judgeShown(raw: TLSSocket, identity: TlsIdentity): TlsFault | null {
  if (identity.clientAuth === null) return null;
  const leaf = raw.getPeerX509Certificate();
  return leaf === undefined ? null : (verifyFault(raw) ?? judgeStrength(leaf));
}

function judgeStrength(leaf: X509Certificate): TlsFault | null {
  const weakness = findWeakness(leaf);
  return weakness === null ? null : { code: "ETLSCERT", detail: weakness };
}

/** Asked for itself: what OpenSSL thinks of a certificate that was not shown is that all is well. */
function isShown(raw: TLSSocket): boolean {
  return raw.getPeerX509Certificate() !== undefined;
}
