// Where an exception goes that a SocketHandler let escape. It is always a bug of ours, never a matter of the far side:
// the adapter resets that one socket, delivers onClose("EABORTED") and reports here.

export type HandlerErrorHook = (error: unknown) => void;

let hook: HandlerErrorHook = rethrowLater;

/**
 * Sets who hears of exceptions that escaped from socket handlers; null restores the default, which throws the error
 * from a microtask, so that it reaches the process's `uncaughtException` and cannot be lost.
 */
export function setHandlerErrorHook(next: HandlerErrorHook | null): void {
  hook = next ?? rethrowLater;
}

/** Reports an escaped exception; for adapters only. Never throws into the caller's event loop turn. */
export function reportHandlerError(error: unknown): void {
  try {
    hook(error);
  } catch (second) {
    // A hook that throws must not break the adapter's loop over other sockets.
    rethrowLater(second);
  }
}

function rethrowLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
