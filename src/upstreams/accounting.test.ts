// The pool's books against a model that knows only what happened: random sequences of requests, answers, losses and time.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FakeClock, type Fault, TimerWheel } from "../base/index.ts";
import { type ClientFacts, Fields, type UpstreamStream } from "../http/index.ts";
import { ClientConnection } from "../http1/index.ts";
import type { UpstreamClaim } from "../pipeline/index.ts";
import { MemoryNetwork, type Socket } from "../transport/index.ts";
import { Pool } from "./index.ts";

type Outcome = "none" | "waits" | "has stream" | "done" | "fault" | "forgotten";

class ModelClaim implements UpstreamClaim {
  queueTicket = -1;
  readonly client: ClientFacts;
  readonly needsFresh: boolean;
  readonly tried: string | null;
  outcome: Outcome = "none";
  stream: UpstreamStream | null = null;
  wasReused = false;

  constructor(needsFresh: boolean, tried: string | null, client: ClientFacts) {
    this.client = client;
    this.needsFresh = needsFresh;
    this.tried = tried;
  }

  get isRepeat(): boolean {
    return this.tried !== null;
  }

  hasTried(endpoint: string): boolean {
    return endpoint === this.tried;
  }

  onStream(stream: UpstreamStream, _endpoint: string, authority: string): void {
    this.#become("has stream", ["none", "waits"]);
    this.stream = stream;
    this.wasReused = stream.isReused;
    assert.ok(stream instanceof ClientConnection);
    assert.ok(stream.client === null || stream.client === this.client, "a connection serves a client that it does not speak for");
    stream.send({
      method: "GET",
      target: "/",
      authority,
      fields: new Fields(""),
      bodyLength: 0,
      expectsContinue: false,
      acceptsTrailers: false,
      upgrade: null,
    });
  }

  onOpenFault(_fault: Fault, _endpoint: string): void {
    this.#become("fault", ["none", "waits"]);
  }

  onResponseEnd(): void {
    this.#become("done", ["has stream"]);
    this.stream = null;
  }

  onUpstreamFault(): void {
    this.#become("fault", ["has stream"]);
    this.stream = null;
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
  | { readonly act: "open"; readonly fresh: boolean; readonly tried: number; readonly client: number }
  | { readonly act: "leave"; readonly client: number }
  | { readonly act: "answer" | "answerAndClose" | "end" | "reset" | "chatter" | "give up"; readonly at: number }
  | { readonly act: "wait"; readonly ms: number }
  | { readonly act: "judge"; readonly host: number; readonly isHealthy: boolean }
  | { readonly act: "reach"; readonly host: number; readonly how: "ECONNREFUSED" | "blackhole" | null };

const at = fc.nat(40);
const client = fc.nat(2);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ act: fc.constant("open" as const), fresh: fc.boolean(), tried: fc.nat(3), client }) },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("leave" as const), client }) },
  { weight: 6, arbitrary: fc.record({ act: fc.constant("answer" as const), at }) },
  {
    weight: 6,
    arbitrary: fc.record({ act: fc.constantFrom("answerAndClose", "end", "reset", "chatter", "give up"), at }) as fc.Arbitrary<Act>,
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant("wait" as const), ms: fc.constantFrom(10, 500, 1500, 70_000) }) },
  { weight: 2, arbitrary: fc.record({ act: fc.constant("judge" as const), host: fc.nat(1), isHealthy: fc.boolean() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      act: fc.constant("reach" as const),
      host: fc.nat(1),
      how: fc.constantFrom("ECONNREFUSED" as const, "blackhole" as const, null),
    }),
  },
);

const LIMIT = 3;
const PENDING = 2;
const HOSTS = ["10.0.0.1", "10.0.0.2"];

function createClient(port: number): ClientFacts {
  const ends = { address: "192.0.2.7", port, localAddress: "198.51.100.1", localPort: 443 };
  return { listener: "l", ...ends, version: 11, isGone: false, tls: null, forwarding: null };
}

class Play {
  readonly network = new MemoryNetwork({ schedule: null });
  readonly clock = new FakeClock(1);
  readonly wheel = new TimerWheel(this.clock);
  readonly pool: Pool;
  readonly claims: ModelClaim[] = [];
  readonly accepted: Socket[] = [];
  readonly clients = [createClient(1), createClient(2), createClient(3)];

  constructor(pumpsAtOnce: boolean, proxyProtocol: "v2" | null) {
    this.#pumpsAtOnce = pumpsAtOnce;
    this.pool = new Pool(
      {
        name: "u",
        endpoints: HOSTS.map((host) => ({ address: { host, port: 80 }, authority: "u", weight: 1, tls: null })),
        bounds: { connectMs: 1000, firstByteMs: 30_000, betweenBytesMs: 30_000, idleMs: 60_000 },
        connections: LIMIT,
        pending: PENDING,
        proxyProtocol,
      },
      this.network.transport,
      this.wheel,
    );
    for (const host of HOSTS) {
      void this.network.transport.listen({ host, port: 80 }, (socket) => {
        this.accepted.push(socket);
        return { onOpen() {}, onData() {}, onDrain() {}, onEnd: () => socket.end(), onClose() {} };
      });
    }
  }

