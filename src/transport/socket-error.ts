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

/** An Error that carries a SocketError as its `code`, for a listen() that failed. The runtime's error is its `cause`. */
export function createListenError(where: string, cause: unknown): Error & { code: SocketError } {
  const code = toSocketError(cause);
  const detail = cause instanceof Error ? cause.message : String(cause);
  return Object.assign(new Error(`cannot listen on ${where}: ${detail}`, { cause }), { code });
}
