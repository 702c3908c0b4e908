// One worker as a process: started, spoken to, killed. The rest of this room knows it by the interface alone.

import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { readWorkerMessage, type ToSupervisor, type ToWorker } from "./messages.ts";
import { writeWorkerEnvironment } from "./worker-environment.ts";

export interface WorkerProcess {
  readonly pid: number;
  send(message: ToWorker): void;
  /** At once, and nothing it has under way is finished. With a `reason`, that is why it ended. */
  kill(reason?: string): void;
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
      const worker = new ChildWorker(slot, descriptors);
      worker.attach(events);
      return worker;
    },
  };
}

/** A process that is there already; whoever attaches hears of everything since its start. */
export class ChildWorker implements WorkerProcess {
  readonly #child: ChildProcess;
  #events: WorkerEvents | null = null;
  #confused: string | null = null;
  /** Why it ended; null while it has not. */
  #ended: string | null = null;

  constructor(slot: number, descriptors: ReadonlyMap<string, number>) {
    const inherited = [...descriptors];
    const places = new Map(inherited.map(([name], index) => [name, FIRST_DESCRIPTOR + index]));
    // A worker must not speak to the service manager for the gateway.
    const { NOTIFY_SOCKET: _, ...env } = process.env;
    this.#child = spawn(process.execPath, [...process.execArgv, MAIN], {
      stdio: ["ignore", "inherit", "inherit", "ipc", ...inherited.map(([, descriptor]) => descriptor)],
      env: { ...env, ...writeWorkerEnvironment({ slot, descriptors: places }) },
    });
    this.#child.on("error", (error) => this.#end(error.message));
    this.#child.on("exit", (code, signal) => this.#end(signal ?? `exit code ${code}`));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Once. */
  attach(events: WorkerEvents): void {
    this.#events = events;
    this.#child.on("message", (message) => this.#hear(message, events));
    // Not from inside of this call: its caller has not got the process yet.
    if (this.#ended !== null) queueMicrotask(() => events.onExit(this.#ended ?? ""));
  }

  send(message: ToWorker): void {
    if (this.#ended === null && this.#child.connected) this.#child.send(message, ignore);
  }

  kill(reason?: string): void {
    this.#confused ??= reason ?? null;
    this.#child.kill("SIGKILL");
  }

  #hear(message: unknown, events: WorkerEvents): void {
    let heard: ToSupervisor;
    try {
      heard = readWorkerMessage(message);
    } catch (error) {
      // A plugin can speak on this channel too. It may bring down its worker, never us.
      this.kill(error instanceof Error ? error.message : String(error));
      return;
    }
    events.onMessage(heard);
  }

  #end(reason: string): void {
    if (this.#ended !== null) return;
    this.#ended = this.#confused ?? reason;
    this.#events?.onExit(this.#ended);
  }
}

/** What could not be sent is to a process that has just ended, which onExit tells. */
function ignore(): void {}
