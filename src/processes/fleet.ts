// All workers of a gateway: as many as it should have, each replaced when it crashes, all of them taken to the next configuration
// together or not at all. What is served is the supervisor's to say.

import type { Clock, ScheduledCall } from "../base/index.ts";
import type { Challenges } from "../gateway/index.ts";
import type { WorkerSnapshot } from "./messages.ts";
import { RestartDelay } from "./restart-delay.ts";
import { GoneError, type Shipment, WorkerHandle } from "./worker-handle.ts";
import type { WorkerSpawner } from "./worker-process.ts";

export interface FleetEvents {
  /** A worker ended that nobody asked to. */
  onCrash(slot: number, pid: number, reason: string, restartInMs: number): void;
  /** One could not be started anew; it is tried again. */
  onStartFailed(slot: number, reason: string): void;
  onStarted(worker: WorkerHandle): void;
  onEnded(worker: WorkerHandle): void;
}

export interface FleetHost {
  readonly spawner: WorkerSpawner;
  readonly clock: Clock;
  readonly events: FleetEvents;
  random(): number;
}

/** What every worker is to have now. */
export interface Assignment {
  readonly shipment: Shipment;
  /** This process's descriptors, by the listener's name. */
  readonly descriptors: ReadonlyMap<string, number>;
}

interface Slot {
  readonly index: number;
  readonly delay: RestartDelay;
  worker: WorkerHandle | null;
  restart: ScheduledCall | null;
  crashes: number;
}

export class Fleet {
  readonly #host: FleetHost;
  readonly #slots: Slot[] = [];
  /** Replaced, with requests under way. */
  readonly #retiring = new Set<WorkerHandle>();
  /** Every process that has not ended. */
  readonly #living = new Set<WorkerHandle>();
  #assignment: Assignment;
  #challenges: Challenges | null = null;
  #stopping = false;

  constructor(assignment: Assignment, host: FleetHost) {
    this.#assignment = assignment;
    this.#host = host;
  }

  /** Serving or starting, one a slot. */
  get workers(): readonly WorkerHandle[] {
    return this.#slots.flatMap(({ worker }) => (worker === null ? [] : [worker]));
  }

