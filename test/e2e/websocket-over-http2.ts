// The library ws over a stream of node:http2 (RFC 8441): it knows no HTTP/2 itself, but takes any duplex for its socket. On Node alone,
// since Bun has a ws of its own.

import type { Duplex } from "node:stream";
import WebSocket from "ws";

interface Adopter {
  _isServer: boolean;
  setSocket(socket: Duplex, head: Buffer, options: object): void;
}
type AdopterClass = new (address: null, protocols: undefined, options: object) => WebSocket & Adopter;

/** A WebSocket whose handshake is done. */
export function adopt(stream: Duplex, isServer: boolean): WebSocket {
  const socket = new (WebSocket as unknown as AdopterClass)(null, undefined, { autoPong: true, closeTimeout: 30_000 });
  socket._isServer = isServer;
  socket.setSocket(stream, Buffer.alloc(0), { allowSynchronousEvents: true, maxPayload: 0, skipUTF8Validation: false });
  return socket;
}
