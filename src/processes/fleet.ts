// All workers of a gateway: as many as it should have, each replaced when it crashes, all of them taken to the next configuration
// together or not at all. What is served is the supervisor's to say.

import type { Clock, ScheduledCall } from "../base/index.ts";
import type { Challenges } from "../gateway/index.ts";
import { AddressExchange } from "./address-exchange.ts";
import type { WorkerSnapshot } from "./messages.ts";
import { RestartDelay } from "./restart-delay.ts";
import { GoneError, type Shipment, WorkerHandle } from "./worker-handle.ts";
import type { WorkerSpawner } from "./worker-process.ts";

export interface FleetEvents {
  /** A worker ended that nobody asked to. */
  onCrash(slot: number, pid: number, reason: string, restartInMs: number): void;
  /** One serves in the place of one that crashed. */
  onBack(slot: number, pid: number): void;
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
  /** It serves. */
  worker: WorkerHandle | null;
  /** It starts, and takes the place of the other once it serves. */
  next: WorkerHandle | null;
  /** Settles when `next` serves or will never. */
  opening: Promise<void> | null;
  isCatchingUp: boolean;
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
  readonly #addresses = new AddressExchange<WorkerHandle>();
  #challenges: Challenges | null = null;
  #stopping = false;

  constructor(assignment: Assignment, host: FleetHost) {
    this.#assignment = assignment;
    this.#host = host;
  }

