// What a supervisor is given from outside, and what it says when it can't start. Tests pass fakes.

import type { Clock } from "../base/index.ts";
import type { Issue } from "../config/index.ts";
import type { SharedListener, Transport } from "../transport/index.ts";
import type { Bind } from "./listening-set.ts";
import type { LoadOutcome } from "./loader.ts";
import type { RevisionStore } from "./revision-store.ts";
import type { WatchHost } from "./watcher.ts";
import type { WorkerSpawner } from "./worker-process.ts";

export interface Report {
  readonly level: "info" | "warning" | "error";
  readonly text: string;
  readonly issues?: readonly Issue[];
}

export interface SupervisorHost {
  readonly clock: Clock;
  readonly transport: Transport;
  readonly spawner: WorkerSpawner;
  readonly bind: Bind;
  readonly watchHost: WatchHost;
  readonly version: string;
  /** `Bun 1.4.5`. */
  readonly runtime: string;
  /** Processors, for `workers: auto`. */
  readonly processors: number;
  /** From a service manager, by the listener's name. */
  readonly inherited: ReadonlyMap<string, SharedListener>;
  /** Loads the file anew, and not in this process. */
  load(): Promise<LoadOutcome>;
  store(stateDir: string): RevisionStore;
  random(): number;
  report(report: Report): void;
}

/** Why a gateway could not be started. */
export class StartError extends Error {
  readonly messages: readonly string[];
  readonly isBind: boolean;

  constructor(messages: readonly string[], isBind: boolean) {
    super(messages.join("\n"));
    this.name = "StartError";
    this.messages = messages;
    this.isBind = isBind;
  }
}
