// The supervisor's side of the conversation with one worker process: questions that are answered once, and what became of it.

import type { Clock, ScheduledCall } from "../base/index.ts";
import type { AddressNews } from "../gateway/index.ts";
import type {
  CountedMessage,
  CountingMessage,
  CountMessage,
  DocumentAnswer,
  DocumentQuestion,
  ToSupervisor,
  ToWorker,
  WorkerSnapshot,
} from "./messages.ts";
import type { WireConfig } from "./wire.ts";
import type { WorkerProcess, WorkerSpawner } from "./worker-process.ts";

/** A configuration as workers get it. */
export interface Shipment {
  readonly id: number;
  readonly generation: string;
  readonly wire: WireConfig;
}

/** A worker could not take a configuration; it goes on as before. */
export class RefusedError extends Error {
  readonly messages: readonly string[];
  readonly isBind: boolean;

  constructor(messages: readonly string[], isBind: boolean) {
    super(messages.join("\n"));
    this.name = "RefusedError";
    this.messages = messages;
    this.isBind = isBind;
  }
}

/** The worker ended before it answered. */
export class GoneError extends Error {
  constructor(reason: string) {
    super(`the worker ended: ${reason}`);
    this.name = "GoneError";
  }
}

interface Waiting {
  resolve(message: ToSupervisor): void;
  reject(error: Error): void;
}

/** Of one configuration: how long compiling it may take. */
const TAKE_MS = 60_000;
/** Of a question about a worker's state: one that is so late is as good as gone. */
const ASK_MS = 2_000;
/** Between the end of the time for draining and the signal that nobody can ignore. */
const KILL_MARGIN_MS = 1_500;

export class WorkerHandle {
  readonly slot: number;
  /** By the wall. */
  readonly startedAtMs: number;
  readonly #bornAtMs: number;
  readonly #process: WorkerProcess;
  readonly #clock: Clock;
  /** By what is waited for: `took 3`, `committed 3`, `answer 7`. */
  readonly #waiting = new Map<string, Waiting>();
  readonly #gone = Promise.withResolvers<string>();
  #asks = 0;
  #isGone = false;
  #isDraining = false;
  /** The end of its time for draining. */
  #late: ScheduledCall | null = null;
  #lateAtMs = Number.POSITIVE_INFINITY;
  /** The configuration that its requests follow; 0 before the first. */
  serves = 0;

  /** Hears which clients have many connections there. */
  onAddresses: ((news: AddressNews) => void) | null = null;
  /** Hears what it wants to read. */
  onDocument: ((question: DocumentQuestion) => void) | null = null;
  /** Hears what it counts. */
  onCount: ((message: CountMessage) => void) | null = null;
  /** What it said when it ended in order; null before, and of one that crashed. */
  farewell: WorkerSnapshot | null = null;

