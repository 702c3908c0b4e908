// Workers without processes, for tests of whoever keeps them. They answer as real ones do, unless a test has them do otherwise.

import { setImmediate } from "node:timers/promises";
import { FakeClock } from "../base/index.ts";
import type { ToSupervisor, ToWorker } from "./messages.ts";
import type { Shipment } from "./worker-handle.ts";
import type { WorkerEvents, WorkerProcess, WorkerSpawner } from "./worker-process.ts";

/** `hang`: it says nothing at all. `die`: it ends instead of answering. */
export type Reaction = "answer" | "refuse" | "hang" | "die";

export interface Reactions {
  serve: Reaction;
  prepare: Reaction;
  commit: Reaction;
  drain: Reaction;
  ask: Reaction;
}

export class FakeProcess implements WorkerProcess {
  readonly pid: number;
  readonly slot: number;
  readonly descriptors: ReadonlyMap<string, number>;
  readonly sent: ToWorker[] = [];
  readonly reactions: Reactions;
  readonly #events: WorkerEvents;
  /** What happens, over all processes. */
  readonly #journal: string[];
  serves = 0;
  kills = 0;
  isGone = false;

  constructor(pid: number, slot: number, descriptors: ReadonlyMap<string, number>, around: FakeWorkers, events: WorkerEvents) {
    this.pid = pid;
    this.slot = slot;
    this.descriptors = descriptors;
    this.reactions = { ...around.reactions };
    this.#journal = around.journal;
    this.#events = events;
  }

  get types(): readonly string[] {
    return this.sent.map(({ type }) => type);
  }

  send(message: ToWorker): void {
    this.sent.push(message);
    queueMicrotask(() => this.#react(message));
  }

  kill(reason = "SIGKILL"): void {
    this.kills++;
    queueMicrotask(() => this.exit(reason));
  }

  say(message: ToSupervisor): void {
    this.#events.onMessage(message);
  }

  exit(reason: string): void {
    if (this.isGone) return;
    this.isGone = true;
    this.#journal.push(`${this.pid} ends`);
    this.#events.onExit(reason);
  }

  #react(message: ToWorker): void {
    if (this.isGone) return;
    switch (message.type) {
      case "prepare":
        this.#do(this.serves === 0 ? this.reactions.serve : this.reactions.prepare, message.id, () => this.#take(message.id));
        return;
      case "commit":
        this.#do(this.reactions.commit, message.id, () => {
          this.serves = message.id;
          this.#journal.push(`${this.pid} serves ${message.id}`);
          this.say({ type: "committed", id: message.id });
        });
        return;
      case "drain":
        this.#do(this.reactions.drain, 0, () => {
          this.#journal.push(`${this.pid} drains`);
          this.say({ type: "draining" });
          this.exit("exit code 0");
        });
        return;
      case "challenges":
      case "reopenLog":
      case "snapshot":
        this.#do(this.reactions.ask, 0, () => this.say({ type: "answer", ask: message.ask, snapshot: null, problem: null }));
    }
  }

  #take(id: number): void {
    if (this.serves > 0) {
      this.say({ type: "prepared", id });
      return;
    }
    this.serves = id;
    this.#journal.push(`${this.pid} serves ${id}`);
    this.say({ type: "serving", id });
  }

  #do(reaction: Reaction, id: number, answer: () => void): void {
    if (reaction === "answer") answer();
    else if (reaction === "die") this.exit("exit code 1");
    else if (reaction === "refuse") this.say({ type: "refused", id, messages: [`${this.pid} can't`], isBind: false });
  }
}

export class FakeWorkers implements WorkerSpawner {
  readonly clock = new FakeClock();
  readonly processes: FakeProcess[] = [];
  readonly journal: string[] = [];
  /** Of the processes that are spawned from now on. */
  readonly reactions: Reactions = { serve: "answer", prepare: "answer", commit: "answer", drain: "answer", ask: "answer" };
  /** Of single ones among them, by the order in which they are spawned. */
  readonly planned = new Map<number, Partial<Reactions>>();
  /** What spawning throws. */
  failure: Error | null = null;

  spawn(slot: number, descriptors: ReadonlyMap<string, number>, events: WorkerEvents): FakeProcess {
    if (this.failure !== null) throw this.failure;
    const index = this.processes.length;
    const process = new FakeProcess(100 + index, slot, descriptors, this, events);
    Object.assign(process.reactions, this.planned.get(index));
    this.processes.push(process);
    return process;
  }

  /** The one that was spawned as the `index`-th. */
  at(index: number): FakeProcess {
    const process = this.processes.at(index);
    if (process === undefined) throw new Error(`no process ${index} was spawned`);
    return process;
  }

  get living(): readonly FakeProcess[] {
    return this.processes.filter(({ isGone }) => !isGone);
  }

  /** Lets happen all that waits for no clock. */
  async settle(): Promise<void> {
    for (let turn = 0; turn < 5; turn++) await setImmediate();
  }

  async pass(ms: number): Promise<void> {
    this.clock.advance(ms);
    await this.settle();
  }
}

export function createShipment(id: number, generation = `g${id}`): Shipment {
  return { id, generation, wire: { head: { version: 1 }, routes: [[`route of ${id}`], [`another of ${id}`]] } };
}