  readonly #pumpsAtOnce: boolean;

  run(step: Act): void {
    if (step.act === "open") {
      const claim = new ModelClaim(step.fresh, step.tried < HOSTS.length ? `${HOSTS[step.tried]}:80` : null, this.clients[step.client]!);
      this.claims.push(claim);
      this.pool.open(claim);
      if (claim.outcome === "none") claim.outcome = "waits";
    } else if (step.act === "leave") {
      // Another one comes in its place.
      this.clients[step.client]!.isGone = true;
      this.clients[step.client] = createClient(step.client);
    } else if (step.act === "wait") this.clock.advance(step.ms);
    else if (step.act === "reach") this.network.setConnectFault({ host: HOSTS[step.host] as string, port: 80 }, step.how);
    else if (step.act === "judge") this.pool.setHealth(this.pool.endpoints[step.host]!, step.isHealthy);
    else if (step.act === "give up") this.#giveUp(step.at);
    else this.#fromUpstream(step.act, step.at);
    if (this.#pumpsAtOnce) this.settle();
  }

  #giveUp(at: number): void {
    const open = this.claims.filter(({ outcome }) => outcome === "waits" || outcome === "has stream");
    const claim = open[at % Math.max(1, open.length)];
    if (claim === undefined) return;
    const { stream } = claim;
    claim.forget();
    if (stream === null) this.pool.forget(claim);
    else stream.cancel();
  }

  #fromUpstream(act: "answer" | "answerAndClose" | "end" | "reset" | "chatter", at: number): void {
    const open = this.accepted.filter((socket) => !socket.closed);
    const socket = open[at % Math.max(1, open.length)];
    if (socket === undefined) return;
    if (act === "end") socket.end();
    else if (act === "reset") socket.reset();
    else socket.writeText(act === "chatter" ? "HTTP/1.1 2" : "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    if (act === "answerAndClose") socket.end();
  }

  settle(): void {
    this.network.pump();
    this.#check();
  }

  /** Nothing is on its way: now the books must be right. */
  #check(): void {
    const { open, idle, pending } = this.pool.counts;
    const count = (outcome: Outcome) => this.claims.filter((claim) => claim.outcome === outcome).length;
    const sockets = this.network.openSockets.filter((socket) => HOSTS.includes(socket.remoteAddress)).length;
    assert.equal(open, sockets, "each connection is counted, and nothing else");
    assert.ok(open <= LIMIT, `${open} connections`);
    assert.ok(pending <= PENDING, `${pending} wait`);
    assert.ok(count("waits") >= pending);
    if (pending > 0) assert.deepEqual([open, idle], [LIMIT, 0], "somebody waits while there is room");
    const opening = open - idle - count("has stream");
    assert.ok(opening >= 0, "a connection is lent twice, or rests while it is lent");
    assert.ok(count("waits") - pending <= opening, "a claim waits for a connection that nobody opens");
    for (const claim of this.claims) if (claim.needsFresh) assert.equal(claim.wasReused, false);
  }

  finish(): void {
    this.settle();
    for (let i = this.claims.length; i > 0; i--) this.#giveUp(0);
    this.pool.close();
    this.network.pump();
    this.clock.advance(2000);
    this.network.pump();
    assert.deepEqual(this.pool.counts, { open: 0, idle: 0, pending: 0 });
    for (const socket of this.accepted) socket.close();
    this.network.pump();
    assert.equal(this.network.openSockets.length, 0);
    assert.equal(this.wheel.size, 0, "timers are left armed");
    for (const { outcome } of this.claims) assert.ok(outcome !== "none" && outcome !== "waits", "each claim hears of its end");
  }
}

describe("the pool's books", () => {
  for (const [pace, pumpsAtOnce, proxyProtocol] of [
    ["at rest after each step", true, null],
    ["with many things on their way at once", false, null],
    ["at rest after each step, with PROXY headers", true, "v2"],
    ["with many things on their way at once, with PROXY headers", false, "v2"],
  ] as const) {
    it(`are right whatever happens, ${pace}`, () => {
      fc.assert(
        fc.property(fc.array(act, { maxLength: 60, size: "max" }), (steps) => {
          const play = new Play(pumpsAtOnce, proxyProtocol);
          for (const step of steps) play.run(step);
          play.finish();
        }),
        { numRuns: 300 },
      );
    });
  }
});
