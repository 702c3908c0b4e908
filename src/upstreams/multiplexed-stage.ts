// A pool of connections that exist only as far as the pool sees them: a test says when each becomes ready, drains or is lost.

import assert from "node:assert/strict";
import { FakeClock, type Fault, TimerWheel } from "../base/index.ts";
import { type ClientFacts, FLOW, type UpstreamEvents, type UpstreamStream } from "../http/index.ts";
import type { SpeaksFor } from "../http1/index.ts";
import { H2, type MultiplexedConnection, type MultiplexedOwner } from "../http2/index.ts";
import type { UpstreamClaim } from "../pipeline/index.ts";
import { MemoryNetwork } from "../transport/index.ts";
import { MultiplexedPool } from "./multiplexed-pool.ts";

export function createClient(port: number): ClientFacts {
  const ends = { address: "192.0.2.7", port, localAddress: "198.51.100.1", localPort: 443 };
  return { listener: "l", ...ends, version: 11, isGone: false, tls: null, forwarding: null };
}

const CLIENT = createClient(40_000);

export class FakeStream implements UpstreamStream {
  readonly isReused: boolean;
  readonly isExclusive = false;
  readonly connection: FakeConnection;
  readonly events: UpstreamEvents;

  constructor(connection: FakeConnection, events: UpstreamEvents) {
    this.connection = connection;
    this.events = events;
    this.isReused = connection.hasServed;
  }

  send(): void {}
  cork(): void {}
  uncork(): void {}
  write(): boolean {
    return true;
  }
  endRequest(): void {}
  resumeResponse(): void {}

  cancel(): void {
    this.connection.release(this);
  }

  answer(): void {
    this.connection.hasServed = true;
    this.connection.release(this, () => this.events.onResponseEnd(null));
  }

  refuse(): void {
    this.connection.hasServed = true;
    this.connection.release(this, () => this.events.onUpstreamFault(H2.RESPONSE_REFUSED));
  }
}

export class FakeConnection implements MultiplexedConnection {
  readonly client: ClientFacts | null;
  readonly endpoint: string;
  readonly streams: FakeStream[] = [];
  hasServed = false;
  state: "opening" | "ready" | "draining" | "closed" = "opening";
  /** What the upstream allows. */
  limit = 0;
  readonly #owner: MultiplexedOwner;
  readonly #closesLater: ((close: () => void) => void) | null;

  constructor(owner: MultiplexedOwner, endpoint: string, speaksFor: SpeaksFor | null, closesLater: ((close: () => void) => void) | null) {
    this.#owner = owner;
    this.endpoint = endpoint;
    this.client = speaksFor?.client ?? null;
    this.#closesLater = closesLater;
  }

  get openStreams(): number {
    return this.streams.length;
  }

  get freeStreams(): number {
    return this.state === "ready" ? Math.max(0, Math.min(this.limit, this.#owner.streams) - this.streams.length) : 0;
  }

  open(events: UpstreamEvents): UpstreamStream {
    assert.ok(this.freeStreams > 0, "a stream where there is no room");
    const stream = new FakeStream(this, events);
    this.streams.push(stream);
    return stream;
  }

  close(): void {
    assert.ok(this.state === "ready" || this.state === "draining", `closed while ${this.state}`);
    this.state = "draining";
    this.#closeWhenEmpty();
  }

  ready(limit = 1000): void {
    this.state = "ready";
    this.limit = limit;
    this.#owner.onReady(this);
  }

  allow(limit: number): void {
    this.limit = limit;
    this.#owner.onStreamsFree(this);
  }

  /** GOAWAY. */
  drain(): void {
    this.state = "draining";
    this.#owner.onDraining(this);
    this.#closeWhenEmpty();
  }

  fail(fault: Fault = FLOW.CONNECT_FAILED): void {
    this.state = "closed";
    this.#owner.onClosed(this, fault);
  }

  lose(): void {
    this.state = "closed";
    for (const { events } of this.streams.splice(0)) events.onUpstreamFault(FLOW.UPSTREAM_RESET);
    this.#owner.onClosed(this, null);
  }

  release(stream: FakeStream, tell: () => void = () => undefined): void {
    this.streams.splice(this.streams.indexOf(stream), 1);
    tell();
    if (this.state === "ready") this.#owner.onStreamsFree(this);
    else this.#closeWhenEmpty();
  }

  #closeWhenEmpty(): void {
    if (this.streams.length > 0) return;
    if (this.#closesLater === null) this.#finish();
    else this.#closesLater(() => this.#finish());
  }

  #finish(): void {
    if (this.state === "closed") return;
    this.state = "closed";
    this.#owner.onClosed(this, null);
  }
}

/** Tells what happened to it, in words. */
export class StoryClaim implements UpstreamClaim {
  queueTicket = -1;
  client = CLIENT;
  readonly needsFresh: boolean;
  readonly tried: readonly string[];
  readonly events: string[] = [];
  stream: FakeStream | null = null;
  /** What whoever asked does when it hears of a fault. */
  onFault: () => void = () => undefined;

