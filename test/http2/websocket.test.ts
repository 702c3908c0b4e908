// WebSockets over HTTP/2 (RFC 8441) on the side of the client: the tunnel of websocket/ with a stream for a connection.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import * as H2 from "../kit/h2-frames.ts";
import type { H2Field } from "../kit/h2-hpack.ts";
import type { H2StreamRecord } from "../kit/h2-peer.ts";
import { frame, readFrames } from "../kit/websocket-frames.ts";
import { get, ServerStage, type ServerStageOptions, type StagedExchange } from "./stage.ts";

const NO_ERROR = 0;
const CANCEL = 8;
const GOING_AWAY = "\u0003\u00e9";
const TOO_LARGE = "\u0003\u00f1SP_WS_MESSAGE_TOO_LARGE";
const LONG = "m".repeat(5000);

const OPEN: readonly H2Field[] = [
  [":method", "CONNECT"],
  [":protocol", "websocket"],
  [":scheme", "http"],
  [":authority", "a"],
  [":path", "/chat"],
  ["sec-websocket-version", "13"],
];

interface Opened {
  readonly stage: ServerStage;
  readonly stream: H2StreamRecord;
  readonly exchange: StagedExchange;
}

async function open(messageBytes: number | null = null, options: ServerStageOptions = {}): Promise<Opened> {
  const stage = await ServerStage.open(options);
  stage.script = (exchange) => {
    exchange.webSocket = { idleMs: undefined, messageBytes, messagesPerSecond: null, untilMs: null };
    exchange.onRequestReady = () => {
      exchange.begin(101, undefined, { Upgrade: "websocket", "Sec-WebSocket-Accept": "x" });
      exchange.client.resumeRequest();
    };
  };
  const stream = stage.peer.request(OPEN, 0);
  await stage.settle();
  return { stage, stream, exchange: stage.exchange(0) };
}

async function say({ stage, stream }: Opened, bytes: Uint8Array, flags = 0): Promise<void> {
  stage.peer.send(H2.data(stream.id, bytes, flags));
  await stage.settle();
}

async function answer({ stage, exchange }: Opened, bytes: Uint8Array): Promise<void> {
  exchange.client.write(bytes);
  await stage.settle();
}

const ours = (first: number, payload = "") => frame(first, payload, true);
const words = (bytes: string) =>
  readFrames(bytes).map(({ first, payload }) => `${first.toString(16)} ${payload === LONG ? "LONG" : payload}`);

describe("a WebSocket over HTTP/2", () => {
  it("is announced, asked for by CONNECT with :protocol, and to the exchange an upgrade as over HTTP/1.1", async () => {
    const { stage, stream, exchange } = await open();
    assert.equal(stage.peer.settings?.get(H2.SETTINGS_ENABLE_CONNECT_PROTOCOL), 1);
    assert.deepEqual([exchange.head?.method, exchange.head?.target, exchange.head?.upgrade], ["GET", "/chat", "websocket"]);
    assert.equal(stream.status, 200);
    assert.deepEqual([stream.field("upgrade"), stream.field("connection"), stream.field("sec-websocket-accept")], [null, null, null]);
    assert.ok(!stream.isOver);
  });

  it("carries frames both ways, however they are cut into DATA, beside other requests", async () => {
    const bytes = Buffer.concat([ours(0x81, "one"), ours(0x02, LONG), ours(0x89), ours(0x80, "two")]);
    const opened = await open();
    const { stage, stream, exchange } = opened;
    for (const byte of bytes.subarray(0, 20)) await say(opened, Uint8Array.of(byte));
    await say(opened, bytes.subarray(20));
    assert.deepEqual(words(exchange.body), ["81 one", "2 LONG", "89 ", "80 two"]);
    stage.script = (other) => {
      other.onRequestReady = () => other.answer(200, "beside");
    };
    const other = stage.peer.request(get());
    await answer(opened, frame(0x82, LONG));
    assert.equal(other.body, "beside");
    assert.deepEqual(words(stream.body), ["82 LONG"]);
    assert.equal(stage.peer.problem, null);
  });

  it("ends with either side's END_STREAM", async () => {
    const first = await open();
    await say(first, new Uint8Array(0), H2.END_STREAM);
    assert.equal(first.exchange.story, "end");
    first.exchange.client.end(null);
    await first.stage.settle();
    assert.ok(first.stream.isEnded);
    assert.equal(first.stream.resetCode, null);
    const second = await open();
    second.exchange.client.end(null);
    await second.stage.settle();
    assert.ok(second.stream.isEnded);
    // The client's own end comes by itself; only one that has none is told to stop.
    assert.equal(second.stream.resetCode, null);
    await say(second, ours(0x88, GOING_AWAY));
    assert.equal(second.stage.peer.problem, null);
    await second.stage.advance(1100);
    assert.equal(second.stream.resetCode, NO_ERROR);
  });

  it("is gone when its client resets the stream", async () => {
    const opened = await open();
    opened.stage.peer.send(H2.rstStream(opened.stream.id, CANCEL));
    await opened.stage.settle();
    assert.equal(opened.exchange.events.at(-1), "gone SP_H2_STREAM_RESET");
  });

  it("may be silent for longer than a body may, and ends when the listener's time is over", async () => {
    const opened = await open();
    for (let i = 0; i < 11; i++) await opened.stage.advance(5000);
    assert.deepEqual(opened.exchange.events, []);
    await opened.stage.advance(5100);
    assert.deepEqual(opened.exchange.events, ["tunnel SP_WS_IDLE", "chunk"]);
    assert.deepEqual(words(opened.stream.body), [`88 ${GOING_AWAY}SP_WS_IDLE`]);
    await opened.stage.advance(1100);
    assert.equal(opened.exchange.events.at(-1), "gone SP_WS_IDLE");
    // Its end is in order: a reset could cost the client the Close.
    assert.ok(opened.stream.isEnded);
    assert.equal(opened.stream.resetCode, null);
    opened.stage.connection?.drain();
    await opened.stage.settle();
    assert.equal(opened.stage.peer.problem, null, "nothing is said behind the end");
  });

  it("is told 1001 between two frames when the connection drains, while other requests go on", async () => {
    const message = frame(0x82, LONG);
    for (const cut of [1, 4, 100, message.length - 1]) {
      const opened = await open();
      const { stage, stream } = opened;
      await answer(opened, message.subarray(0, cut));
      stage.connection?.drain();
      await stage.settle();
      await answer(opened, Buffer.concat([message.subarray(cut), frame(0x81, "late")]));
      assert.deepEqual(words(stream.body), ["82 LONG", `88 ${GOING_AWAY}`], `cut at ${cut}`);
      await say(opened, ours(0x88, GOING_AWAY));
      assert.deepEqual(words(opened.exchange.body), [`88 ${GOING_AWAY}`]);
      opened.exchange.client.end(null);
      await say(opened, new Uint8Array(0), H2.END_STREAM);
      assert.ok(stream.isEnded);
      assert.equal(stage.peer.problem, null);
    }
  });
});

