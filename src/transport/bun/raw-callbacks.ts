// @hot
// What Bun calls on its sockets, one function for all of a kind. What becomes of it is BunSocket's.
import { toSocketError } from "../socket-error.ts";
import { type BunSocket, failSocket, type RawSocket } from "./bun-socket.ts";

export function rawOpen(raw: RawSocket): void {
  const socket = raw.data;
  if (!socket) return;
  if (socket.closed) {
    raw.close();
    return;
  }
  socket.raw = raw;
  if (socket.paused) raw.pause();
  // What was written before (a preamble, say) leaves before anything that onOpen writes.
  if (socket.queueLength !== 0) socket.flushQueue(raw);
  try {
    socket.handler.onOpen();
  } catch (error) {
    failSocket(socket, error);
    return;
  }
  if (socket.wantsDrain) rawDrain(raw);
  else if (!socket.closed) socket.sendFin(raw);
}

export function rawData(raw: RawSocket, chunk: Uint8Array): void {
  const socket = raw.data as BunSocket;
  if (socket.closed) return;
  try {
    socket.handler.onData(chunk);
  } catch (error) {
    failSocket(socket, error);
  }
}

// Bun also calls this after open, pause and end, with nothing short: wantsDrain sorts those out.
export function rawDrain(raw: RawSocket): void {
  const socket = raw.data;
  if (!socket?.wantsDrain || socket.closed) return;
  if (!socket.flushQueue(raw)) return;
  socket.wantsDrain = false;
  socket.sendFin(raw);
  try {
    if (!socket.closed) socket.handler.onDrain();
  } catch (error) {
    failSocket(socket, error);
  }
}

export function rawEnd(raw: RawSocket): void {
  const socket = raw.data;
  if (!socket || socket.closed || socket.endSeen) return;
  socket.endSeen = true;
  try {
    socket.handler.onEnd();
  } catch (error) {
    failSocket(socket, error);
  }
}

export function rawClose(raw: RawSocket, error?: unknown): void {
  const socket = raw.data;
  if (socket && !socket.closed) socket.die(error === undefined || error === null ? null : toSocketError(error));
}

export function rawConnectError(raw: RawSocket, error: unknown): void {
  const socket = raw.data;
  if (socket && !socket.closed) socket.die(toSocketError(error));
}
