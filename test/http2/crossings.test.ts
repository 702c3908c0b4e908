// What was on its way when the gateway reset its stream costs nobody the connection, however much it is; what can't have been does.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { UNKNOWN_LENGTH } from "../../src/http/index.ts";
import * as H2 from "../kit/h2-frames.ts";
import { block } from "../kit/h2-hpack.ts";
import { ClientStage, get, post, ServerStage } from "./stage.ts";

const CANCEL = 8;

describe("frames that cross a reset of ours", () => {
  it("are free up to the window, with one end and one reset", async () => {
    const stage = await ServerStage.open({ bounds: { streams: 100 } });
    stage.script = (exchange) => {
      exchange.onRequestReady = () => exchange.answer(401, "no");
    };
    for (let round = 0; round < 700; round++) {
      const { id } = stage.peer.request(post(), 0);
      const end = round % 2 === 0 ? H2.data(id, "", H2.END_STREAM) : H2.headers(id, block([["x", "y"]]), H2.END_STREAM);
      stage.peer.send(H2.data(id, "message"), H2.data(id, "message"), end, H2.rstStream(id, CANCEL));
      await stage.settle();
    }
    assert.deepEqual(stage.faults, []);
    assert.equal(stage.exchanges.length, 700);
  });

  it("of one cancelled call are as many as its window holds", async () => {
    const stage = await ClientStage.connect();
    stage.peer.send(H2.settings());
    await stage.settle();
    const other = stage.ask();
    const attempt = stage.ask();
    await stage.settle();
    stage.peer.send(H2.headers(3, block([[":status", "200"]])));
    await stage.settle();
    attempt.stream?.cancel();
    const small = Buffer.concat(Array.from({ length: 1300 }, () => H2.data(3, Buffer.alloc(50))));
    stage.peer.send(small, H2.headers(3, block([["grpc-status", "0"]]), H2.END_STREAM));
    await stage.settle();
    stage.peer.send(H2.headers(1, block([[":status", "200"]]), H2.END_STREAM));
    await stage.settle();
    assert.equal(other.story, "head 200, end");
    assert.equal(attempt.story, "head 200");
  });

  it("are a flood beyond the window: nobody sends so much who keeps the rules", async () => {
    const stage = await ServerStage.open();
    const { id } = stage.peer.request(post(), 0);
    await stage.settle();
    stage.exchange(0).answer(200, "");
    await stage.settle();
    for (let i = 0; i < 3000 && stage.faults.length === 0; i++) {
      stage.peer.send(H2.data(id, Buffer.alloc(1000)));
      await stage.settle();
    }
    assert.deepEqual(stage.faults, ["SP_H2_EMPTY_DATA_FLOOD"]);
  });

  it("without content are a flood as ever", async () => {
    const stage = await ServerStage.open();
    const { id } = stage.peer.request(post(), 0);
    await stage.settle();
    stage.exchange(0).answer(200, "");
    await stage.settle();
    for (let i = 0; i < 600 && stage.faults.length === 0; i++) stage.peer.send(i % 2 === 0 ? H2.data(id, "") : H2.rstStream(id, CANCEL));
    await stage.settle();
    assert.deepEqual(stage.faults, ["SP_H2_EMPTY_DATA_FLOOD"]);
  });

  it("behind a last GOAWAY are free too", async () => {
    const stage = await ServerStage.open();
    stage.peer.request(get());
    await stage.settle();
    stage.connection?.drain();
    await stage.settle();
    assert.notEqual(stage.peer.goodbye, null);
    const { id } = stage.peer.request(post(), 0);
    for (let i = 0; i < 1000; i++) stage.peer.send(H2.data(id, Buffer.alloc(100)));
    await stage.settle();
    stage.exchange(0).answer(200, "late");
    await stage.settle();
    assert.deepEqual(stage.faults, []);
    assert.equal(stage.peer.stream(1).body, "late");
  });
});

describe("what a change of settings does to a stream that it lets begin", () => {
  it("is nothing: the stream begins with the new window", async () => {
    const stage = await ClientStage.connect({ peer: { opensWindows: false } });
    stage.peer.send(H2.settings([H2.SETTINGS_INITIAL_WINDOW_SIZE, 10]));
    await stage.settle();
    const first = stage.ask({ method: "POST", bodyLength: UNKNOWN_LENGTH });
    first.stream?.write(Buffer.alloc(15));
    // Whoever may go on with one request begins another.
    first.onUpstreamDrain = () => stage.ask({ method: "POST", bodyLength: UNKNOWN_LENGTH }).stream?.write(Buffer.alloc(100));
    await stage.settle();
    stage.peer.send(H2.settings([H2.SETTINGS_INITIAL_WINDOW_SIZE, 30]));
    await stage.settle();
    assert.equal(stage.peer.stream(1).receivedBytes, 15);
    assert.equal(stage.peer.stream(3).receivedBytes, 30);
  });
});