describe("a WebSocket over HTTP/2 that goes beyond what it may", () => {
  it("is told by a Close, wherever its frames are cut, and its stream ends with the upstream's", async () => {
    const bytes = Buffer.concat([ours(0x81, "one"), ours(0x82, "0123456789x")]);
    for (let cut = 0; cut <= bytes.length; cut++) {
      const opened = await open(10);
      await say(opened, bytes.subarray(0, cut));
      await say(opened, bytes.subarray(cut));
      assert.deepEqual(words(opened.stream.body), [`88 ${TOO_LARGE}`], `cut at ${cut}`);
      assert.deepEqual(words(opened.exchange.body), ["81 one", `88 ${TOO_LARGE}`], `cut at ${cut}`);
      opened.exchange.client.end(null);
      await opened.stage.settle();
      assert.ok(opened.stream.isEnded);
    }
  });

  it("ends in order for the client when the upstream resets its connection", async () => {
    const opened = await open(10);
    await say(opened, ours(0x82, LONG));
    opened.exchange.client.abort({ kind: {} as never, detail: "", told: null });
    await opened.stage.settle();
    assert.deepEqual(words(opened.stream.body), [`88 ${TOO_LARGE}`]);
    assert.ok(opened.stream.isEnded);
    assert.equal(opened.stream.resetCode, null);
  });

  it("ends a second later when nobody ends it, and the rest of the connection goes on", async () => {
    const opened = await open(10);
    const { stage, stream, exchange } = opened;
    await say(opened, ours(0x82, LONG));
    await stage.advance(950);
    assert.ok(!stream.isOver);
    await stage.advance(100);
    assert.equal(exchange.events.at(-1), "gone SP_WS_MESSAGE_TOO_LARGE");
    assert.ok(stream.isEnded);
    stage.script = (other) => {
      other.onRequestReady = () => other.answer(200, "goes on");
    };
    const other = stage.peer.request(get());
    await stage.settle();
    assert.equal(other.body, "goes on");
  });

  it("gives its windows back for what is thrown away: the client gets to say its Close", async () => {
    const opened = await open(10);
    await say(opened, ours(0x82, "x".repeat(60_000)).subarray(0, 14));
    const sent = Buffer.alloc(16_000);
    for (let i = 0; i < 20; i++) await say(opened, sent);
    assert.equal(opened.stage.peer.problem, null);
    assert.equal(opened.stage.peer.goodbye, null);
    assert.equal(opened.exchange.body.length, ours(0x88, TOO_LARGE).length);
  });
});
