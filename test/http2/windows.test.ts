// The books of what was received and granted: whatever becomes of a stream, each of its bytes comes back to the connection once.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import * as H2 from "../kit/h2-frames.ts";
import { get, post, ServerStage } from "./stage.ts";

const DEFAULT_WINDOW = 65_535;
const STREAM_WINDOW = 256 * 1024;
const CONNECTION_WINDOW = 1024 * 1024;
const CANCEL = 8;

const size = fc.constantFrom(0, 1, 255, 1000, 9000, 16_000);
const step = fc.record({
  act: fc.constantFrom(
    "open",
    "open",
    "data",
    "data",
    "data",
    "data",
    "padded",
    "end",
    "trailers",
    "reset",
    "pause",
    "take",
    "answer",
    "abort",
    "long",
  ),
  which: fc.nat(5),
  size,
  more: size,
  settles: fc.boolean(),
});

/** A client that keeps the rules: never more than its windows allow. What it may still send on the connection is the measure. */
class Sender {
  readonly stage: ServerStage;
  readonly ids: number[] = [];
  readonly open = new Set<number>();
  sent = 0;
  readonly #sentOn = new Map<number, number>();

  constructor(stage: ServerStage) {
    this.stage = stage;
  }

  /** What the gateway may still be sent on the connection. */
  get room(): number {
    return DEFAULT_WINDOW + this.stage.peer.grantedBytes - this.sent;
  }

