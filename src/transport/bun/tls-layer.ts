// The TLS of one socket: first its handshake, during which it stands in for the handler, then the account of its ciphertext. And the
// callbacks that all sockets with TLS share.
import { reportHandlerError } from "../handler-error.ts";
import type { SocketError, SocketHandler } from "../socket.ts";
import type { TlsFacts, TlsIdentity, TlsVersion } from "../tls.ts";
import { BunSocket, failSocket, type RawSocket } from "./bun-socket.ts";
import { rawDrain, rawEnd } from "./raw-callbacks.ts";
import { RecordTail } from "./record-tail.ts";
import { CUT_HANDSHAKE, isVerdict, type TlsFault, toTlsFault } from "./tls-faults.ts";
import type { PlainRaw, RawTlsError, TlsRaw, UpgradeOptions } from "./tls-raw.ts";

/** The two sides differ in these. */
export interface Side {
  readonly isServer: boolean;
  /** Plain bytes before the handshake has begun. */
  onPlain(chunk: Uint8Array): void;
  /** The TLS socket is there and has sent nothing. */
  prepare(raw: TlsRaw): void;
  /** What is wrong with the far side's certificate; `verdict` is BoringSSL's. Null when nothing is. */
  judge(raw: TlsRaw, verdict: RawTlsError | null): TlsFault | null;
  describe(raw: TlsRaw): { serverName: string; identity: TlsIdentity | null; peerCertificate: Uint8Array | null };
  keepSession(session: Uint8Array): void;
}

export class TlsLayer implements SocketHandler {
  readonly socket: BunSocket;
  readonly side: Side;
  /** The socket's own, which hears nothing until the handshake is done. */
  handler: SocketHandler;
  readonly records = new RecordTail();
  /** What came with the end of the handshake while the handler had paused: Bun's pause() comes too late for it. Null: deliver. */
  held: Uint8Array[] | null = null;
  isEndHeld = false;

  /** Puts itself between the socket and its handler. */
  constructor(socket: BunSocket, raw: RawSocket | null, side: Side) {
    this.socket = socket;
    this.side = side;
    this.handler = socket.handler;
    socket.handler = this;
    socket.layer = this;
    socket.below = raw;
    socket.raw = null;
  }

  /** Begins the handshake. Throws when the options can't be used. */
  upgrade(raw: RawSocket, options: Omit<UpgradeOptions, "data" | "socket" | "allowHalfOpen">): void {
    const { socket } = this;
    const pair = (raw as PlainRaw).upgradeTLS({ ...options, allowHalfOpen: true, data: socket, socket: TLS_HANDLERS });
    const listening = new BunSocket(null);
    listening.handler = this.records;
    pair[0].data = listening;
    if (socket.closed) pair[1].close();
    else socket.below = pair[1];
  }

  fail(fault: TlsFault): void {
    const { socket } = this;
    if (socket.closed) return;
    socket.errorDetail = fault.detail;
    socket.finish(fault.code, false);
  }

  secured(raw: TlsRaw): void {
    const { socket } = this;
    const facts = this.side.describe(raw);
    socket.tls = { ...readAgreement(raw), ...facts };
    socket.handler = this.handler;
    socket.raw = raw;
    socket.below = null;
    if (socket.paused) {
      this.held = [];
      raw.pause();
    }
    if (socket.queueLength !== 0) socket.flushQueue(raw);
    try {
      if (this.side.isServer) socket.handler.onSecure?.();
      else socket.handler.onOpen();
    } catch (error) {
      failSocket(socket, error);
      return;
    }
    if (socket.wantsDrain) rawDrain(raw);
    else if (!socket.closed) socket.sendFin(raw);
  }

