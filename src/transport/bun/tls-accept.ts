// The server's side of a handshake over Bun's sockets. The ClientHello is read before BoringSSL sees it, so that each connection begins in
// the context of the identity that answers it, whatever that is by now: a listener with TLS of Bun's own can't change the one that it
// began with, and is not told which protocols were offered. Measured, this costs no more.
import { answerHello, type HelloAnswer } from "../answer-hello.ts";
import { ALERT, type ClientHello, readClientHello, toAlertRecord } from "../client-hello.ts";
import type { ServerTls, TlsIdentity } from "../tls.ts";
import { type BunSocket, failSocket, type RawSocket } from "./bun-socket.ts";
import { acknowledgeNow } from "./quick-ack.ts";
import { toServerContext } from "./tls-contexts.ts";
import { judgeStrength, NO_CERTIFICATE, NO_NAME, type TlsFault, toContextFault, toVerdict } from "./tls-faults.ts";
import { type Side, TlsLayer } from "./tls-layer.ts";
import { type RawTlsError, type TlsRaw, toWireProtocols } from "./tls-raw.ts";

/** Begins the handshake of an accepted socket; `received` was read from it already. */
export function acceptTls(socket: BunSocket, tls: ServerTls, received: Uint8Array | null): void {
  const { raw } = socket;
  if (raw === null) throw new Error("TLS was started already");
  // The handshake goes on whether or not the handler has paused its socket, whose data is not this.
  if (socket.paused) raw.resume();
  const acceptance = new Acceptance(socket, raw, tls);
  if (received !== null && received.length > 0) acceptance.onPlain(received);
}

class Acceptance implements Side {
  readonly isServer = true;
  readonly #socket: BunSocket;
  readonly #raw: RawSocket;
  readonly #tls: ServerTls;
  readonly #layer: TlsLayer;
  #bytes: Uint8Array = new Uint8Array(0);
  #serverName = "";
  #identity: TlsIdentity | null = null;

  constructor(socket: BunSocket, raw: RawSocket, tls: ServerTls) {
    this.#socket = socket;
    this.#raw = raw;
    this.#tls = tls;
    this.#layer = new TlsLayer(socket, raw, this);
  }

  onPlain(chunk: Uint8Array): void {
    if (this.#identity !== null) return;
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const hello = readClientHello(this.#bytes);
    if (hello === null) return;
    if ("alert" in hello) this.#refuse(hello.alert, { code: "ETLS", detail: hello.words });
    else this.#choose(hello);
  }

  #choose(hello: ClientHello): void {
    let answer: HelloAnswer;
    try {
      answer = answerHello(this.#tls, hello);
    } catch (error) {
      failSocket(this.#socket, error);
      return;
    }
    if (answer.identity === null) this.#refuse(answer.alert, NO_NAME);
    else this.#shake(hello, answer.identity, answer.protocols);
  }

  #shake(hello: ClientHello, identity: TlsIdentity, protocols: readonly string[]): void {
    const bytes = this.#bytes;
    this.#identity = identity;
    this.#serverName = hello.serverName;
    this.#bytes = new Uint8Array(0);
    this.#layer.records.onData(bytes);
    try {
      this.#layer.upgrade(this.#raw, {
        isServer: true,
        initialData: bytes,
        tls: {
          secureContext: toServerContext(identity, this.#tls.minVersion),
          requestCert: identity.clientAuth !== null,
          // The verdict is ours (judge): Bun's would come without a reason.
          rejectUnauthorized: false,
          ...(protocols.length > 0 && { ALPNProtocols: toWireProtocols(protocols) }),
        },
      });
    } catch (error) {
      this.#refuse(ALERT.internalError, toContextFault(error));
    }
  }

  /** Says why, then closes. The kernel takes seven bytes of a connection that has sent none. */
  #refuse(alert: number, fault: TlsFault): void {
    this.#raw.write(toAlertRecord(alert));
    this.#layer.fail(fault);
  }

  prepare(): void {}

  judge(raw: TlsRaw, verdict: RawTlsError | null): TlsFault | null {
    const auth = this.#identity?.clientAuth ?? null;
    if (auth === null) return null;
    // Asked for itself: what BoringSSL thinks of a certificate that was not shown is no verdict.
    const leaf = raw.getPeerX509Certificate();
    if (leaf === undefined) return auth.mode === "required" ? NO_CERTIFICATE : null;
    return verdict === null ? judgeStrength(leaf) : toVerdict(verdict);
  }

  describe(raw: TlsRaw): { serverName: string; identity: TlsIdentity | null; peerCertificate: Uint8Array | null } {
    if (raw.getTLSVersion() === "TLSv1.3") acknowledgeNow(raw.fd);
    const identity = this.#identity;
    const isAsked = identity !== null && identity.clientAuth !== null;
    return { serverName: this.#serverName, identity, peerCertificate: isAsked ? (raw.getPeerX509Certificate()?.raw ?? null) : null };
  }

  keepSession(): void {}
}