  data(id: number, length: number, padding: number, flags: number): void {
    const payload =
      padding === 0 ? Buffer.alloc(length, 120) : Buffer.concat([Buffer.from([padding]), Buffer.alloc(length + padding, 120)]);
    const streamRoom = STREAM_WINDOW + this.stage.peer.stream(id).grantedBytes - (this.#sentOn.get(id) ?? 0);
    if (payload.length > Math.min(this.room, streamRoom)) return;
    this.sent += payload.length;
    this.#sentOn.set(id, (this.#sentOn.get(id) ?? 0) + payload.length);
    this.stage.peer.send(H2.frame(H2.DATA, flags | (padding === 0 ? 0 : H2.PADDED), id, payload));
    if ((flags & H2.END_STREAM) !== 0) this.open.delete(id);
  }
}

async function play(steps: readonly (typeof step extends fc.Arbitrary<infer T> ? T : never)[], chunkBytes: number): Promise<void> {
  const stage = await ServerStage.open({ network: { chunkBytes }, bounds: { streams: 100 } });
  const sender = new Sender(stage);
  for (const { act, which, size: length, more, settles } of steps) {
    const id = sender.ids.at(-1 - which) ?? 0;
    const exchange = stage.exchanges.at(-1 - which);
    if (act === "open") {
      const opened = stage.peer.request(length === 1000 ? post(["content-length", "1000"]) : post(), 0).id;
      sender.ids.push(opened);
      sender.open.add(opened);
    } else if (sender.open.has(id) && (act === "data" || act === "padded" || act === "end" || act === "long")) {
      // Several frames behind each other become one piece; the last of them may be one too many.
      sender.data(id, length, 0, 0);
      if (act === "data") sender.data(id, more, 0, 0);
      else if (act === "padded") sender.data(id, more, 200, 0);
      else if (act === "end") sender.data(id, more, 0, H2.END_STREAM);
      else for (let i = 0; i < 3; i++) sender.data(id, 16_000, 0, 0);
    } else if (sender.open.has(id) && act === "trailers") {
      stage.peer.send(H2.headers(id, Buffer.alloc(0), H2.END_STREAM));
      sender.open.delete(id);
    } else if (sender.open.has(id) && act === "reset") {
      stage.peer.send(H2.rstStream(id, CANCEL));
      sender.open.delete(id);
    } else if (exchange !== undefined && act === "pause") {
      exchange.wantsMore = false;
    } else if (exchange !== undefined && act === "take") {
      exchange.wantsMore = true;
      exchange.client.resumeRequest();
    } else if (exchange !== undefined && (act === "answer" || act === "abort") && exchange.body !== "over") {
      if (act === "answer") exchange.answer(200, "");
      else exchange.client.abort({ kind: ABORT, detail: "", told: null });
      exchange.client.resumeRequest();
      exchange.body = "over";
    }
    if (settles) await stage.settle();
    // A client hears of a reset.
    for (const each of sender.open) if (stage.peer.stream(each).isOver && settles) sender.open.delete(each);
  }
  await stage.settle();
  assert.deepEqual(stage.faults, []);
  // Now all go, in whichever way, and all is there again but what is gathered for the next grant.
  for (const id of sender.open) stage.peer.send(H2.rstStream(id, CANCEL));
  for (const exchange of stage.exchanges) {
    exchange.wantsMore = true;
    exchange.client.resumeRequest();
  }
  await stage.settle();
  assert.ok(sender.room > CONNECTION_WINDOW / 2 && sender.room <= CONNECTION_WINDOW, `${sender.room} bytes are left`);
  // So that what is gathered is granted: a stream whose reader takes all.
  stage.script = (exchange) => {
    exchange.onRequestReady = () => exchange.client.resumeRequest();
  };
  const { id } = stage.peer.request(post(), 0);
  let most = 0;
  for (let i = 0; i < 80; i++) {
    sender.data(id, 16_000, 0, 0);
    await stage.settle();
    most = Math.max(most, sender.room);
  }
  assert.ok(most >= CONNECTION_WINDOW - 16_000, `${most} bytes of ${CONNECTION_WINDOW} came back`);
  assert.ok(most <= CONNECTION_WINDOW, `${most} bytes are more than there were`);
}

const ABORT = { code: "SP_TEST", status: 502, grpc: 14, blame: "upstream", retry: "never", closes: false, title: "", remedy: "" } as const;

describe("each byte of the connection's window", () => {
  it("comes back exactly once, whatever becomes of its stream", async () => {
    await fc.assert(fc.asyncProperty(fc.array(step, { maxLength: 60, size: "max" }), fc.constantFrom(1000, 20_000, 65_536), play), {
      seed: 20261124,
      numRuns: 60,
    });
  });

  it("comes back when the frame behind it costs the stream its life", async () => {
    const stage = await ServerStage.open({ network: { chunkBytes: 1 << 20, windowBytes: 1 << 20 } });
    for (let round = 0; round < 30; round++) {
      const { id } = stage.peer.request(post(), 0);
      await stage.settle();
      // One read: what fits into the window, then what does not. The next round needs what this one used.
      const frames = Array.from({ length: 16 }, () => H2.data(id, Buffer.alloc(16_384)));
      stage.peer.send(...frames, H2.data(id, "x"));
      await stage.settle();
      assert.equal(stage.peer.stream(id).resetCode, 3);
    }
    assert.deepEqual(stage.faults, []);
  });

  it("is not kept from other streams because some are not read", async () => {
    const stage = await ServerStage.open({ network: { chunkBytes: 1 << 20, windowBytes: 1 << 21 } });
    stage.script = (exchange) => {
      exchange.onRequestReady = () => exchange.head?.target === "/" || exchange.client.resumeRequest();
    };
    const sender = new Sender(stage);
    for (let i = 0; i < 3; i++) {
      const stalled = stage.peer.request(post(), 0).id;
      for (let k = 0; k < 16; k++) sender.data(stalled, 16_384, 0, 0);
      await stage.settle();
    }
    const { id } = stage.peer.request(
      [
        [":method", "POST"],
        [":scheme", "http"],
        [":authority", "a"],
        [":path", "/read"],
      ],
      0,
    );
    await stage.settle();
    for (let i = 0; i < 100; i++) {
      const before = sender.sent;
      sender.data(id, 16_384, 0, 0);
      await stage.settle();
      assert.ok(sender.sent > before, `stuck at ${i}: ${sender.room} bytes are left`);
    }
    assert.equal(stage.exchange(3).body.length, 100 * 16_384);
  });

  it("that opens in small steps is for all streams in turn", async () => {
    const stage = await ServerStage.open({ peer: { opensWindows: false } }, [H2.SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20]);
    const streams = [1, 2, 3, 4].map(() => stage.peer.request(get()));
    await stage.settle();
    for (const exchange of stage.exchanges) {
      exchange.begin(200);
      exchange.write("x".repeat(100_000));
    }
    await stage.settle();
    for (let i = 0; i < 8; i++) {
      stage.peer.send(H2.windowUpdate(0, 16_384));
      await stage.settle();
    }
    const got = streams.map(({ receivedBytes }) => receivedBytes);
    assert.ok(Math.min(...got) >= 16_384, got.join(", "));
  });

  it("tells a writer of nothing that it may go on, or goes on itself", async () => {
    const stage = await ServerStage.open({ network: { windowBytes: 1024 } }, [H2.SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20]);
    stage.client.pause();
    stage.peer.request(get());
    stage.peer.request(get());
    await stage.settle();
    for (const exchange of stage.exchanges) exchange.begin(200);
    stage.exchange(0).write("x".repeat(60_000));
    // The socket is full now, for both.
    await stage.settle();
    assert.equal(stage.exchange(1).write(""), true);
    assert.equal(stage.exchange(0).write("x"), false);
    assert.equal(stage.exchange(0).write(""), false);
    stage.client.resume();
    await stage.settle();
    assert.deepEqual([stage.exchange(0).events.at(-1), stage.exchange(1).events.at(-1)], ["drain", "ready"]);
  });
});
