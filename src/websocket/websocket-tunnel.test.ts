// A tunnel between two ends that write down what they get. Draining is told of in http1/tunnel.test.ts, by a whole connection.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { frame, readFrames } from "../../test/kit/websocket-frames.ts";
import { FakeClock, type Fault, Timer, type TimerOwner, TimerWheel } from "../base/index.ts";
import type { ClientEvents, WebSocketLimits } from "../http/index.ts";
import { type ClientWriter, WebSocketTunnel } from "./websocket-tunnel.ts";

const NONE: WebSocketLimits = { idleMs: undefined, messageBytes: null, messagesPerSecond: null, untilMs: null };
const TOO_LARGE = "\u0003\u00f1SP_WS_MESSAGE_TOO_LARGE";
const TOO_MANY = "\u0003\u00f0SP_WS_TOO_MANY_MESSAGES";
const BAD_FRAME = "\u0003\u00eaSP_WS_BAD_FRAME";
const IDLE = "\u0003\u00e9SP_WS_IDLE";
const EXPIRED = "\u0003\u00f0SP_WS_CREDENTIAL_EXPIRED";
const LISTENER_IDLE_MS = 60_000;

class TunnelStage implements ClientEvents, ClientWriter, TimerOwner {
  readonly holdsConnection = false;
  readonly toll = "answer";
  readonly webSocket: WebSocketLimits | null;
  readonly tunnel: WebSocketTunnel;
  readonly faults: string[] = [];
  /** What the owner ended it for. */
  ended: string | null = null;
  clientTakes = true;
  upstreamTakes = true;
  isRequestEnded = false;
  #toClient = Buffer.alloc(0);
  #toUpstream = Buffer.alloc(0);
  readonly #clock = new FakeClock();
  readonly #wheel = new TimerWheel(this.#clock);
  readonly #timer = new Timer(this, 0);

