// What a service manager is told about this process: sd_notify(3) with Type=notify. On Bun a datagram of our own; on Node, which has
// none for unix sockets, by the program systemd-notify where it is installed.
import { execFile } from "node:child_process";
import { readMonotonicMicros, sendUnixDatagram } from "../transport/index.ts";

export interface ServiceManager {
  /** The gateway serves, after a start or a reload. */
  ready(status: string): Promise<void>;
  reloading(): Promise<void>;
  stopping(): Promise<void>;
}

type Environment = Record<string, string | undefined>;

/**
 * The manager that started this process, null when none asked to be told. The address is taken out of `env`: a worker must not speak for
 * the gateway. `complain` hears, once, why it can't be told: with Type=notify it would wait for `ready` in vain.
 */
export function findServiceManager(env: Environment, complain: (reason: string) => void): ServiceManager | null {
  const { NOTIFY_SOCKET: path } = env;
  delete env["NOTIFY_SOCKET"];
  if (path === undefined || path === "") return null;
  const send = process.versions.bun === undefined ? sendByProgram : sendByDatagram;
  let hasComplained = false;

  async function tell(lines: readonly string[]): Promise<void> {
    try {
      await send(path ?? "", lines);
    } catch (error) {
      if (hasComplained) return;
      hasComplained = true;
      complain(`the service manager can't be told at ${path}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  return {
    // The launcher may stand between: with MAINPID it would be this process that is watched, so it is left as it is.
    ready: (status) => tell(["READY=1", `STATUS=${status}`]),
    // Behind this stamp the manager takes the next READY=1 for the end of the reload.
    reloading: async () => tell(["RELOADING=1", `MONOTONIC_USEC=${await readMonotonicMicros()}`]),
    stopping: () => tell(["STOPPING=1"]),
  };
}

function sendByDatagram(path: string, lines: readonly string[]): Promise<void> {
  return sendUnixDatagram(path.replace(/^@/, "\0"), lines.join("\n"));
}

function sendByProgram(path: string, lines: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    execFile("systemd-notify", [...lines], { env: { ...process.env, NOTIFY_SOCKET: path } }, (error) => {
      if (error === null) resolve();
      else if (error.code === "ENOENT") reject(new Error("on Node this takes the program systemd-notify, which is not installed"));
      else reject(error);
    });
  });
}
