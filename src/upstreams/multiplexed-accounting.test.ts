// The books of a pool whose connections carry many requests, against a model that knows only what happened: random sequences of requests,
// answers, refusals, connections that drain or are lost, and limits that change.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Fault } from "../base/index.ts";
import type { ClientFacts, UpstreamStream } from "../http/index.ts";
import type { UpstreamClaim } from "../pipeline/index.ts";
import { createClient, FakeStream, MultiplexedStage } from "./multiplexed-stage.ts";

type Outcome = "none" | "waits" | "has stream" | "done" | "fault" | "forgotten";

class ModelClaim implements UpstreamClaim {
  queueTicket = -1;
  readonly client: ClientFacts;
  readonly needsFresh: boolean;
  readonly tried: string | null;
  /** Asked for when this one hears of a fault, from inside of what told it. */
  readonly onFault: () => void;
  readonly mayGoTo: (endpoint: string) => boolean;
  outcome: Outcome = "none";
  stream: FakeStream | null = null;

  constructor(needsFresh: boolean, tried: string | null, client: ClientFacts, mayGoTo: (endpoint: string) => boolean, onFault: () => void) {
    this.mayGoTo = mayGoTo;
    this.needsFresh = needsFresh;
    this.tried = tried;
    this.client = client;
    this.onFault = onFault;
  }

  get isRepeat(): boolean {
    return this.tried !== null;
  }

  hasTried(endpoint: string): boolean {
    return endpoint === this.tried;
  }

  onStream(stream: UpstreamStream, endpoint: string): void {
    this.#become("has stream", ["none", "waits"]);
    assert.ok(this.isRepeat || this.mayGoTo(endpoint), "a request for an endpoint that was not well all the time");
    assert.ok(stream instanceof FakeStream);
    const { client } = stream.connection;
    assert.ok(client === null || client === this.client, "a connection serves a client that it does not speak for");
    assert.ok(!(this.needsFresh && stream.isReused), "a stale connection again");
    this.stream = stream;
  }

  onOpenFault(_fault: Fault): void {
    this.#become("fault", ["none", "waits"]);
    this.onFault();
  }

  onResponseEnd(): void {
    this.#become("done", ["has stream"]);
    this.stream = null;
  }

  onUpstreamFault(): void {
    this.#become("fault", ["has stream"]);
    this.stream = null;
    this.onFault();
  }

  forget(): void {
    this.#become("forgotten", ["waits", "has stream"]);
    this.stream = null;
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

  #become(outcome: Outcome, from: readonly Outcome[]): void {
    assert.ok(from.includes(this.outcome), `${outcome} after ${this.outcome}`);
    this.outcome = outcome;
  }
}

type Act =
  | { readonly act: "open"; readonly fresh: boolean; readonly tried: number; readonly client: number; readonly repeats: boolean }
  | { readonly act: "leave"; readonly client: number }
  | { readonly act: "ready" | "allow"; readonly at: number; readonly limit: number }
  | { readonly act: "answer" | "refuse" | "give up" | "fail" | "drain" | "lose"; readonly at: number }
  | { readonly act: "judge"; readonly at: number; readonly isHealthy: boolean }
  | { readonly act: "settle" };

const at = fc.nat(40);
const client = fc.nat(2);
const limit = fc.constantFrom(0, 1, 2, 5);
const act: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 8,
    arbitrary: fc.record({ act: fc.constant("open" as const), fresh: fc.boolean(), tried: fc.nat(5), client, repeats: fc.boolean() }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("leave" as const), client }) },
  { weight: 5, arbitrary: fc.record({ act: fc.constant("ready" as const), at, limit }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("allow" as const), at, limit }) },
  { weight: 3, arbitrary: fc.record({ act: fc.constant("drain" as const), at }) },
  { weight: 6, arbitrary: fc.record({ act: fc.constant("answer" as const), at }) },
  { weight: 6, arbitrary: fc.record({ act: fc.constantFrom("refuse", "give up", "fail", "drain", "lose"), at }) as fc.Arbitrary<Act> },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("judge" as const), at: fc.nat(1), isHealthy: fc.boolean() }) },
  { weight: 2, arbitrary: fc.constant({ act: "settle" as const }) },
);

const LIMIT = 2;
const STREAMS = 3;
const PENDING = 3;
const HOSTS = ["10.0.0.1:80", "10.0.0.2:80"];

class Play {
  readonly stage: MultiplexedStage;
  readonly claims: ModelClaim[] = [];
  readonly clients = [createClient(1), createClient(2), createClient(3)];
  readonly #closings: (() => void)[] = [];
  #judgements = 0;

  constructor(closesAtOnce: boolean, proxyProtocol: "v2" | null) {
    const bounds = { connections: LIMIT, streams: STREAMS, pending: PENDING, weights: [1, 1], proxyProtocol };
    const closesLater = (close: () => void) => void this.#closings.push(close);
    this.stage = new MultiplexedStage(closesAtOnce ? bounds : { ...bounds, closesLater });
  }