  /** Serving or starting, one a slot. */
  get workers(): readonly WorkerHandle[] {
    return this.#slots.flatMap(({ worker, next }) => worker ?? next ?? []);
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
      this.killAll();
      await Promise.all([...this.#living].map(({ gone }) => gone));
      throw error;
    }
  }

  /**
   * All take it, or none: rejects with the first refusal. A worker that ends meanwhile is no refusal: its successor starts with what is in
   * force. One that says nothing for so long is none either, and it is ended.
   */
  async switchTo(shipment: Shipment): Promise<void> {
    const workers = this.#slots.flatMap(({ worker }) => worker ?? []);
    const refusals: unknown[] = [];
    const take = async (worker: WorkerHandle) => {
      try {
        await worker.take(shipment);
      } catch (error) {
        if (error instanceof GoneError) worker.kill();
        else refusals.push(error);
      }
    };
    await Promise.all(workers.map(take));
    if (refusals.length > 0) {
      for (const worker of workers) worker.discard(shipment.id);
      throw refusals[0];
    }
    this.#assignment = { ...this.#assignment, shipment };
    await Promise.allSettled(workers.map((worker) => worker.commit(shipment.id)));
    for (const slot of this.#slots) void this.#catchUp(slot);
  }

  /**
   * Replaces every worker, one after the other: the next begins to accept before its predecessor stops. Rejects when a successor can't be
   * started: what is left of the predecessors serves on, and what was replaced is put back.
   */
  async roll(assignment: Assignment, count: number, drainMs: number): Promise<void> {
    const before = this.#assignment;
    const countBefore = this.#slots.length;
    this.#assignment = assignment;
    while (this.#slots.length < count) this.#slots.push(createSlot(this.#slots.length));
    try {
      for (const slot of this.#slots.slice(0, count)) await this.#replace(slot, drainMs);
    } catch (error) {
      this.#assignment = before;
      this.#shrink(countBefore, drainMs);
      if (assignment.shipment.generation !== before.shipment.generation) await this.#putBack(assignment.shipment.id, drainMs);
      throw error;
    }
    this.#shrink(count, drainMs);
  }

  async snapshots(metrics: boolean): Promise<readonly { readonly worker: WorkerHandle; readonly snapshot: WorkerSnapshot | null }[]> {
    const all = [...this.workers, ...this.#retiring];
    return Promise.all(all.map(async (worker) => ({ worker, snapshot: await worker.snapshot(metrics) })));
  }

  /** Resolves when every worker answers them; workers that start later get them too. */
  async setChallenges(challenges: Challenges): Promise<void> {
    this.#challenges = challenges;
    await Promise.all([...this.#living].map((worker) => worker.tell({ type: "challenges", challenges })));
  }

  /** Problems, in words. */
  async reopenLogs(): Promise<readonly string[]> {
    // Those that drain too: their last lines would go to a file that was moved away.
    const told = await Promise.all([...this.#living].map((worker) => worker.tell({ type: "reopenLog" })));
    return [...new Set(told.filter((problem) => problem !== null))];
  }

  /** Resolves when every process has ended, those that are being started too. */
  async stop(graceMs: number): Promise<void> {
    this.#end();
    await Promise.all([...this.#living].map((worker) => worker.drain(graceMs)));
  }

  killAll(): void {
    this.#end();
    for (const worker of this.#living) worker.kill();
  }

  #end(): void {
    this.#stopping = true;
    for (const slot of this.#slots) cancelRestart(slot);
  }

  #retire(worker: WorkerHandle, drainMs: number): void {
    this.#retiring.add(worker);
    void worker.drain(drainMs).then(() => this.#retiring.delete(worker));
  }

  async #replace(slot: Slot, drainMs: number): Promise<void> {
    // One that starts in the place of a crashed one may serve at any moment: it has its turn, and is replaced then.
    await slot.opening?.catch(() => undefined);
    const old = slot.worker;
    const wasUsed = old !== null || slot.restart !== null;
    try {
      await this.#open(slot);
    } catch (error) {
      // The predecessor crashed, and what was to start in its place did not.
      if (wasUsed && slot.worker === null) this.#restartIn(slot, slot.delay.after(0, this.#host.random()));
      throw error;
    }
    if (old !== null && !old.isGone) this.#retire(old, drainMs);
  }

  /** Workers that begin with what is in force again, instead of those that took another configuration for a moment. */
  async #putBack(id: number, drainMs: number): Promise<void> {
    for (const slot of [...this.#slots]) {
      if (slot.worker?.serves !== id || this.#stopping) continue;
      try {
        await this.#replace(slot, drainMs);
      } catch (error) {
        // It serves, at least.
        this.#host.events.onStartFailed(slot.index, toText(error));
      }
    }
  }

  #shrink(count: number, drainMs: number): void {
    for (const slot of this.#slots.splice(count)) {
      cancelRestart(slot);
      for (const worker of [slot.worker, slot.next]) if (worker !== null && !worker.isGone) this.#retire(worker, drainMs);
    }
  }

  /** Puts a new worker into the slot once it serves. One at a time. */
  #open(slot: Slot): Promise<void> {
    cancelRestart(slot);
    const opening = this.#begin(slot).finally(() => {
      slot.opening = null;
      slot.next = null;
    });
    slot.opening = opening;
    return opening;
  }

  async #begin(slot: Slot): Promise<void> {
    if (this.#stopping) throw new Error("the gateway is stopping");
    const { spawner, clock, events } = this.#host;
    const { shipment, descriptors } = this.#assignment;
    const worker = new WorkerHandle(slot.index, spawner, descriptors, clock);
    slot.next = worker;
    this.#living.add(worker);
    events.onStarted(worker);
    worker.onAddresses = (news) => {
      this.#addresses.tell(worker, news);
      this.#spreadAddresses(worker);
    };
    void worker.gone.then((reason) => this.#onGone(slot, worker, reason));
    try {
      await worker.take(shipment);
      if (this.#challenges !== null) await worker.tell({ type: "challenges", challenges: this.#challenges });
      if (worker.isGone) throw new GoneError("as soon as it served");
    } catch (error) {
      if (worker.isGone) slot.crashes++;
      worker.kill();
      throw error;
    }
    slot.worker = worker;
    void this.#catchUp(slot);
  }

  /** A worker that started while others went on to the next configuration goes there too. */
  async #catchUp(slot: Slot): Promise<void> {
    if (slot.isCatchingUp) return;
    slot.isCatchingUp = true;
    while (slot.worker !== null && !slot.worker.isGone && !slot.worker.isDraining) {
      const { worker } = slot;
      const { shipment } = this.#assignment;
      if (worker.serves === shipment.id) break;
      try {
        await worker.take(shipment);
        await worker.commit(shipment.id);
      } catch {
        // It took the same as all others before: one that can't is replaced by one that begins with it.
        worker.kill();
        break;
      }
    }
    slot.isCatchingUp = false;
  }

  /** Whoever is not `source` hears what it has not heard yet. */
  #spreadAddresses(source: WorkerHandle): void {
    for (const worker of this.#living) if (worker !== source) worker.tellOthers(this.#addresses.othersOf(worker));
  }

  #onGone(slot: Slot, worker: WorkerHandle, reason: string): void {
    const { events, random } = this.#host;
    this.#living.delete(worker);
    events.onEnded(worker);
    if (this.#addresses.forget(worker)) this.#spreadAddresses(worker);
    // One that never served is started again by whoever waits for it.
    if (slot.worker !== worker) return;
    slot.worker = null;
    if (this.#stopping || worker.isDraining) return;
    slot.crashes++;
    const delayMs = slot.delay.after(worker.livedMs, random());
    events.onCrash(slot.index, worker.pid, reason, delayMs);
    if (slot.next === null) this.#restartIn(slot, delayMs);
  }

  #restartIn(slot: Slot, delayMs: number): void {
    if (this.#stopping || !this.#slots.includes(slot)) return;
    slot.restart = this.#host.clock.schedule(() => {
      slot.restart = null;
      const opened = this.#open(slot).then(() => {
        if (slot.worker !== null) this.#host.events.onBack(slot.index, slot.worker.pid);
      });
      opened.catch((error: unknown) => {
        if (this.#stopping) return;
        this.#host.events.onStartFailed(slot.index, toText(error));
        this.#restartIn(slot, slot.delay.after(0, this.#host.random()));
      });
    }, delayMs);
  }
}

function createSlot(index: number): Slot {
  return { index, delay: new RestartDelay(), worker: null, next: null, opening: null, isCatchingUp: false, restart: null, crashes: 0 };
}

function cancelRestart(slot: Slot): void {
  slot.restart?.cancel();
  slot.restart = null;
}

function toText(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
