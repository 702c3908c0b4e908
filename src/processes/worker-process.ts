// One worker as a process: started, spoken to, killed. The rest of this room knows it by the interface alone.

import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { readWorkerMessage, type ToSupervisor, type ToWorker } from "./messages.ts";
import { writeWorkerEnvironment } from "./worker-environment.ts";

export interface WorkerProcess {
  readonly pid: number;
  send(message: ToWorker): void;
  /** At once, and nothing it has under way is finished. */
  kill(): void;
}

export interface WorkerEvents {
  onMessage(message: ToSupervisor): void;
  /** Once, last. `reason` in words: `exit code 1`, `SIGKILL`. */
  onExit(reason: string): void;
}

export interface WorkerSpawner {
  /** `descriptors` are this process's own, by the listener's name. */
  spawn(slot: number, descriptors: ReadonlyMap<string, number>, events: WorkerEvents): WorkerProcess;
}

const MAIN = fileURLToPath(new URL("worker-main.ts", import.meta.url));
/** Behind standard input, output, error and the channel. */
const FIRST_DESCRIPTOR = 4;

/** Workers on the runtime that this process runs on. Their standard output is ours: that is where access logs go. */
export function processSpawner(): WorkerSpawner {
  return {
    spawn(slot, descriptors, events) {
      const inherited = [...descriptors];
      const places = new Map(inherited.map(([name], index) => [name, FIRST_DESCRIPTOR + index]));
      const child = spawn(process.execPath, [...process.execArgv, MAIN], {
        stdio: ["ignore", "inherit", "inherit", "ipc", ...inherited.map(([, descriptor]) => descriptor)],
        env: { ...process.env, ...writeWorkerEnvironment({ slot, descriptors: places }) },
      });
      let gone = false;
      let confused: string | null = null;
      const end = (reason: string) => {
        if (gone) return;
        gone = true;
        events.onExit(confused ?? reason);
      };
      child.on("message", (message) => {
        let heard: ToSupervisor;
        try {
          heard = readWorkerMessage(message);
        } catch (error) {
          // A plugin can speak on this channel too. It may bring down its worker, never us.
          confused ??= error instanceof Error ? error.message : String(error);
          child.kill("SIGKILL");
          return;
        }
        events.onMessage(heard);
      });
      child.on("error", (error) => end(error.message));
      child.on("exit", (code, signal) => end(signal ?? `exit code ${code}`));
      return {
        pid: child.pid ?? 0,
        send: (message) => {
          if (!gone && child.connected) child.send(message, ignore);
        },
        kill: () => void child.kill("SIGKILL"),
      };
    },
  };
}

/** What could not be sent is to a process that has just ended, which onExit tells. */
function ignore(): void {}