  constructor(limits: Partial<WebSocketLimits> | null = {}) {
    this.webSocket = limits === null ? null : { ...NONE, ...limits };
    this.tunnel = new WebSocketTunnel(this, this, this.#wheel, this.#timer, LISTENER_IDLE_MS);
  }

  send(bytes: Uint8Array): boolean {
    this.#wheel.touch();
    return this.tunnel.toUpstream(bytes);
  }

  answer(bytes: Uint8Array): boolean {
    this.#wheel.touch();
    return this.tunnel.toClient(bytes);
  }

  advance(ms: number): this {
    this.#clock.advance(ms);
    return this;
  }

  /** What each end has got, as `opcode payload`; the bytes must be whole frames. */
  get client(): string[] {
    return toWords(this.#toClient, false);
  }

  get upstream(): string[] {
    return toWords(this.#toUpstream, true);
  }

  get upstreamBytes(): Buffer {
    return this.#toUpstream;
  }

  get clientBytes(): Buffer {
    return this.#toClient;
  }

  write(chunk: Uint8Array): boolean {
    this.#toClient = Buffer.concat([this.#toClient, chunk]);
    return this.clientTakes;
  }

  onRequestChunk(chunk: Uint8Array): boolean {
    assert.ok(!this.isRequestEnded, "nothing comes behind the end");
    this.#toUpstream = Buffer.concat([this.#toUpstream, chunk]);
    return this.upstreamTakes;
  }

  onRequestEnd(): void {
    this.isRequestEnded = true;
  }

  onTunnelFault(fault: Fault): void {
    this.faults.push(fault.kind.code);
  }

  onTimer(): void {
    const fault = this.tunnel.check();
    if (fault !== null) this.ended = fault.kind.code;
  }

  onRequestReady(): void {}
  onRequestFault(): void {}
  onClientDrain(): void {}
  onClientGone(): void {}
}

function toWords(bytes: Buffer, isMasked: boolean): string[] {
  return readFrames(bytes.toString("latin1")).map((read) => {
    assert.equal(read.isMasked, isMasked);
    return `${read.first.toString(16)} ${read.payload}`;
  });
}

const ours = (first: number, payload = "") => frame(first, payload, true);

/** Sends `bytes` to a tunnel in two pieces, once for each place to cut them, and byte by byte. */
function cutEverywhere(bytes: Uint8Array, limits: Partial<WebSocketLimits>, look: (stage: TunnelStage, how: string) => void): void {
  for (let at = 0; at <= bytes.length; at++) {
    const stage = new TunnelStage(limits);
    stage.send(bytes.subarray(0, at));
    stage.send(bytes.subarray(at));
    look(stage, `cut at ${at}`);
  }
  const stage = new TunnelStage(limits);
  for (const byte of bytes) stage.send(Uint8Array.of(byte));
  look(stage, "byte by byte");
}

describe("a WebSocket's frames", () => {
  const anyFrames = fc.array(
    fc
      .tuple(fc.constantFrom(0x81, 0x82, 0xc1, 0x89, 0x8a), fc.constantFrom(0, 1, 125, 126, 70_000), fc.boolean())
      .map(([first, length, isLong]) =>
        ours(first, "p".repeat(first >= 0x89 && first < 0xc0 ? Math.min(length, 125) : isLong ? length : length % 200)),
      ),
    { maxLength: 6 },
  );

  it("pass as they are in both directions, however they are cut", () => {
    fc.assert(
      fc.property(anyFrames, fc.array(fc.nat(), { maxLength: 12 }), (frames, cuts) => {
        const stage = new TunnelStage({ messageBytes: 70_000, messagesPerSecond: 6 });
        const bytes = Buffer.concat(frames);
        const sorted = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
        let from = 0;
        for (const to of [...sorted, bytes.length]) {
          stage.send(bytes.subarray(from, to));
          stage.answer(bytes.subarray(from, to));
          from = to;
        }
        assert.ok(stage.upstreamBytes.equals(bytes));
        assert.ok(stage.clientBytes.equals(bytes));
        assert.deepEqual(stage.faults, []);
      }),
      { numRuns: 200 },
    );
  });

  it("are judged alike however they are cut, also when they are hardly frames any more", () => {
    const run = (bytes: Uint8Array, cuts: readonly number[]) => {
      const stage = new TunnelStage({ messageBytes: 300, messagesPerSecond: 20 });
      let from = 0;
      for (const to of [...cuts, bytes.length]) {
        stage.send(bytes.subarray(from, to));
        from = to;
      }
      // Our Close is masked anew each time.
      const [fault] = stage.faults;
      const passed = stage.upstreamBytes.subarray(0, fault === undefined ? undefined : -8 - fault.length);
      return { fault, passed: passed.toString("latin1") };
    };
    const anyChange = fc.tuple(fc.nat(), fc.nat({ max: 255 }));
    const faults = new Set<string | undefined>();
    fc.assert(
      fc.property(anyFrames, fc.array(anyChange, { maxLength: 4 }), fc.array(fc.nat(), { maxLength: 8 }), (frames, changes, cuts) => {
        const bytes = Buffer.concat(frames).subarray(0, 2000);
        for (const [at, byte] of changes) if (bytes.length > 0) bytes[at % Math.min(bytes.length, 40)] = byte;
        const sorted = cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b);
        const whole = run(bytes, []);
        assert.ok(bytes.toString("latin1").startsWith(whole.passed));
        assert.deepEqual(run(bytes, sorted), whole);
        faults.add(whole.fault);
      }),
      { numRuns: 400 },
    );
    assert.ok(faults.has("SP_WS_BAD_FRAME") && faults.has("SP_WS_MESSAGE_TOO_LARGE") && faults.has(undefined), [...faults].join());
  });

  it("are held back only for as long as their head is not whole", () => {
    const stage = new TunnelStage();
    const bytes = ours(0x82, "x".repeat(200));
    const headBytes = 8;
    for (let at = 0; at < headBytes - 1; at++) {
      stage.send(bytes.subarray(at, at + 1));
      assert.equal(stage.upstreamBytes.length, 0, `${at}`);
    }
    stage.send(bytes.subarray(headBytes - 1, headBytes + 10));
    assert.equal(stage.upstreamBytes.length, headBytes + 10);
  });

  it("wait where the other end has no room, and the bytes are still its own", () => {
    const stage = new TunnelStage();
    stage.upstreamTakes = false;
    assert.equal(stage.send(ours(0x81, "a")), false);
    stage.clientTakes = false;
    assert.equal(stage.answer(frame(0x81, "b")), false);
    assert.deepEqual([stage.upstream, stage.client], [["81 a"], ["81 b"]]);
  });

  it("of the upstream are not judged: what it may send is between the two ends", () => {
    const stage = new TunnelStage({ messageBytes: 1, messagesPerSecond: 1 });
    const bytes = Buffer.concat([frame(0x8f, "?"), frame(0x82, "long"), frame(0x80, "x")]);
    stage.answer(bytes);
    assert.ok(stage.clientBytes.equals(bytes));
    assert.deepEqual(stage.faults, []);
  });

  it("that the client sends behind its Close go nowhere, and keep nothing alive", () => {
    const stage = new TunnelStage({ idleMs: 1000 });
    stage.send(Buffer.concat([ours(0x88, "\u0003\u00e8"), ours(0x81, "late")]));
    assert.deepEqual(stage.upstream, ["88 \u0003\u00e8"]);
    stage.advance(900).send(ours(0x81, "later"));
    stage.advance(200);
    assert.deepEqual(stage.faults, ["SP_WS_IDLE"]);
    // Both ends have heard of a Close.
    assert.deepEqual([stage.upstream, stage.client], [["88 \u0003\u00e8"], []]);
    stage.advance(1100);
    assert.equal(stage.ended, "SP_WS_IDLE");
  });
});

describe("a client that goes beyond what it may", () => {
  it("is told why, as is the upstream, which sees nothing of the frame, wherever it is cut", () => {
    const before = Buffer.concat([ours(0x81, "one"), ours(0x01, "0123456789"), ours(0x89, "ping")]);
    cutEverywhere(Buffer.concat([before, ours(0x80, "x"), ours(0x81, "ignored")]), { messageBytes: 10 }, (stage, how) => {
      assert.deepEqual(stage.upstream, ["81 one", "1 0123456789", "89 ping", `88 ${TOO_LARGE}`], how);
      assert.deepEqual(stage.client, [`88 ${TOO_LARGE}`], how);
      assert.deepEqual(stage.faults, ["SP_WS_MESSAGE_TOO_LARGE"], how);
    });
  });

  it("is told before any of a long frame has come", () => {
    const stage = new TunnelStage({ messageBytes: 1024 });
    stage.send(ours(0x82, "x".repeat(70_000)).subarray(0, 14));
    assert.deepEqual([stage.upstream, stage.client], [[`88 ${TOO_LARGE}`], [`88 ${TOO_LARGE}`]]);
    // Whatever still comes is taken and thrown away, so that the client gets to read.
    assert.equal(stage.send(new Uint8Array(100_000)), true);
    assert.equal(stage.upstream.length, 1);
  });

  it("in the rate of messages, or in the form of a frame, is told so, wherever it is cut", () => {
    const flood = Buffer.concat([ours(0x81, "a"), ours(0x89), ours(0x81, "b")]);
    cutEverywhere(flood, { messagesPerSecond: 2 }, (stage, how) => {
      assert.deepEqual(stage.upstream, ["81 a", "89 ", `88 ${TOO_MANY}`], how);
      assert.deepEqual(stage.client, [`88 ${TOO_MANY}`], how);
    });
    for (const bad of [
      frame(0x81, "bare"),
      ours(0x83),
      ours(0x80),
      ours(0x09),
      Uint8Array.of(0x82, 255, 128, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4),
    ]) {
      cutEverywhere(Buffer.concat([ours(0x81, "a"), bad]), {}, (stage, how) => {
        assert.deepEqual(stage.upstream, ["81 a", `88 ${BAD_FRAME}`], how);
        assert.deepEqual(stage.faults, ["SP_WS_BAD_FRAME"], how);
      });
    }
  });

  it("may send its rate in steps, also by the clock of the wheel", () => {
    const stage = new TunnelStage({ messagesPerSecond: 10 });
    for (let i = 0; i < 50; i++) stage.advance(100).send(ours(0x81, "x"));
    assert.deepEqual(stage.faults, []);
  });

  it("is told behind the upstream's frame that is on its way to it", () => {
    const message = frame(0x82, "m".repeat(300));
    for (let cut = 1; cut < message.length; cut++) {
      const stage = new TunnelStage({ messageBytes: 1 });
      stage.answer(message.subarray(0, cut));
      stage.send(ours(0x81, "long"));
      assert.equal(stage.clientBytes.length, cut, "nothing inside of a frame");
      stage.answer(Buffer.concat([message.subarray(cut), frame(0x81, "behind")]));
      assert.deepEqual(stage.client, [`82 ${"m".repeat(300)}`, `88 ${TOO_LARGE}`], `cut at ${cut}`);
      assert.equal(stage.answer(frame(0x81, "late")), true);
      assert.equal(stage.client.length, 2);
    }
  });

  it("has a second for its Close, and so has the upstream", () => {
    const stage = new TunnelStage({ messageBytes: 1, idleMs: 500 });
    stage.send(ours(0x81, "long"));
    stage.advance(950);
    assert.equal(stage.ended, null);
    stage.advance(100);
    assert.equal(stage.ended, "SP_WS_MESSAGE_TOO_LARGE");
    assert.deepEqual(stage.faults, ["SP_WS_MESSAGE_TOO_LARGE"]);
  });

  it("is told once, also when it had been asked to leave before", () => {
    const stage = new TunnelStage({ messageBytes: 1 });
    stage.tunnel.leave();
    stage.send(ours(0x81, "long"));
    assert.deepEqual(stage.client, ["88 \u0003\u00e9"]);
    assert.deepEqual(stage.upstream, [`88 ${TOO_LARGE}`]);
    stage.tunnel.leave();
    assert.equal(stage.client.length, 1);
  });
});

describe("a WebSocket in which nothing moves", () => {
  it("ends with 1001 on both sides, exactly when its time is over", () => {
    const stage = new TunnelStage({ idleMs: 5000 });
    stage.advance(3000).send(ours(0x81, "x"));
    stage.advance(4980);
    assert.deepEqual(stage.faults, []);
    stage.advance(30);
    assert.deepEqual(stage.faults, ["SP_WS_IDLE"]);
    assert.deepEqual(stage.client, [`88 ${IDLE}`]);
    assert.deepEqual(stage.upstream, ["81 x", `88 ${IDLE}`]);
    stage.advance(1000);
    assert.equal(stage.ended, "SP_WS_IDLE");
  });

  it("is kept by a ping or a pong of either end", () => {
    const stage = new TunnelStage({ idleMs: 5000 });
    for (let i = 0; i < 10; i++) {
      stage.advance(4900).answer(frame(0x89, ""));
      stage.advance(4900).send(ours(0x8a));
    }
    assert.deepEqual(stage.faults, []);
  });

  it("has the listener's time where the route says nothing, and all the time where it says off", () => {
    for (const limits of [null, {}]) {
      const stage = new TunnelStage(limits);
      stage.advance(LISTENER_IDLE_MS - 20);
      assert.deepEqual(stage.faults, []);
      stage.advance(30);
      assert.deepEqual(stage.faults, ["SP_WS_IDLE"]);
    }
    const endless = new TunnelStage({ idleMs: null }).advance(100 * LISTENER_IDLE_MS);
    assert.deepEqual(endless.faults, []);
  });

  it("tells the upstream behind the frame that the client has stopped in, and drops one whose head is not whole", () => {
    const message = ours(0x82, "m".repeat(300));
    for (let cut = 1; cut < 20; cut++) {
      const stage = new TunnelStage({ idleMs: 1000 });
      stage.send(message.subarray(0, cut));
      stage.advance(1010);
      assert.deepEqual(stage.faults, ["SP_WS_IDLE"]);
      stage.send(Buffer.concat([message.subarray(cut), ours(0x81, "behind")]));
      assert.deepEqual(stage.upstream, cut < 8 ? [`88 ${IDLE}`] : [`82 ${"m".repeat(300)}`, `88 ${IDLE}`], `cut at ${cut}`);
    }
  });
});

describe("a WebSocket whose credential expires", () => {
  it("ends with 1008 on both sides, however busy it is", () => {
    const stage = new TunnelStage({ untilMs: 3000 });
    for (let i = 0; i < 29; i++) stage.advance(100).send(ours(0x81, "x"));
    assert.deepEqual(stage.faults, []);
    stage.advance(110).send(ours(0x81, "late"));
    assert.deepEqual(stage.faults, ["SP_WS_CREDENTIAL_EXPIRED"]);
    assert.deepEqual(stage.client, [`88 ${EXPIRED}`]);
    assert.equal(stage.upstream.length, 30);
    assert.equal(stage.upstream.at(-1), `88 ${EXPIRED}`);
    stage.advance(1000);
    assert.equal(stage.ended, "SP_WS_CREDENTIAL_EXPIRED");
  });

  it("ends also while a drain waits for the client", () => {
    const stage = new TunnelStage({ untilMs: 500 });
    stage.tunnel.leave();
    stage.advance(510);
    assert.deepEqual(stage.client, ["88 \u0003\u00e9"]);
    assert.deepEqual(stage.upstream, [`88 ${EXPIRED}`]);
  });
});

describe("a client that has sent its last byte", () => {
  it("ends the request, and nothing is told to the upstream behind that", () => {
    const stage = new TunnelStage({ idleMs: 1000 });
    stage.send(ours(0x81, "x").subarray(0, 3));
    stage.tunnel.endFromClient();
    assert.ok(stage.isRequestEnded);
    stage.advance(1010);
    assert.deepEqual(stage.client, [`88 ${IDLE}`]);
    assert.equal(stage.upstreamBytes.length, 0);
    stage.advance(1000);
    assert.equal(stage.ended, "SP_WS_IDLE");
  });

  it("is not spoken for by a drain", () => {
    const stage = new TunnelStage();
    stage.tunnel.endFromClient();
    stage.tunnel.leave();
    stage.advance(1100);
    assert.equal(stage.upstreamBytes.length, 0);
  });
});