  run(step: Act): void {
    if (step.act === "open") this.#open(step.fresh, HOSTS[step.tried] ?? null, this.clients[step.client]!, step.repeats);
    else if (step.act === "leave") {
      // Another one comes in its place.
      this.clients[step.client]!.isGone = true;
      this.clients[step.client] = createClient(step.client);
    } else if (step.act === "judge") {
      this.#judgements++;
      this.stage.pool.setHealth(this.stage.pool.endpoints[step.at]!, step.isHealthy);
    } else if (step.act === "settle") this.settle();
    else if (step.act === "give up") this.#giveUp(step.at);
    else if (step.act === "answer") this.#pickStream(step.at)?.answer();
    else if (step.act === "refuse") this.#pickStream(step.at)?.refuse();
    else if (step.act === "ready") this.#pick("opening", step.at)?.ready(step.limit);
    else if (step.act === "fail") this.#pick("opening", step.at)?.fail();
    else if (step.act === "allow") this.#pick("ready", step.at)?.allow(step.limit);
    else if (step.act === "drain") this.#pick("ready", step.at)?.drain();
    else (this.#pick("ready", step.at) ?? this.#pick("draining", step.at))?.lose();
    this.#check();
  }

  #open(fresh: boolean, tried: string | null, by: ClientFacts, repeats: boolean): void {
    const since = this.#judgements;
    const mayGoTo = (endpoint: string) => this.#judgements > since || this.#isInTurn(endpoint);
    const claim = new ModelClaim(fresh, tried, by, mayGoTo, () => {
      if (repeats) this.#open(fresh, HOSTS[0]!, by, false);
    });
    this.claims.push(claim);
    this.stage.pool.open(claim);
    if (claim.outcome === "none") claim.outcome = "waits";
  }

  #isInTurn(endpoint: string): boolean {
    const { endpoints } = this.stage.pool;
    return endpoints.every(({ isHealthy }) => !isHealthy) || endpoints.some(({ label, isHealthy }) => label === endpoint && isHealthy);
  }

  #pick(state: string, index: number) {
    const some = this.stage.connections.filter((connection) => connection.state === state);
    return some[index % Math.max(1, some.length)];
  }

  #pickStream(index: number): FakeStream | undefined {
    const streams = this.stage.connections.flatMap((connection) => connection.streams);
    return streams[index % Math.max(1, streams.length)];
  }

  #giveUp(index: number): void {
    const open = this.claims.filter(({ outcome }) => outcome === "waits" || outcome === "has stream");
    const claim = open[index % Math.max(1, open.length)];
    if (claim === undefined) return;
    const { stream } = claim;
    claim.forget();
    if (stream === null) this.stage.pool.forget(claim);
    else stream.cancel();
  }

  settle(): void {
    for (const close of this.#closings.splice(0)) close();
    this.#check();
  }

  #check(): void {
    const { pool, connections } = this.stage;
    const { open, idle, pending } = pool.counts;
    const alive = connections.filter(({ state }) => state !== "closed");
    const draining = alive.filter(({ state }) => state === "draining").length;
    const count = (outcome: Outcome) => this.claims.filter((claim) => claim.outcome === outcome).length;
    assert.equal(open, alive.length, "each connection is counted, and nothing else");
    assert.ok(open - draining <= LIMIT && open <= 2 * LIMIT, `${open} connections, ${draining} of them drain`);
    assert.equal(idle, alive.filter(({ state, openStreams }) => state === "ready" && openStreams === 0).length);
    assert.equal(pool.streams, count("has stream"));
    for (const { openStreams } of connections) assert.ok(openStreams <= STREAMS, `${openStreams} streams on one connection`);
    const inLine = this.claims.filter(({ queueTicket, outcome }) => queueTicket >= 0 && outcome === "waits");
    assert.equal(inLine.length, pending);
    assert.ok(pending <= PENDING, `${pending} wait`);
    const opening = alive.some(({ state }) => state === "opening");
    assert.ok(count("waits") === pending || opening, "a claim waits for a connection that nobody opens");
    if (pending === 0) return;
    const mayConnect = open < 2 * LIMIT;
    assert.ok(!mayConnect || open - draining === LIMIT, "somebody waits while another connection may be opened");
    for (const claim of inLine) {
      for (const each of alive) {
        if (each.freeStreams === 0) continue;
        assert.ok(!mayConnect, "somebody waits while a connection could be retired for him");
        const suits = (each.client === null || each.client === claim.client) && !(claim.needsFresh && each.hasServed);
        assert.ok(!suits || !this.#isInTurn(each.endpoint), "somebody waits while a connection has room for him");
      }
    }
  }

  finish(): void {
    for (let i = this.claims.length; i > 0; i--) this.#giveUp(0);
    this.#check();
    this.stage.pool.close();
    for (let opening = this.#pick("opening", 0); opening !== undefined; opening = this.#pick("opening", 0)) opening.ready();
    this.settle();
    assert.deepEqual(this.stage.pool.counts, { open: 0, idle: 0, pending: 0 });
    for (const { outcome } of this.claims) assert.ok(outcome !== "none" && outcome !== "waits", "each claim hears of its end");
  }
}

describe("the books of a pool whose connections carry many requests", () => {
  for (const [pace, closesAtOnce, proxyProtocol] of [
    ["where connections close at once", true, null],
    ["where connections take a while to close", false, null],
    ["where connections close at once, with PROXY headers", true, "v2"],
    ["where connections take a while to close, with PROXY headers", false, "v2"],
  ] as const) {
    it(`are right whatever happens, ${pace}`, () => {
      fc.assert(
        fc.property(fc.array(act, { maxLength: 80, size: "max" }), (steps) => {
          const play = new Play(closesAtOnce, proxyProtocol);
          for (const step of steps) play.run(step);
          play.finish();
        }),
        { numRuns: 500 },
      );
    });
  }
});
