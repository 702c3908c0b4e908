// Turns what a runtime says about a failed socket into the few codes of the contract. No messages, no stacks.
import type { SocketError } from "./socket.ts";

const KNOWN: Readonly<Record<string, SocketError>> = {
  ECONNREFUSED: "ECONNREFUSED",
  // A unix socket whose file is missing: nobody listens there, which is what refused means to the caller.
  ENOENT: "ECONNREFUSED",
  ECONNRESET: "ECONNRESET",
  EPIPE: "EPIPE",
  ETIMEDOUT: "ETIMEDOUT",
  EHOSTUNREACH: "EHOSTUNREACH",
  ENETUNREACH: "EHOSTUNREACH",
  ENOTFOUND: "ENOTFOUND",
  EAI_AGAIN: "ENOTFOUND",
  EADDRINUSE: "EADDRINUSE",
  EMFILE: "EMFILE",
  ENFILE: "EMFILE",
};

/** The contract's code for an error of any shape; `EOTHER` for what it does not know. */
export function toSocketError(error: unknown): SocketError {
  if (typeof error !== "object" || error === null || !("code" in error)) return "EOTHER";
  const { code } = error;
  return (typeof code === "string" && KNOWN[code]) || "EOTHER";
}

/** Of the system's errors: one runtime says only that it failed to listen, and the code tells why. */
const LISTEN_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "something else listens there",
  EADDRNOTAVAIL: "this machine has no such address",
  EACCES: "not permitted: a port below 1024 takes a privilege, a unix socket a folder that exists and may be written",
  ENOENT: "the folder of the socket does not exist",
  EMFILE: "out of file descriptors",
};

/** An Error that carries a SocketError as its `code`, for a listen() that failed. The runtime's error is its `cause`. */
export function createListenError(where: string, cause: unknown): Error & { code: SocketError } {
  const code = toSocketError(cause);
  return Object.assign(new Error(`cannot listen on ${where}: ${toListenReason(cause)}`, { cause }), { code });
}

function toListenReason(cause: unknown): string {
  if (!(cause instanceof Error)) return String(cause);
  const { code, syscall } = cause as { readonly code?: string; readonly syscall?: string };
  const words = code === undefined || syscall === undefined ? undefined : LISTEN_REASONS[code];
  return words === undefined ? cause.message : `${words} (${code})`;
}