  constructor(needsFresh = false, tried: readonly string[] = []) {
    this.needsFresh = needsFresh;
    this.tried = tried;
  }

  get isRepeat(): boolean {
    return this.tried.length > 0;
  }

  get story(): string {
    return this.events.join(", ");
  }

  hasTried(endpoint: string): boolean {
    return this.tried.includes(endpoint);
  }

  onStream(stream: UpstreamStream, endpoint: string, authority: string): void {
    assert.equal(authority, "u");
    assert.ok(stream instanceof FakeStream);
    this.events.push(`stream ${endpoint}${stream.isReused ? " again" : ""}`);
    this.stream = stream;
  }

  onOpenFault(fault: Fault, endpoint: string): void {
    this.events.push(`${fault.kind.code} ${endpoint}`.trim());
    this.onFault();
  }

  onUpstreamFault(fault: Fault): void {
    this.events.push(fault.kind.code);
    this.onFault();
  }

  onResponseEnd(): void {
    this.events.push("end");
  }

  onInterim(): void {}
  onSwitch(): boolean {
    return true;
  }
  onResponseHead(): boolean {
    return true;
  }
  onResponseChunk(): boolean {
    return true;
  }
  onUpstreamDrain(): void {}
  onBatchStart(): void {}
  onBatchEnd(): void {}
}

export interface MultiplexedOptions {
  readonly connections?: number;
  readonly streams?: number;
  readonly pending?: number;
  /** Of each endpoint; the hosts are 10.0.0.1, 10.0.0.2 and so on. */
  readonly weights?: readonly number[];
  readonly proxyProtocol?: "v2" | null;
  /** Gets what is left to do when a connection closes; else it is done at once. */
  readonly closesLater?: (close: () => void) => void;
}

export class MultiplexedStage {
  readonly pool: MultiplexedPool;
  /** In the order in which they were opened. */
  readonly connections: FakeConnection[] = [];

  constructor(options: MultiplexedOptions = {}) {
    const weights = options.weights ?? [1];
    const settings = {
      name: "u",
      endpoints: weights.map((weight, i) => ({ address: { host: `10.0.0.${i + 1}`, port: 80 }, authority: "u", weight, tls: null })),
      bounds: { connectMs: 1_000, firstByteMs: 5_000, betweenBytesMs: 5_000, idleMs: 60_000 },
      connections: options.connections ?? 2,
      streams: options.streams ?? 3,
      pending: options.pending ?? 2,
      proxyProtocol: options.proxyProtocol ?? null,
    };
    const { transport } = new MemoryNetwork({ schedule: null });
    this.pool = new MultiplexedPool(
      settings,
      transport,
      new TimerWheel(new FakeClock()),
      (owner, _transport, _target, endpoint, speaksFor) => {
        const connection = new FakeConnection(owner, endpoint, speaksFor, options.closesLater ?? null);
        this.connections.push(connection);
        return connection;
      },
    );
  }

  open(claim = new StoryClaim()): StoryClaim {
    this.pool.open(claim);
    return claim;
  }

  openMany(count: number): StoryClaim[] {
    return Array.from({ length: count }, () => this.open());
  }

  counts(): string {
    const { open, idle, pending } = this.pool.counts;
    return `${open} open, ${idle} idle, ${this.pool.streams} streams, ${pending} pending`;
  }
}
