// Tells the end of a TLS stream from its being cut: a FIN without close_notify may be anybody's doing, so that what came before it may
// not be all. node:tls makes no difference; the kernel's side does: after a FIN libuv has stopped to read, after close_notify it has not.
// And how a TLS socket is closed such that the far side can tell.
import type { Socket as NetSocket } from "node:net";
import { TLSSocket } from "node:tls";

interface TcpHandle {
  /** 0, or a negative errno: EALREADY while it reads. */
  readStart(): number;
  readStop(): number;
}

/** Not in the published types. `reading` is Node's own note of whether it asked for bytes. */
interface TlsInternals {
  readonly _handle: { readonly _parent?: Partial<TcpHandle>; readonly reading?: boolean } | null;
}

/**
 * Whether the end that is being pushed is a FIN without close_notify. To be asked in push(null) and at no other time, as a FIN that
 * follows close_notify looks the same later. False when this Node can't tell.
 */
export function isCut(raw: TLSSocket): boolean {
  const handle = (raw as unknown as TlsInternals)._handle;
  const tcp = handle?._parent;
  if (typeof tcp?.readStart !== "function" || typeof tcp.readStop !== "function") return false;
  // Nobody reads, so that no FIN can have been seen: the close_notify was in what had been read before.
  if (handle?.reading === false) return false;
  if (tcp.readStart() !== 0) return false;
  tcp.readStop();
  return true;
}

/** In place of a TLS socket's push(): a cut stream does not end, it breaks. */
export function pushWatched(this: NetSocket, chunk: unknown, encoding?: BufferEncoding): boolean {
  if (chunk === null && isCut(this as TLSSocket)) {
    this.destroy(Object.assign(new Error("cut"), { code: "ECONNRESET", syscall: "read" }));
    return false;
  }
  return TLSSocket.prototype.push.call(this, chunk, encoding);
}

/** Destroys a TLS socket and the socket it lies on (itself for outgoing ones). `secured`: the handshake is done. */
export function destroyTls(raw: NetSocket, tcp: NetSocket, hard: boolean, secured: boolean): void {
  if (!hard && secured) {
    // close_notify leaves now, or with what is being written in this turn; what the kernel has not taken by then is dropped without.
    raw.end();
    setImmediate(destroy, raw);
  } else if (hard && tcp !== raw && tcp.remoteFamily !== undefined && (!raw.writableEnded || raw.writableFinished)) {
    tcp.resetAndDestroy();
  } else raw.destroy();
}

function destroy(raw: NetSocket): void {
  raw.destroy();
}
