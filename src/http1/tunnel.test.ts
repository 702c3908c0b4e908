// Tunnels of a whole connection: a WebSocket that drains, or is closed, is told between two frames, whatever the cuts; nothing else is
// touched. What its frames are judged by stands in websocket/.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { frame, readFrames } from "../../test/kit/websocket-frames.ts";
import { TUNNEL_IDLE } from "./faults.ts";
import { type Script, ServerStage, type StageOptions } from "./stage/server-stage.ts";

const UPGRADE = "GET /chat HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n";
const GOING_AWAY = "\u0003\u00e9";
const LONG = "m".repeat(5000);

const SWITCHES: Script = {
  onReady: (exchange) => {
    exchange.begin(101, { fields: { Upgrade: exchange.head?.upgrade ?? "" } });
    exchange.client.resumeRequest();
  },
};

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("latin1");
}

function switched(options: StageOptions = {}, upgrade = UPGRADE): ServerStage {
  const stage = new ServerStage({ script: SWITCHES, ...options }).send(upgrade);
  assert.match(stage.take(), /^HTTP\/1\.1 101 /);
  return stage;
}

function drain(stage: ServerStage): ServerStage {
  return stage.act(() => {
    stage.context.draining = true;
    stage.connection?.drain(1000);
  });
}

function fromUpstream(stage: ServerStage, bytes: Uint8Array): ServerStage {
  return stage.act(() => void stage.exchange(0).client.write(bytes));
}

/** The frames that the client got since the last look. */
function toClient(stage: ServerStage): string[] {
  return readFrames(stage.take()).map(({ first, payload, isMasked }) => {
    assert.ok(!isMasked);
    return `${first.toString(16)} ${payload === LONG ? "LONG" : payload}`;
  });
}

/** The frames that the upstream got. */
function toUpstream(stage: ServerStage): string[] {
  return readFrames(stage.exchange(0).body).map(({ first, payload, isMasked }) => {
    assert.ok(isMasked);
    return `${first.toString(16)} ${payload === LONG ? "LONG" : payload}`;
  });
}

describe("a WebSocket of a connection that drains", () => {
  it("is told at once when nothing is on its way, and the client's answer tells the upstream", () => {
    const stage = drain(switched());
    assert.deepEqual(toClient(stage), [`88 ${GOING_AWAY}`]);
    stage.send(text(frame(0x88, GOING_AWAY, true)));
    assert.deepEqual(toUpstream(stage), [`88 ${GOING_AWAY}`]);
    stage.act(() => stage.exchange(0).client.end(null));
    assert.ok(stage.isEnded);
    stage.finish();
    assert.equal(stage.leftovers, "0 sockets, 0 timers");
  });

  it("gets the rest of the frame on its way first, wherever it was cut", () => {
    const message = frame(0x82, LONG);
    for (const cut of [1, 2, 3, 4, 5, 100, 4999, message.length - 1]) {
      const stage = switched();
      fromUpstream(stage, message.subarray(0, cut));
      drain(stage);
      fromUpstream(stage, Buffer.concat([message.subarray(cut), frame(0x81, "late")]));
      assert.deepEqual(toClient(stage), ["82 LONG", `88 ${GOING_AWAY}`], `cut at ${cut}`);
      fromUpstream(stage, frame(0x81, "later"));
      assert.deepEqual(toClient(stage), []);
    }
  });

  it("loses nothing that the client has said before its own Close", () => {
    const message = text(frame(0x82, LONG, true));
    const stage = switched().send(message.slice(0, 1234));
    drain(stage);
    assert.deepEqual(toClient(stage), [`88 ${GOING_AWAY}`]);
    stage.send(message.slice(1234) + text(frame(0x81, "last", true)) + text(frame(0x88, GOING_AWAY, true)));
    assert.deepEqual(toUpstream(stage), ["82 LONG", "81 last", `88 ${GOING_AWAY}`]);
  });

  it("whose client does not answer is spoken for, between two frames of its own", () => {
    const idle = drain(switched());
    idle.advance(900);
    assert.deepEqual(toUpstream(idle), []);
    idle.advance(200);
    assert.deepEqual(toUpstream(idle), [`88 ${GOING_AWAY}`]);
    idle.send(text(frame(0x81, "ignored", true)));
    assert.deepEqual(toUpstream(idle), [`88 ${GOING_AWAY}`]);

    const message = text(frame(0x82, LONG, true));
    for (let cut = 1; cut < 20; cut++) {
      const busy = switched().send(message.slice(0, cut));
      drain(busy).advance(1100);
      busy.send(message.slice(cut) + text(frame(0x81, "ignored", true)));
      assert.deepEqual(toUpstream(busy), ["82 LONG", `88 ${GOING_AWAY}`], `cut at ${cut}`);
    }
  });

  it("is left alone where somebody has said Close already", () => {
    const byUpstream = switched();
    fromUpstream(byUpstream, frame(0x88, "\u0003\u00e8"));
    drain(byUpstream).advance(1100);
    assert.deepEqual(toClient(byUpstream), ["88 \u0003\u00e8"]);
    assert.deepEqual(toUpstream(byUpstream), []);
    const byClient = switched().send(text(frame(0x88, "\u0003\u00e8", true)));
    drain(byClient).advance(1100);
    fromUpstream(byClient, frame(0x88, "\u0003\u00e8"));
    assert.deepEqual(toClient(byClient), ["88 \u0003\u00e8"]);
    assert.deepEqual(toUpstream(byClient), ["88 \u0003\u00e8"]);
  });

  it("is told between two frames when they come in single bytes", () => {
    const stage = switched({ network: { chunkBytes: 1 } });
    const frames = Buffer.concat([frame(0x81, "one"), frame(0x81, "two")]);
    for (const byte of frames.subarray(0, 7)) fromUpstream(stage, Uint8Array.of(byte));
    drain(stage);
    for (const byte of frames.subarray(7)) fromUpstream(stage, Uint8Array.of(byte));
    assert.deepEqual(toClient(stage), ["81 one", "81 two", `88 ${GOING_AWAY}`]);
  });

  it("that opens while the gateway drains is told behind the head", () => {
    const stage = new ServerStage({ script: {} }).send(UPGRADE);
    drain(stage);
    stage.act(() => SWITCHES.onReady?.(stage.exchange(0)));
    const [head, frames] = stage.take().split("\r\n\r\n");
    assert.match(head ?? "", /^HTTP\/1\.1 101 /);
    assert.equal(frames, `\u0088\u0002${GOING_AWAY}`);
  });

  it("is told once, however often it drains, and is idle as before if nobody ends it", () => {
    const stage = drain(drain(switched()));
    assert.deepEqual(toClient(stage), [`88 ${GOING_AWAY}`]);
    stage.advance(1100).advance(130_000);
    assert.deepEqual(stage.exchange(0).events.at(-1), "gone");
  });
});

