// What a client's HTTP/2 connection may take of us: time, and budgets of everything that costs more than it is worth.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FLOW } from "../../src/http/index.ts";
import * as H2 from "../kit/h2-frames.ts";
import { block } from "../kit/h2-hpack.ts";
import { echoing, get, post, ServerStage } from "./stage.ts";

const CANCEL = 8;
const ENHANCE_YOUR_CALM = 11;

describe("time", () => {
  it("a preface that does not come, or not whole, ends the connection", async () => {
    const silent = await ServerStage.connect();
    await silent.advance(10_010);
    assert.deepEqual(silent.faults, ["SP_H2_HEAD_TIMEOUT"]);
    const half = await ServerStage.connect();
    half.client.write(H2.PREFACE);
    await half.advance(10_010);
    assert.deepEqual(half.faults, ["SP_H2_HEAD_TIMEOUT"]);
  });

  it("a header block that goes on too long ends the connection", async () => {
    const stage = await ServerStage.open();
    stage.peer.send(H2.frame(H2.HEADERS, H2.END_STREAM, 1, block(get())));
    await stage.settle();
    await stage.advance(9_000);
    stage.peer.send(H2.continuation(1, block([["a", "b"]])));
    await stage.advance(1_010);
    assert.deepEqual(stage.faults, ["SP_H2_HEAD_TIMEOUT"]);
  });

  it("a body that comes too slowly is a fault of its stream alone, unless it is one side of a conversation", async () => {
    const stage = await ServerStage.open();
    stage.peer.request(post(), 0);
    stage.peer.request(post(["content-type", "application/grpc"]), 0);
    await stage.settle();
    for (const exchange of stage.exchanges) exchange.client.resumeRequest();
    await stage.advance(5_000);
    await stage.advance(5_010);
    assert.equal(stage.exchange(0).story, "ready, fault SP_H2_BODY_TOO_SLOW");
    assert.equal(stage.exchange(1).story, "ready");
  });

  it("a stream whose window stays shut is reset, the others go on", async () => {
    const stage = await ServerStage.open({ peer: { opensWindows: false } }, [H2.SETTINGS_INITIAL_WINDOW_SIZE, 3]);
    const stalled = stage.peer.request(get());
    await stage.settle();
    stage.exchange(0).begin(200);
    stage.exchange(0).write("abcdef");
    await stage.advance(5_010);
    await stage.advance(5_010);
    assert.equal(stalled.resetCode, CANCEL);
    assert.equal(stage.exchange(0).events.at(-1), "gone SP_H2_READ_TOO_SLOW");
    const other = stage.peer.request(get());
    await stage.settle();
    stage.exchange(1).answer(200, "x");
    await stage.settle();
    assert.equal(other.body, "x");
  });

  it("a connection whose window stays shut ends with all its streams", async () => {
    const stage = await ServerStage.open({ peer: { opensWindows: false } }, [H2.SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20]);
    stage.peer.request(get());
    await stage.settle();
    stage.exchange(0).begin(200);
    stage.exchange(0).write("x".repeat(100_000));
    await stage.advance(5_010);
    await stage.advance(5_010);
    await stage.advance(5_010);
    assert.deepEqual(stage.faults, ["SP_H2_UNREAD"]);
    assert.equal(stage.exchange(0).events.at(-1), "gone SP_H2_UNREAD");
  });

  it("a connection whose window stays shut ends although its pings are answered", async () => {
    const stage = await ServerStage.open({ peer: { opensWindows: false } }, [H2.SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20]);
    stage.peer.request(get());
    await stage.settle();
    stage.exchange(0).begin(200);
    stage.exchange(0).write("x".repeat(100_000));
    for (let i = 0; i < 8; i++) {
      stage.peer.send(H2.ping());
      await stage.advance(2_500);
    }
    assert.deepEqual(stage.faults, ["SP_H2_UNREAD"]);
  });

  it("a client that opens its two windows in turn, a byte each, is too slow all the same", async () => {
    const stage = await ServerStage.open({ peer: { opensWindows: false } }, [H2.SETTINGS_INITIAL_WINDOW_SIZE, 65_534]);
    const { id } = stage.peer.request(get());
    await stage.settle();
    stage.exchange(0).begin(200);
    stage.exchange(0).write("x".repeat(100_000));
    await stage.settle();
    for (let i = 0; i < 6; i++) {
      // Now the stream's window is shut, at the next look the connection's.
      await stage.advance(5_010);
      stage.peer.send(i % 2 === 0 ? H2.windowUpdate(id, 2) : H2.windowUpdate(0, 2));
      await stage.settle();
    }
    assert.equal(stage.exchange(0).events.at(-1), "gone SP_H2_READ_TOO_SLOW");
  });

  it("a client that is silent for a minute is asked, and let go when it does not answer", async () => {
    for (const acksPings of [true, false]) {
      const stage = await ServerStage.open({ peer: { acksPings } });
      stage.peer.request(get());
      for (let i = 0; i < 17; i++) await stage.advance(5_010);
      assert.equal(stage.peer.counts[H2.PING], 1);
      assert.deepEqual(stage.faults, acksPings ? [] : ["SP_H2_PING_LATE"]);
    }
  });
});