  constructor(slot: number, spawner: WorkerSpawner, descriptors: ReadonlyMap<string, number>, clock: Clock) {
    this.slot = slot;
    this.#clock = clock;
    this.startedAtMs = clock.wall();
    this.#bornAtMs = clock.now();
    this.#process = spawner.spawn(slot, descriptors, {
      onMessage: (message) => this.#receive(message),
      onExit: (reason) => this.#end(reason),
    });
  }

  get pid(): number {
    return this.#process.pid;
  }

  get livedMs(): number {
    return this.#clock.now() - this.#bornAtMs;
  }

  get isGone(): boolean {
    return this.#isGone;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Resolves to the reason when the process has ended. */
  get gone(): Promise<string> {
    return this.#gone.promise;
  }

  /** Hands over a configuration: its first one is served at once, a later one waits for commit(). Rejects with RefusedError or GoneError. */
  async take({ id, generation, wire }: Shipment): Promise<void> {
    this.#send({ type: "begin", id, generation, head: wire.head });
    for (const routes of wire.routes) this.#send({ type: "routes", id, routes });
    const answer = await this.#request({ type: "prepare", id }, `took ${id}`, TAKE_MS);
    if (answer.type === "refused") throw new RefusedError(answer.messages, answer.isBind);
    if (answer.type === "serving") this.serves = id;
  }

  async commit(id: number): Promise<void> {
    await this.#request({ type: "commit", id }, `committed ${id}`, ASK_MS * 5);
    this.serves = id;
  }

  discard(id: number): void {
    this.#send({ type: "discard", id });
  }

  /** Null from one that has ended or does not answer in time. */
  async snapshot(metrics: boolean): Promise<WorkerSnapshot | null> {
    const ask = ++this.#asks;
    try {
      const answer = await this.#request({ type: "snapshot", ask, metrics }, `answer ${ask}`, ASK_MS);
      return answer.type === "answer" ? answer.snapshot : null;
    } catch {
      return null;
    }
  }

  /** What went wrong, in words; null when nothing did. */
  async tell(
    message: { readonly type: "reopenLog" } | { readonly type: "challenges"; readonly challenges: ChallengesOf },
  ): Promise<string | null> {
    const ask = ++this.#asks;
    try {
      const answer = await this.#request({ ...message, ask }, `answer ${ask}`, ASK_MS);
      return answer.type === "answer" ? answer.problem : null;
    } catch (error) {
      return error instanceof Error ? error.message : String(error);
    }
  }

  /** What the other workers have. */
  tellOthers(counts: AddressNews): void {
    this.#send({ type: "others", counts });
  }

  tellDocument(answer: DocumentAnswer): void {
    this.#send(answer);
  }

  tellCounting(message: CountedMessage | CountingMessage): void {
    this.#send(message);
  }

  /**
   * It accepts no more and ends when nothing is under way, after `graceMs` at the latest. Who asks again can only shorten that. Resolves when
   * it has ended.
   */
  async drain(graceMs: number): Promise<string> {
    const lateAtMs = this.#clock.now() + graceMs + KILL_MARGIN_MS;
    this.#isDraining = true;
    if (!this.#isGone && lateAtMs < this.#lateAtMs) {
      if (this.#late === null) this.#send({ type: "drain", graceMs });
      this.#late?.cancel();
      this.#lateAtMs = lateAtMs;
      this.#late = this.#clock.schedule(() => this.kill(), graceMs + KILL_MARGIN_MS);
    }
    return this.gone;
  }

  /** `reason`: why, where it is the worker's own doing. */
  kill(reason?: string): void {
    if (!this.#isGone) this.#process.kill(reason);
  }

  #send(message: ToWorker): void {
    if (!this.#isGone) this.#process.send(message);
  }

  #request(message: ToWorker, key: string, timeoutMs: number): Promise<ToSupervisor> {
    if (this.#isGone) return Promise.reject(new GoneError("before it was asked"));
    const { promise, resolve, reject } = Promise.withResolvers<ToSupervisor>();
    const late = this.#clock.schedule(() => this.#settle(key)?.reject(new GoneError("no answer in time")), timeoutMs);
    this.#waiting.set(key, { resolve, reject });
    this.#send(message);
    const settled = () => late.cancel();
    promise.then(settled, settled);
    return promise;
  }

  #settle(key: string): Waiting | undefined {
    const waiting = this.#waiting.get(key);
    this.#waiting.delete(key);
    return waiting;
  }

  #receive(message: ToSupervisor): void {
    switch (message.type) {
      case "serving":
      case "prepared":
      case "refused":
        this.#settle(`took ${message.id}`)?.resolve(message);
        return;
      case "committed":
        this.#settle(`committed ${message.id}`)?.resolve(message);
        return;
      case "answer":
        this.#settle(`answer ${message.ask}`)?.resolve(message);
        return;
      case "addresses":
        this.onAddresses?.(message.news);
        return;
      case "document":
        this.onDocument?.(message);
        return;
      case "count":
        this.onCount?.(message);
        return;
      case "farewell":
        this.farewell = message.snapshot;
        return;
      case "draining":
        this.#isDraining = true;
    }
  }

  #end(reason: string): void {
    this.#isGone = true;
    this.#late?.cancel();
    for (const key of [...this.#waiting.keys()]) this.#settle(key)?.reject(new GoneError(reason));
    this.#gone.resolve(reason);
  }
}

type ChallengesOf = Extract<ToWorker, { type: "challenges" }>["challenges"];