  /** The handler has resumed: it gets what was held, but not from inside its call. */
  release(): void {
    queueMicrotask(() => this.#deliverHeld());
  }

  #deliverHeld(): void {
    const { held, socket } = this;
    if (held === null) return;
    try {
      while (!socket.paused && !socket.closed) {
        const chunk = held.shift();
        if (chunk === undefined) break;
        socket.handler.onData(chunk);
      }
    } catch (error) {
      failSocket(socket, error);
    }
    const { raw } = socket;
    if (socket.paused || socket.closed || raw === null) return;
    this.held = null;
    if (this.isEndHeld) rawEnd(raw);
    if (!socket.closed) raw.resume();
  }

  onData(chunk: Uint8Array): void {
    this.side.onPlain(chunk);
  }

  onEnd(): void {
    this.fail(CUT_HANDSHAKE);
  }

  onClose(error: SocketError | null): void {
    this.handler.onClose(error);
  }

  onOpen(): void {}
  onDrain(): void {}
}

function readAgreement(raw: TlsRaw): Pick<TlsFacts, "version" | "cipher" | "alpn" | "resumed"> {
  return {
    version: raw.getTLSVersion() as TlsVersion,
    cipher: raw.getCipher().name,
    alpn: raw.alpnProtocol || "",
    resumed: raw.isSessionReused(),
  };
}

const TLS_HANDLERS = {
  open: tlsOpen,
  handshake: tlsHandshake,
  session: tlsSession,
  data: tlsData,
  drain: rawDrain,
  end: tlsEnd,
  close: tlsClose,
  error: tlsError,
};

function layerOf(raw: RawSocket): TlsLayer {
  return (raw.data as BunSocket).layer as TlsLayer;
}

function tlsOpen(raw: RawSocket): void {
  layerOf(raw).side.prepare(raw as TlsRaw);
}

// `ok` is true beside certificates that are not, and false beside handshakes that are done. What counts is the error, and whether there is
// a certificate at all.
function tlsHandshake(raw: RawSocket, ok: boolean, error?: RawTlsError | null): void {
  const layer = layerOf(raw);
  const { socket } = layer;
  if (socket.closed || socket.tls !== null) return;
  try {
    const verdict = error ?? null;
    const isBroken = verdict === null ? !ok : !isVerdict(verdict);
    const fault = isBroken ? toTlsFault(verdict) : layer.side.judge(raw as TlsRaw, verdict);
    if (fault === null) layer.secured(raw as TlsRaw);
    else layer.fail(fault);
  } catch (failure) {
    failSocket(socket, failure);
  }
}

function tlsSession(raw: RawSocket, session: Uint8Array): void {
  layerOf(raw).side.keepSession(session);
}

function tlsData(raw: RawSocket, chunk: Uint8Array): void {
  const socket = raw.data as BunSocket;
  if (socket.closed) return;
  const layer = socket.layer as TlsLayer;
  layer.records.delivered += chunk.length;
  if (layer.held !== null) {
    layer.held.push(chunk);
    return;
  }
  try {
    socket.handler.onData(chunk);
  } catch (error) {
    failSocket(socket, error);
  }
}

function tlsEnd(raw: RawSocket): void {
  const layer = layerOf(raw);
  const { socket } = layer;
  if (socket.closed || socket.endSeen) return;
  if (socket.tls === null) layer.fail(CUT_HANDSHAKE);
  else if (layer.records.isGoodbye(socket.tls.version)) {
    if (layer.held === null) rawEnd(raw);
    else layer.isEndHeld = true;
  } else socket.finish("ECONNRESET", true);
}

function tlsClose(raw: RawSocket, error?: unknown): void {
  const layer = layerOf(raw);
  const { socket } = layer;
  if (socket.closed) return;
  if (socket.tls === null) {
    socket.errorDetail = CUT_HANDSHAKE.detail;
    socket.die(CUT_HANDSHAKE.code);
  } else if (error) socket.die("ECONNRESET");
  else socket.die(socket.endSeen || layer.records.isGoodbye(socket.tls.version) ? null : "ECONNRESET");
}

function tlsError(raw: RawSocket, error: RawTlsError): void {
  const layer = layerOf(raw);
  if (layer.socket.closed) reportHandlerError(error);
  else layer.fail(toTlsFault(error));
}
