// A worker's side of the conversation: takes configurations, serves, prepares the next, and ends when it is told to or when nobody is
// there to tell it any more. The process around it is worker-main.ts.

import type { GatewayConfig } from "../config/index.ts";
import { BlueprintError, type Gateway, type PreparedGeneration } from "../gateway/index.ts";
import type { CountedMessage, CountingMessage, DocumentAnswer, ToSupervisor, ToWorker, WorkerSnapshot } from "./messages.ts";
import { ConfigAssembly } from "./wire.ts";

export interface WorkerHost {
  send(message: ToSupervisor): void;
  createGateway(config: GatewayConfig, generation: string): Promise<Gateway>;
  /** What one of its identities wanted to read. */
  onDocument(answer: DocumentAnswer): void;
  /** What becomes of what it counts. */
  onCounting(message: CountedMessage | CountingMessage): void;
  /** All that was under way has ended. */
  onDrained(): void;
}

/** What has come of a configuration. */
interface Incoming {
  readonly generation: string;
  readonly assembly: ConfigAssembly;
}

/** Of a worker that nobody supervises any more. */
export const ORPHAN_GRACE_MS = 9_000;

export class WorkerSession {
  readonly #host: WorkerHost;
  readonly #incoming = new Map<number, Incoming>();
  readonly #prepared = new Map<number, PreparedGeneration>();
  #gateway: Gateway | null = null;
  #drainMs: number | null = null;
  #draining: Promise<void> | null = null;

  constructor(host: WorkerHost) {
    this.#host = host;
  }

  async receive(message: ToWorker): Promise<void> {
    switch (message.type) {
      case "begin":
        this.#incoming.set(message.id, { generation: message.generation, assembly: new ConfigAssembly(message.head) });
        return;
      case "routes":
        this.#incoming.get(message.id)?.assembly.add(message.routes);
        return;
      case "prepare":
        await this.#take(message.id);
        return;
      case "commit":
        this.#commit(message.id);
        return;
      case "discard":
        this.#incoming.delete(message.id);
        this.#prepared.get(message.id)?.discard();
        this.#prepared.delete(message.id);
        return;
      case "challenges":
        this.#gateway?.setChallenges(message.challenges);
        this.#host.send({ type: "answer", ask: message.ask, snapshot: null, problem: null });
        return;
      case "others":
        this.#gateway?.setOtherAddresses(message.counts);
        return;
      case "document":
        this.#host.onDocument(message);
        return;
      case "counted":
      case "counting":
        this.#host.onCounting(message);
        return;
      case "reopenLog":
        await this.#reopenLog(message.ask);
        return;
      case "snapshot":
        this.#host.send({ type: "answer", ask: message.ask, snapshot: await this.#snapshot(message.metrics), problem: null });
        return;
      case "drain":
        await this.drain(message.graceMs);
    }
  }

  /** Says which clients have many connections, when that has changed. Called every so often. */
  tellAddresses(): void {
    const news = this.#gateway?.takeAddressNews() ?? null;
    if (news !== null) this.#host.send({ type: "addresses", news });
  }

  /** Resolves when nothing is under way any more. Further calls change nothing and wait for the same. */
  drain(graceMs: number): Promise<void> {
    this.#draining ??= this.#drain(graceMs);
    return this.#draining;
  }

  async #drain(graceMs: number): Promise<void> {
    this.#drainMs = graceMs;
    if (this.#gateway !== null) await this.#stop(this.#gateway, graceMs);
    // One that is still being created is drained when it is there.
    else if (this.#incoming.size === 0) this.#host.onDrained();
  }

  async #stop(gateway: Gateway, graceMs: number): Promise<void> {
    const stopped = gateway.stop(graceMs);
    this.#host.send({ type: "draining" });
    await stopped;
    const snapshot = await this.#snapshot(true);
    if (snapshot !== null) this.#host.send({ type: "farewell", snapshot });
    this.#host.onDrained();
  }

  async #take(id: number): Promise<void> {
    const incoming = this.#incoming.get(id);
    if (incoming === undefined) return;
    const config = incoming.assembly.finish();
    try {
      if (this.#gateway === null) await this.#begin(id, config, incoming.generation);
      else this.#keep(id, await this.#gateway.prepare(config, incoming.generation));
    } catch (error) {
      this.#host.send({ type: "refused", id, messages: toMessages(error), isBind: isBindError(error) });
      // It was told to drain meanwhile, and there is nothing to drain.
      if (this.#gateway === null && this.#drainMs !== null) this.#host.onDrained();
    } finally {
      this.#incoming.delete(id);
    }
  }

  #keep(id: number, prepared: PreparedGeneration): void {
    // Discarded while it was being prepared.
    if (!this.#incoming.has(id)) {
      prepared.discard();
      return;
    }
    this.#prepared.set(id, prepared);
    this.#host.send({ type: "prepared", id });
  }

  /** What is not prepared is not followed, and nobody is told that it were: the supervisor's time for an answer runs out. */
  #commit(id: number): void {
    const prepared = this.#prepared.get(id);
    if (prepared === undefined) return;
    this.#prepared.delete(id);
    prepared.commit();
    this.#host.send({ type: "committed", id });
  }

  async #begin(id: number, config: GatewayConfig, generation: string): Promise<void> {
    const gateway = await this.#host.createGateway(config, generation);
    this.#gateway = gateway;
    this.#host.send({ type: "serving", id });
    if (this.#drainMs === null) return;
    this.#draining = this.#stop(gateway, this.#drainMs);
    await this.#draining;
  }

  async #reopenLog(ask: number): Promise<void> {
    let problem: string | null = null;
    try {
      await this.#gateway?.reopenLog();
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    this.#host.send({ type: "answer", ask, snapshot: null, problem });
  }

  async #snapshot(withMetrics: boolean): Promise<WorkerSnapshot | null> {
    const gateway = this.#gateway;
    if (gateway === null) return null;
    return { metrics: withMetrics ? await gateway.snapshotMetrics() : null, activity: gateway.status() };
  }
}

function toMessages(error: unknown): readonly string[] {
  if (error instanceof BlueprintError) return error.messages;
  return [error instanceof Error ? (isBindError(error) ? error.message : (error.stack ?? error.message)) : String(error)];
}

/** The transport's own, for an address that can't be bound or accepted on. */
function isBindError(error: unknown): boolean {
  return error instanceof Error && "code" in error && typeof error.code === "string";
}