  get retiring(): readonly WorkerHandle[] {
    return [...this.#retiring];
  }

  crashesOf(slot: number): number {
    return this.#slots[slot]?.crashes ?? 0;
  }

  /** Starts so many workers; rejects with the first one's refusal, and none is left then. */
  async start(count: number): Promise<void> {
    for (let index = 0; index < count; index++) this.#slots.push(createSlot(index));
    try {
      await Promise.all(this.#slots.map((slot) => this.#open(slot)));
    } catch (error) {
      this.#stopping = true;
      this.killAll();
      await Promise.all([...this.#living].map(({ gone }) => gone));
      throw error;
    }
  }

  /** All take it, or none: rejects with the first refusal. A worker that ends meanwhile is no refusal: its successor starts with what is in force. */
  async switchTo(shipment: Shipment): Promise<void> {
    const workers = this.workers;
    const taken = await Promise.allSettled(workers.map((worker) => worker.take(shipment)));
    const refusal = taken.find((one) => one.status === "rejected" && !(one.reason instanceof GoneError));
    if (refusal?.status === "rejected") {
      for (const worker of workers) worker.discard(shipment.id);
      throw refusal.reason;
    }
    this.#assignment = { ...this.#assignment, shipment };
    await Promise.allSettled(workers.map((worker) => worker.commit(shipment.id)));
    for (const slot of this.#slots) void this.#catchUp(slot);
  }

  /**
   * Replaces every worker, one after the other: the next begins to accept before its predecessor stops. Rejects when a successor can't
   * be started; what is left of the predecessors serves on.
   */
  async roll(assignment: Assignment, count: number, drainMs: number): Promise<void> {
    const before = this.#assignment;
    this.#assignment = assignment;
    while (this.#slots.length < count) this.#slots.push(createSlot(this.#slots.length));
    for (const slot of this.#slots.slice(0, count)) {
      const old = slot.worker;
      slot.restart?.cancel();
      slot.restart = null;
      try {
        await this.#open(slot);
      } catch (error) {
        if (slot.worker?.isGone !== false) slot.worker = old;
        // Those that were replaced already stay with the new: they serve, and the next try replaces them again.
        if (this.#slots.every(({ worker }) => worker === null || worker.serves !== assignment.shipment.id)) this.#assignment = before;
        throw error;
      }
      if (old !== null) this.#retire(old, drainMs);
    }
    for (const { worker, restart } of this.#slots.splice(count)) {
      restart?.cancel();
      if (worker !== null) this.#retire(worker, drainMs);
    }
  }

  async snapshots(metrics: boolean): Promise<readonly { readonly worker: WorkerHandle; readonly snapshot: WorkerSnapshot | null }[]> {
    const all = [...this.workers, ...this.#retiring];
    return Promise.all(all.map(async (worker) => ({ worker, snapshot: await worker.snapshot(metrics) })));
  }

  /** Resolves when every worker answers them; workers that start later get them too. */
  async setChallenges(challenges: Challenges): Promise<void> {
    this.#challenges = challenges;
    await Promise.all(this.workers.map((worker) => worker.tell({ type: "challenges", challenges })));
  }

  /** Problems, in words. */
  async reopenLogs(): Promise<readonly string[]> {
    const told = await Promise.all(this.workers.map((worker) => worker.tell({ type: "reopenLog" })));
    return [...new Set(told.filter((problem) => problem !== null))];
  }

  /** Resolves when every process has ended, those that are being started meanwhile too. */
  async stop(graceMs: number): Promise<void> {
    this.#stopping = true;
    for (const slot of this.#slots) slot.restart?.cancel();
    while (this.#living.size > 0) await Promise.all([...this.#living].map((worker) => worker.drain(graceMs)));
  }

  killAll(): void {
    this.#stopping = true;
    for (const worker of this.#living) worker.kill();
  }

  #retire(worker: WorkerHandle, drainMs: number): void {
    this.#retiring.add(worker);
    void worker.drain(drainMs).then(() => this.#retiring.delete(worker));
  }

  /** Puts a new worker into the slot once it serves. */
  async #open(slot: Slot): Promise<void> {
    const { spawner, clock, events } = this.#host;
    const { shipment, descriptors } = this.#assignment;
    if (this.#stopping) throw new Error("the gateway is stopping");
    const worker = new WorkerHandle(slot.index, spawner, descriptors, clock);
    this.#living.add(worker);
    if (slot.worker === null) slot.worker = worker;
    events.onStarted(worker);
    void worker.gone.then((reason) => this.#onGone(slot, worker, reason));
    await worker.take(shipment);
    if (this.#challenges !== null) await worker.tell({ type: "challenges", challenges: this.#challenges });
    slot.worker = worker;
    void this.#catchUp(slot);
  }

  /** A worker that started while others went on to the next configuration goes there too. */
  async #catchUp(slot: Slot): Promise<void> {
    const { worker } = slot;
    const { shipment } = this.#assignment;
    if (worker === null || worker.isGone || worker.isDraining || worker.serves === 0 || worker.serves === shipment.id) return;
    try {
      await worker.take(shipment);
      await worker.commit(shipment.id);
    } catch {
      // It took the same as all others before: one that can't is replaced by one that begins with it.
      worker.kill();
    }
  }

  #onGone(slot: Slot, worker: WorkerHandle, reason: string): void {
    const { events, clock, random } = this.#host;
    this.#living.delete(worker);
    events.onEnded(worker);
    if (slot.worker !== worker || this.#stopping || worker.isDraining) return;
    slot.worker = null;
    slot.crashes++;
    const delayMs = slot.delay.after(clock.wall() - worker.startedAtMs, random());
    events.onCrash(slot.index, worker.pid, reason, delayMs);
    // One that never served is started again by whoever waits for it.
    if (worker.serves === 0) return;
    this.#restartIn(slot, delayMs);
  }

  #restartIn(slot: Slot, delayMs: number): void {
    slot.restart = this.#host.clock.schedule(() => {
      slot.restart = null;
      if (this.#stopping || slot.worker !== null) return;
      this.#open(slot).catch((error: unknown) => {
        if (this.#stopping) return;
        if (slot.worker?.isGone === true || slot.worker?.serves === 0) {
          slot.worker.kill();
          slot.worker = null;
        }
        this.#host.events.onStartFailed(slot.index, error instanceof Error ? error.message : String(error));
        this.#restartIn(slot, slot.delay.after(0, this.#host.random()));
      });
    }, delayMs);
  }
}

function createSlot(index: number): Slot {
  return { index, delay: new RestartDelay(), worker: null, restart: null, crashes: 0 };
}