describe("budgets", () => {
  async function flood(frames: (stage: ServerStage) => void, options: Parameters<typeof ServerStage.open>[0] = {}): Promise<ServerStage> {
    const stage = await ServerStage.open(options);
    for (let i = 0; i < 3000 && stage.faults.length === 0; i++) frames(stage);
    await stage.settle();
    return stage;
  }

  const FLOODS: Readonly<Record<string, readonly [code: string, frames: (stage: ServerStage) => void]>> = {
    "streams that are reset at once": [
      "SP_H2_RESET_FLOOD",
      ({ peer }) => {
        const { id } = peer.request(get());
        peer.send(H2.rstStream(id, CANCEL));
      },
    ],
    "streams that are reset when each costs an upstream connection": [
      "SP_H2_CHURN_FLOOD",
      (stage) => {
        stage.script = (exchange) => {
          exchange.holdsConnection = true;
        };
        const { id } = stage.peer.request(get());
        stage.peer.send(H2.rstStream(id, CANCEL));
      },
    ],
    "streams that we are made to reset": [
      "SP_H2_ERROR_FLOOD",
      ({ peer }) => {
        const { id } = peer.request(get());
        peer.send(H2.windowUpdate(id, 0));
      },
    ],
    "malformed requests": ["SP_H2_ERROR_FLOOD", ({ peer }) => void peer.request([...get(), ["Upper", "x"]])],
    "streams beyond the number allowed": ["SP_H2_STREAM_FLOOD", ({ peer }) => void peer.request(get())],
    settings: ["SP_H2_SETTINGS_FLOOD", ({ peer }) => peer.send(H2.settings())],
    "acknowledgements of settings": ["SP_H2_SETTINGS_FLOOD", ({ peer }) => peer.send(H2.settingsAck())],
    pings: ["SP_H2_PING_FLOOD", ({ peer }) => peer.send(H2.ping())],
    "frames that nobody knows": ["SP_H2_EMPTY_DATA_FLOOD", ({ peer }) => peer.send(H2.frame(0x99, 0, 0, Buffer.alloc(1)))],
    priorities: ["SP_H2_PRIORITY_FLOOD", ({ peer }) => peer.send(H2.priority(1, 0))],
    "windows opened byte by byte": ["SP_H2_WINDOW_FLOOD", ({ peer }) => peer.send(H2.windowUpdate(0, 1))],
  };

  for (const [what, [code, frames]] of Object.entries(FLOODS)) {
    it(`${what}: ${code}`, async () => {
      const stage = await flood(frames);
      assert.deepEqual(stage.faults, [code]);
      assert.equal(stage.peer.goodbye?.code, ENHANCE_YOUR_CALM);
      assert.equal(stage.isEnded, true);
      for (const exchange of stage.exchanges) assert.match(exchange.story, /gone|refused/);
      stage.client.end();
      await stage.advance(2_010);
      assert.equal(stage.leftovers, "0 sockets, 0 timers");
    });
  }

  for (const [toll, code] of [
    ["request", "SP_H2_RESET_FLOOD"],
    ["connection", "SP_H2_CHURN_FLOOD"],
  ] as const) {
    it(`answers that cost an upstream a ${toll} for the client's own doing: ${code}`, async () => {
      for (const isBehindHead of [false, true]) {
        const stage = await ServerStage.open();
        let answered = 0;
        for (; stage.faults.length === 0 && answered < 300; answered++) {
          stage.peer.request(get());
          await stage.settle();
          const exchange = stage.exchange(answered);
          exchange.toll = toll;
          if (isBehindHead) {
            exchange.begin(200);
            exchange.client.abort(FLOW.STOPPED);
          } else exchange.answer(504, "late");
        }
        await stage.settle();
        assert.deepEqual(stage.faults, [code]);
        assert.equal(stage.peer.goodbye?.code, ENHANCE_YOUR_CALM);
        assert.equal(answered, toll === "request" ? 129 : 101);
      }
    });
  }

  it("are paid back by answers of upstreams, not by those that cost nobody anything", async () => {
    for (const toll of ["answer", "nothing"] as const) {
      const stage = await ServerStage.open();
      for (let i = 0; stage.faults.length === 0 && i < 300; i++) {
        stage.peer.request(get());
        const { id } = stage.peer.request(get());
        await stage.settle();
        stage.exchange(2 * i).toll = toll;
        stage.exchange(2 * i).answer(404, "");
        stage.peer.send(H2.rstStream(id, CANCEL));
        await stage.settle();
      }
      assert.deepEqual(stage.faults, toll === "answer" ? [] : ["SP_H2_RESET_FLOOD"]);
    }
  });

  it("empty DATA: SP_H2_EMPTY_DATA_FLOOD, whether or not it is padded", async () => {
    for (const payload of [Buffer.alloc(0), Buffer.from([5, 0, 0, 0, 0, 0])]) {
      const stage = await ServerStage.open();
      const { id } = stage.peer.request(post(), 0);
      const flags = payload.length === 0 ? 0 : H2.PADDED;
      for (let i = 0; i < 600; i++) stage.peer.send(H2.frame(H2.DATA, flags, id, payload));
      await stage.settle();
      assert.deepEqual(stage.faults, ["SP_H2_EMPTY_DATA_FLOOD"]);
    }
  });

  it("a header block in too many frames, or of too many bytes: SP_H2_CONTINUATION_FLOOD", async () => {
    for (const [count, size] of [
      [40, 1],
      [20, 10_000],
    ] as const) {
      const stage = await ServerStage.open();
      stage.peer.send(H2.frame(H2.HEADERS, 0, 1, block(get())));
      for (let i = 0; i < count; i++) stage.peer.send(H2.continuation(1, Buffer.alloc(size)));
      await stage.settle();
      assert.deepEqual(stage.faults, ["SP_H2_CONTINUATION_FLOOD"]);
    }
  });

  it("a block that decompresses to far more than allowed: SP_H2_HEADER_FLOOD", async () => {
    const stage = await ServerStage.open();
    const large = block([...get(), ["x", "y".repeat(3900)]], 0x40);
    stage.peer.send(H2.headers(1, Buffer.concat([large, Buffer.alloc(10_000, 0x80 | 62)]), H2.END_STREAM));
    await stage.settle();
    assert.deepEqual(stage.faults, ["SP_H2_HEADER_FLOOD"]);
  });

  it("answers owed to a client that reads nothing: SP_H2_UNREAD_FLOOD, by their bytes", async () => {
    const stage = await ServerStage.open({ network: { windowBytes: 1024 }, bounds: { idleTimeoutMs: null } });
    stage.client.pause();
    for (let round = 0; round < 20_000 && stage.faults.length === 0; round++) {
      for (let i = 0; i < 50; i++) stage.peer.send(H2.ping());
      await stage.advance(1_010);
    }
    assert.deepEqual(stage.faults, ["SP_H2_UNREAD_FLOOD"]);
    assert.equal(stage.closed, "ECONNRESET");
  });

  it("heads of answers to a client that reads none: its streams are refused, then SP_H2_STREAM_FLOOD", async () => {
    const stage = await ServerStage.open({ network: { windowBytes: 1024 } });
    stage.client.pause();
    stage.script = (exchange) => {
      exchange.onRequestReady = () => {
        exchange.begin(204, 0, { "X-Large": "x".repeat(2000) });
        exchange.client.end(null);
      };
    };
    for (let i = 0; i < 2000 && stage.faults.length === 0; i++) {
      stage.peer.request(get());
      await stage.settle();
    }
    assert.deepEqual(stage.faults, ["SP_H2_STREAM_FLOOD"]);
    assert.ok(stage.exchanges.length > 500 && stage.exchanges.length < 540, `${stage.exchanges.length} answers of 2 kB`);
  });

  it("leave a client alone that reads slowly and pings all the while", async () => {
    const stage = await ServerStage.open({ network: { windowBytes: 256 } });
    stage.peer.send(H2.windowUpdate(0, 1 << 24));
    stage.peer.request(get());
    await stage.settle();
    for (let round = 0; round < 60; round++) {
      stage.client.pause();
      for (let i = 0; i < 40; i++) {
        stage.peer.send(H2.ping());
        await stage.settle();
      }
      await stage.advance(1_010);
      stage.client.resume();
      await stage.settle();
    }
    assert.deepEqual(stage.faults, []);
    assert.equal(stage.peer.pingAcks, 2400);
  });

  it("leave a client alone that opens windows for each 4 KiB that it reads, or pings with each message", async () => {
    const stage = await ServerStage.open({ peer: { opensWindows: false } });
    const { id } = stage.peer.request(get());
    await stage.settle();
    stage.exchange(0).begin(200);
    for (let i = 0; i < 3000; i++) {
      stage.exchange(0).write("x".repeat(16_384));
      for (let k = 0; k < 4; k++) stage.peer.send(H2.windowUpdate(0, 4096), H2.windowUpdate(id, 4096));
      stage.peer.send(H2.ping());
      await stage.settle();
    }
    assert.deepEqual(stage.faults, []);
    assert.equal(stage.peer.stream(id).receivedBytes, 3000 * 16_384);
  });

  it("leave a client alone that enlarges the window of each stream, whatever comes of it", async () => {
    const stage = await ServerStage.open();
    stage.script = (exchange) => {
      exchange.onRequestReady = () => exchange.answer(204, "");
    };
    for (let i = 0; i < 3000; i++) {
      const { id } = stage.peer.request(get());
      stage.peer.send(H2.windowUpdate(id, 1 << 20));
      await stage.settle();
    }
    assert.deepEqual(stage.faults, []);
    assert.equal(stage.exchanges.length, 3000);
  });

  it("are not paid for by the frames that a window opened byte by byte makes us send: SP_H2_WINDOW_FLOOD", async () => {
    const stage = await ServerStage.open({ peer: { opensWindows: false } }, [H2.SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20]);
    stage.peer.request(get());
    await stage.settle();
    stage.exchange(0).begin(200);
    stage.exchange(0).write("x".repeat(200_000));
    for (let i = 0; i < 5000 && stage.faults.length === 0; i++) {
      stage.peer.send(H2.windowUpdate(0, 1));
      await stage.settle();
    }
    assert.deepEqual(stage.faults, ["SP_H2_WINDOW_FLOOD"]);
  });

  it("are an eighth for connections from where others had to be ended", async () => {
    for (const [isSuspect, allowed] of [
      [false, 128],
      [true, 16],
    ] as const) {
      const stage = await ServerStage.open({ isSuspect });
      let resets = 0;
      while (stage.faults.length === 0) {
        const { id } = stage.peer.request(get());
        stage.peer.send(H2.rstStream(id, CANCEL));
        await stage.settle();
        resets++;
      }
      assert.deepEqual(stage.faults, ["SP_H2_RESET_FLOOD"]);
      assert.equal(resets, allowed + 1);
    }
  });

  it("leave a client alone that resets as many as it lets be answered", async () => {
    const stage = await echoing();
    for (let i = 0; i < 1000; i++) {
      stage.peer.request(get());
      const { id } = stage.peer.request(post(), 0);
      await stage.settle();
      stage.peer.send(H2.rstStream(id, CANCEL));
      await stage.settle();
    }
    assert.deepEqual(stage.faults, []);
  });

  it("fill up again with time", async () => {
    const stage = await ServerStage.open();
    for (let minute = 0; minute < 10; minute++) {
      for (let i = 0; i < 128; i++) {
        const { id } = stage.peer.request(get());
        stage.peer.send(H2.rstStream(id, CANCEL));
      }
      await stage.settle();
      await stage.advance(30_000);
    }
    assert.deepEqual(stage.faults, []);
  });
});
