// Turns what tells a process to end into two calls: stop in order, and then stop at once.
// Not the stopping itself: start.ts has that.

export interface SignalSource {
  on(event: string, listener: () => void): unknown;
  removeListener(event: string, listener: () => void): unknown;
}

export interface StopHandler {
  /** The first signal: finish what is in flight. */
  onStop(cause: string): void;
  /** The second: nothing is waited for any more. */
  onStopNow(cause: string): void;
}

const STOP_SIGNALS = ["SIGTERM", "SIGINT"] as const;

// One press of Ctrl-C arrives several times: from the terminal, which signals the whole group, and again from npm and from the
// launcher, which pass on what they get. People need longer than this for a second press.
const SAME_PRESS_MS = 300;

/**
 * Listens for SIGTERM, SIGINT, and the end of the process that started this one over an IPC channel (the launcher, killed or
 * crashed). Returns what stops listening. `now` is a clock in milliseconds.
 */
export function onStopSignal(source: SignalSource, now: () => number, handler: StopHandler): () => void {
  let stoppedAtMs: number | null = null;
  function onSignal(cause: string): void {
    if (stoppedAtMs === null) {
      stoppedAtMs = now();
      handler.onStop(cause);
    } else if (now() - stoppedAtMs > SAME_PRESS_MS) {
      handler.onStopNow(cause);
    }
  }
  const listeners = STOP_SIGNALS.map((signal) => ({ event: signal as string, listener: () => onSignal(signal) }));
  listeners.push({ event: "disconnect", listener: () => onSignal("the end of the parent process") });
  for (const { event, listener } of listeners) source.on(event, listener);
  return () => {
    for (const { event, listener } of listeners) source.removeListener(event, listener);
  };
}