describe("a WebSocket that is closed for what its client does", () => {
  const TOO_LARGE = "\u0003\u00f1SP_WS_MESSAGE_TOO_LARGE";
  const bounded: Script = {
    onReady: (exchange) => {
      exchange.webSocket = { idleMs: 5000, messageBytes: 100, messagesPerSecond: null, untilMs: null };
      SWITCHES.onReady?.(exchange);
    },
  };

  it("ends in order when the upstream does: the client reads its Close, however much it still sends", () => {
    const stage = switched({ script: bounded });
    stage.send(text(frame(0x82, LONG, true)));
    assert.deepEqual(toClient(stage), [`88 ${TOO_LARGE}`]);
    assert.deepEqual(toUpstream(stage), [`88 ${TOO_LARGE}`]);
    stage.act(() => stage.exchange(0).client.end(null));
    assert.ok(stage.isEnded);
    for (let i = 0; i < 100; i++) stage.send("x".repeat(10_000));
    assert.equal(stage.closed, null);
    stage.finish();
    assert.equal(stage.leftovers, "0 sockets, 0 timers");
    assert.equal(stage.exchange(0).story, "ready, tunnel SP_WS_MESSAGE_TOO_LARGE, chunk");
  });

  it("ends in order for the client when the upstream resets its connection", () => {
    const stage = switched({ script: bounded });
    stage.send(text(frame(0x82, LONG, true)));
    stage.act(() => stage.exchange(0).client.abort(TUNNEL_IDLE));
    assert.deepEqual(toClient(stage), [`88 ${TOO_LARGE}`]);
    assert.ok(stage.isEnded);
    assert.equal(stage.closed, null);
    // A client that does not leave has no more time than any that was said goodbye to.
    stage.advance(2100);
    assert.equal(stage.connection, null);
    assert.equal(stage.finish().leftovers, "0 sockets, 0 timers");
  });

  it("ends a second later when neither does, and the exchange hears why", () => {
    const stage = switched({ script: bounded });
    stage.send(text(frame(0x82, LONG, true))).advance(950);
    assert.equal(stage.closed, null);
    stage.advance(100);
    assert.equal(stage.exchange(0).gone?.kind.code, "SP_WS_MESSAGE_TOO_LARGE");
    assert.equal(stage.connection, null);
    assert.equal(stage.finish().leftovers, "0 sockets, 0 timers");
  });

  it("ends when it is idle for the route's time, and not for the listener's", () => {
    const stage = switched({ script: bounded, bounds: { idleTimeoutMs: 1000 } }).advance(4900);
    assert.equal(stage.exchange(0).story, "ready");
    stage.advance(200);
    assert.deepEqual(toClient(stage), ["88 \u0003\u00e9SP_WS_IDLE"]);
    stage.advance(1100);
    assert.equal(stage.exchange(0).gone?.kind.code, "SP_WS_IDLE");
  });

  it("is judged from the bytes on that come with the request", () => {
    const stage = new ServerStage({ script: bounded }).send(UPGRADE + text(frame(0x82, LONG, true)));
    assert.equal(toUpstream(stage).length, 1);
    assert.ok(stage.take().endsWith(TOO_LARGE));
  });
});

describe("a tunnel of another protocol", () => {
  it("is not touched when its connection drains", () => {
    const stage = switched({}, UPGRADE.replace("websocket", "h2c"));
    drain(stage).advance(5000);
    fromUpstream(stage, Buffer.from("anything"));
    stage.send("at all");
    assert.equal(stage.take(), "anything");
    assert.equal(stage.exchange(0).body, "at all");
    assert.ok(!stage.isEnded);
  });
});

describe("a tunnel whose client has ended its side before it opened", () => {
  for (const protocol of ["websocket", "other"]) {
    it(`hears of the end, once: ${protocol}`, () => {
      const upgrade = UPGRADE.replace("websocket", protocol);
      const stage = new ServerStage({ script: {} }).send(upgrade);
      stage.finish();
      stage.act(() => SWITCHES.onReady?.(stage.exchange(0)));
      assert.equal(stage.exchange(0).story, "ready, end");
      stage.act(() => {
        stage.exchange(0).client.pauseRequest();
        stage.exchange(0).client.resumeRequest();
      });
      assert.equal(stage.exchange(0).story, "ready, end");
      stage.act(() => stage.exchange(0).client.end(null));
      assert.equal(stage.leftovers, "0 sockets, 0 timers");
    });
  }
});
