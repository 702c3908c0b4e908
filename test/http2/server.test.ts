// One client connection of the HTTP/2 engine: RFC 9113 on the side of the client.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FLOW, ResponseHead } from "../../src/http/index.ts";
import * as H2 from "../kit/h2-frames.ts";
import { block } from "../kit/h2-hpack.ts";
import { H2Peer } from "../kit/h2-peer.ts";
import { echo, echoing, get, post, ServerStage, toFields } from "./stage.ts";

const NO_ERROR = 0;
const PROTOCOL_ERROR = 1;
const STREAM_CLOSED = 5;
const REFUSED_STREAM = 7;
const CANCEL = 8;

describe("requests and answers", () => {
  it("go by any number of streams of one connection", async () => {
    const stage = await echoing();
    const streams = [get("/a"), get("/b"), get("/c")].map((fields) => stage.peer.request(fields));
    await stage.settle();
    assert.deepEqual(
      streams.map(({ status, body, isEnded }) => [status, body, isEnded]),
      [
        [200, "GET /a ", true],
        [200, "GET /b ", true],
        [200, "GET /c ", true],
      ],
    );
    assert.equal(stage.peer.problem, null);
  });

  it("are the same however the bytes were cut", async () => {
    const bytes: Buffer[] = [];
    const kept = new H2Peer((chunk) => bytes.push(Buffer.from(chunk)));
    kept.begin([H2.SETTINGS_INITIAL_WINDOW_SIZE, 70_000]);
    kept.request(get("/x"));
    const { id } = kept.request(post(["content-length", "10"]), 0);
    kept.send(H2.frame(H2.DATA, H2.PADDED, id, Buffer.from("\x03hello\0\0\0", "latin1")));
    kept.send(H2.data(id, "world"), H2.headers(id, block([["x-sum", "1"]]), H2.END_STREAM));
    kept.send(H2.ping(), H2.frame(0x77, 0, 0, Buffer.from("unknown")));
    const whole = Buffer.concat(bytes);
    for (let cut = 0; cut <= whole.length; cut++) {
      const stage = await ServerStage.connect();
      stage.script = echo;
      stage.client.write(whole.subarray(0, cut));
      await stage.settle();
      stage.client.write(whole.subarray(cut));
      await stage.settle();
      assert.equal(stage.peer.stream(3).body, "POST / helloworld", `cut at ${cut}`);
      assert.equal(stage.exchange(1).trailers?.valueAt(0), "1");
      assert.equal(stage.peer.pingAcks, 1);
    }
    const stage = await ServerStage.connect();
    stage.script = echo;
    for (const byte of whole) {
      stage.client.write(Uint8Array.of(byte));
      await stage.settle();
    }
    assert.equal(stage.peer.stream(1).body, "GET /x ");
    assert.equal(stage.peer.stream(3).body, "POST / helloworld");
  });

  it("an answer without a body is one frame", async () => {
    const stage = await ServerStage.open();
    stage.script = (exchange) => {
      exchange.onRequestReady = () => exchange.answer(204, "");
    };
    const before = stage.peer.counts[H2.DATA];
    const stream = stage.peer.request(get());
    await stage.settle();
    assert.equal(stream.status, 204);
    assert.equal(stream.isEnded, true);
    assert.equal(stage.peer.counts[H2.DATA], before);
  });

  it("the last DATA ends the stream", async () => {
    const stage = await echoing();
    stage.peer.request(get());
    await stage.settle();
    assert.equal(stage.peer.counts[H2.DATA], 1);
  });

  it("trailers end the stream, also behind an empty body", async () => {
    const stage = await ServerStage.open();
    stage.script = (exchange) => {
      exchange.onRequestReady = () => exchange.answer(200, exchange.head?.target === "/with" ? "x" : "", { "Grpc-Status": "0" });
    };
    const streams = [stage.peer.request(get("/with")), stage.peer.request(get("/without"))];
    await stage.settle();
    for (const stream of streams) assert.deepEqual([stream.trailer("grpc-status"), stream.isEnded], ["0", true]);
  });

  it("a head larger than a frame goes on in CONTINUATION", async () => {
    const stage = await ServerStage.open();
    stage.script = (exchange) => {
      exchange.onRequestReady = () => {
        exchange.begin(200, 0, { "X-Large": "x".repeat(40_000) });
        exchange.client.end(null);
      };
    };
    const stream = stage.peer.request(get());
    await stage.settle();
    assert.equal(stream.field("x-large")?.length, 40_000);
    assert.equal(stage.peer.counts[H2.CONTINUATION], 2);
    assert.equal(stream.isEnded, true);
  });

  it("100 is sent when the body is wanted", async () => {
    const stage = await ServerStage.open();
    const stream = stage.peer.request(post(["content-length", "1"], ["expect", "100-continue"]), 0);
    await stage.settle();
    assert.equal(stream.interim.length, 0);
    stage.exchange(0).client.resumeRequest();
    await stage.settle();
    assert.equal(stream.interim.length, 1);
  });

  it("103 goes before the head and never behind it", async () => {
    const stage = await ServerStage.open();
    const stream = stage.peer.request(get());
    await stage.settle();
    const exchange = stage.exchange(0);
    exchange.client.sendInterim(103, toFields({ Link: "</a>" }));
    exchange.begin(200, 1);
    exchange.client.sendInterim(103, toFields({ Link: "</b>" }));
    exchange.write("x");
    exchange.client.end(null);
    await stage.settle();
    assert.equal(stream.interim.length, 1);
    assert.equal(stream.body, "x");
  });

  it("an answer that overtakes its request asks the client to stop", async () => {
    const stage = await ServerStage.open();
    const stream = stage.peer.request(post(["content-length", "100000"]), 0);
    await stage.settle();
    stage.exchange(0).answer(413, "no");
    await stage.settle();
    assert.deepEqual([stream.status, stream.body, stream.isEnded, stream.resetCode], [413, "no", true, NO_ERROR]);
    // What was on its way is nobody's.
    stage.peer.send(H2.data(stream.id, "late"));
    await stage.settle();
    assert.deepEqual(stage.faults, []);
    assert.equal(stage.peer.goodbye, null);
  });

  it("an answer that is given up is reset", async () => {
    const stage = await ServerStage.open();
    const stream = stage.peer.request(get());
    await stage.settle();
    stage.exchange(0).begin(200);
    stage.exchange(0).write("half");
    stage.exchange(0).client.abort(FLOW.UPSTREAM_RESET);
    await stage.settle();
    assert.deepEqual([stream.body, stream.resetCode], ["half", 2]);
  });

  it("a body longer or shorter than its head has promised is reset", async () => {
    const stage = await ServerStage.open();
    const long = stage.peer.request(get());
    const short = stage.peer.request(get());
    await stage.settle();
    for (const [at, text] of [
      [0, "toolong"],
      [1, "s"],
    ] as const) {
      stage.exchange(at).client.sendHead(new ResponseHead(200, toFields({}), 3, 3));
      stage.exchange(at).write(text);
      stage.exchange(at).client.end(null);
    }
    await stage.settle();
    assert.deepEqual([long.resetCode, short.resetCode], [2, 2]);
  });
});

describe("windows", () => {
  it("of a stream open as its reader takes, not as bytes arrive", async () => {
    const stage = await ServerStage.open();
    const stream = stage.peer.request(post(), 0);
    const piece = Buffer.alloc(16_384);
    for (let i = 0; i < 10; i++) stage.peer.send(H2.data(stream.id, piece));
    await stage.settle();
    const grants: number[] = [];
    stage.peer.onFrame = ({ type, streamId, payload }) => {
      if (type === H2.WINDOW_UPDATE && streamId === stream.id) grants.push(payload.readUInt32BE(0));
    };
    assert.equal(stage.exchange(0).body.length, 0, "nobody has asked for the body");
    stage.exchange(0).wantsMore = false;
    stage.exchange(0).client.resumeRequest();
    await stage.settle();
    assert.deepEqual(grants, [], "a reader that asks for a pause is not done with what it has");
    assert.equal(stage.exchange(0).story, "ready, chunk");
    stage.exchange(0).wantsMore = true;
    stage.exchange(0).client.resumeRequest();
    await stage.settle();
    assert.equal(stage.exchange(0).body.length, 163_840);
    // Half a window is given back at a time.
    assert.deepEqual(grants, [131_072]);
  });

  it("of the connection open again when a stream with unread bytes is reset", async () => {
    const stage = await ServerStage.open();
    let granted = 0;
    stage.peer.onFrame = ({ type, streamId, payload }) => {
      if (type === H2.WINDOW_UPDATE && streamId === 0) granted += payload.readUInt32BE(0);
    };
    for (let i = 0; i < 5; i++) {
      const stream = stage.peer.request(post(), 0);
      for (let j = 0; j < 15; j++) stage.peer.send(H2.data(stream.id, Buffer.alloc(16_384)));
      stage.peer.send(H2.rstStream(stream.id, CANCEL));
      await stage.settle();
    }
    assert.ok(granted >= 5 * 15 * 16_384 - 524_288, `${granted} bytes were granted`);
    assert.deepEqual(stage.faults, []);
  });

  it("that are exceeded reset the stream, and of the connection end it", async () => {
    const stage = await ServerStage.open();
    const stream = stage.peer.request(post(), 0);
    for (let i = 0; i < 17; i++) stage.peer.send(H2.data(stream.id, Buffer.alloc(16_384)));
    await stage.settle();
    assert.equal(stream.resetCode, 3);
    const whole = await ServerStage.open();
    for (let s = 0; s < 5; s++) {
      const each = whole.peer.request(post(), 0);
      for (let i = 0; i < 15; i++) whole.peer.send(H2.data(each.id, Buffer.alloc(16_384)));
    }
    await whole.settle();
    assert.deepEqual(whole.faults, ["SP_H2_WINDOW_EXCEEDED"]);
    assert.equal(whole.peer.goodbye?.code, 3);
  });

  it("hold back what is sent, and let streams take turns", async () => {
    const stage = await ServerStage.open({ peer: { opensWindows: false } }, [H2.SETTINGS_INITIAL_WINDOW_SIZE, 10]);
    const streams = [stage.peer.request(get("/a")), stage.peer.request(get("/b"))];
    await stage.settle();
    for (const at of [0, 1]) {
      stage.exchange(at).begin(200);
      assert.equal(stage.exchange(at).write("0123456789abcdefghij"), false);
      stage.exchange(at).client.end(null);
    }
    await stage.settle();
    assert.deepEqual(
      streams.map(({ body, isEnded }) => [body, isEnded]),
      [
        ["0123456789", false],
        ["0123456789", false],
      ],
    );
    stage.peer.send(H2.windowUpdate(1, 5), H2.windowUpdate(3, 100));
    await stage.settle();
    assert.deepEqual(
      streams.map(({ body, isEnded }) => [body, isEnded]),
      [
        ["0123456789abcde", false],
        ["0123456789abcdefghij", true],
      ],
    );
    // A smaller initial window takes back, a larger one gives.
    stage.peer.send(H2.settings([H2.SETTINGS_INITIAL_WINDOW_SIZE, 9]), H2.windowUpdate(1, 1));
    await stage.settle();
    assert.equal(streams[0]?.body, "0123456789abcde");
    stage.peer.send(H2.settings([H2.SETTINGS_INITIAL_WINDOW_SIZE, 20]));
    await stage.settle();
    assert.deepEqual([streams[0]?.body, streams[0]?.isEnded], ["0123456789abcdefghij", true]);
    assert.equal(stage.peer.problem, null);
  });

  it("tell the writer when it may go on", async () => {
    const stage = await ServerStage.open({ peer: { opensWindows: false } }, [H2.SETTINGS_INITIAL_WINDOW_SIZE, 3]);
    stage.peer.request(get());
    await stage.settle();
    stage.exchange(0).begin(200);
    stage.exchange(0).write("abcdef");
    await stage.settle();
    assert.equal(stage.exchange(0).story, "ready");
    stage.peer.send(H2.windowUpdate(1, 3));
    await stage.settle();
    assert.equal(stage.exchange(0).story, "ready, drain");
  });

  it("a client that does not read holds back all streams until it does", async () => {
    const stage = await ServerStage.open({ network: { windowBytes: 4096 } }, [H2.SETTINGS_INITIAL_WINDOW_SIZE, 1 << 20]);
    stage.peer.send(H2.windowUpdate(0, 1 << 20));
    stage.client.pause();
    const stream = stage.peer.request(get());
    await stage.settle();
    stage.exchange(0).begin(200, 200_000);
    let written = 0;
    while (written < 200_000 && stage.exchange(0).write("x".repeat(10_000))) written += 10_000;
    assert.ok(written < 100_000, `${written} bytes were taken`);
    await stage.settle();
    assert.equal(stream.receivedBytes, 0);
    stage.client.resume();
    await stage.settle();
    assert.equal(stage.exchange(0).events.at(-1), "drain");
  });
});

describe("a stream that goes", () => {
  it("by the client's reset takes its exchange with it, and no other", async () => {
    const stage = await ServerStage.open();
    stage.peer.request(get("/a"));
    const other = stage.peer.request(get("/b"));
    await stage.settle();
    stage.peer.send(H2.rstStream(1, CANCEL));
    await stage.settle();
    assert.equal(stage.exchange(0).story, "ready, gone SP_H2_STREAM_RESET");
    stage.exchange(1).answer(200, "b");
    await stage.settle();
    assert.equal(other.body, "b");
  });

  it("in the same breath in which it came is begun by nobody, and recorded", async () => {
    const stage = await ServerStage.open();
    const { peer } = stage;
    peer.send(H2.headers(1, block(get("/a")), H2.END_STREAM), H2.headers(3, block(get("/b")), H2.END_STREAM), H2.rstStream(1, CANCEL));
    await stage.settle();
    assert.equal(stage.exchange(0).story, "gone SP_H2_STREAM_RESET");
    assert.equal(stage.exchange(1).story, "ready");
  });

  it("by a malformed request is reset and recorded", async () => {
    const stage = await ServerStage.open();
    const stream = stage.peer.request([...get(), ["Upper", "x"]]);
    await stage.settle();
    assert.equal(stream.resetCode, PROTOCOL_ERROR);
    assert.equal(stream.head, null);
    assert.equal(stage.exchange(0).story, "refused SP_H2_BAD_FIELD_NAME");
  });

  it("by a head that is too large is answered 431", async () => {
    const stage = await ServerStage.open();
    const { id } = stage.peer.request(get("/first"));
    const head = block([...get(), ...Array.from({ length: 5 }, () => ["x", "y".repeat(9000)] as const)]);
    stage.peer.send(H2.frame(H2.HEADERS, H2.END_STREAM, id + 2, head.subarray(0, 16_000)));
    stage.peer.send(H2.continuation(id + 2, head.subarray(16_000, 32_000)), H2.continuation(id + 2, head.subarray(32_000), H2.END_HEADERS));
    await stage.settle();
    assert.equal(stage.exchange(1).story, "refused SP_H2_HEAD_TOO_LARGE");
    assert.deepEqual([stage.peer.stream(id + 2).status, stage.peer.stream(id + 2).isEnded], [431, true]);
  });

  it("by content that is not as long as was said is reset", async () => {
    for (const send of [
      (id: number) => [H2.data(id, "123456")],
      (id: number) => [H2.data(id, "1234", H2.END_STREAM)],
      (id: number) => [H2.data(id, "1234"), H2.headers(id, block([["x", "y"]]), H2.END_STREAM)],
    ]) {
      const stage = await ServerStage.open();
      const stream = stage.peer.request(post(["content-length", "5"]), 0);
      await stage.settle();
      stage.exchange(0).client.resumeRequest();
      stage.peer.send(...send(stream.id));
      await stage.settle();
      assert.equal(stream.resetCode, PROTOCOL_ERROR);
      assert.equal(stage.exchange(0).events.at(-1), "gone SP_H2_STREAM_ERROR");
    }
  });

  it("DATA behind the end of a request is a breach of the stream while it is open, and of the connection once it is over", async () => {
    const open = await ServerStage.open();
    const stream = open.peer.request(get());
    open.peer.send(H2.data(stream.id, "x"));
    await open.settle();
    assert.equal(stream.resetCode, STREAM_CLOSED);
    const over = await echoing();
    const done = over.peer.request(get());
    await over.settle();
    over.peer.send(H2.data(done.id, "x"));
    await over.settle();
    assert.deepEqual(over.faults, ["SP_H2_STREAM_CLOSED"]);
  });

  it("beyond the allowed number is refused, and may be asked for again", async () => {
    const stage = await ServerStage.open({ bounds: { streams: 2 } });
    const streams = [1, 2, 3].map(() => stage.peer.request(get()));
    await stage.settle();
    assert.deepEqual(
      streams.map(({ resetCode }) => resetCode),
      [null, null, REFUSED_STREAM],
    );
    stage.exchange(0).answer(200, "");
    const again = stage.peer.request(get());
    await stage.settle();
    stage.exchange(2).answer(200, "again");
    await stage.settle();
    assert.equal(again.body, "again");
  });
});

describe("a connection that leaves", () => {
  it("serves what crosses its GOAWAY, then ends with the last answer", async () => {
    const stage = await ServerStage.open({ peer: { acksPings: false } });
    const first = stage.peer.request(get("/a"));
    await stage.settle();
    stage.connection?.drain();
    await stage.settle();
    assert.deepEqual(stage.peer.goodbye, { lastStreamId: 0x7fffffff, code: NO_ERROR, debug: "" });
    const crossing = stage.peer.request(get("/b"));
    stage.peer.send(H2.frame(H2.PING, H2.ACK, 0, Buffer.alloc(8, 0x67)));
    await stage.settle();
    assert.deepEqual(stage.peer.goodbye, { lastStreamId: 3, code: NO_ERROR, debug: "" });
    const late = stage.peer.request(get("/c"));
    await stage.settle();
    assert.equal(stage.exchanges.length, 2);
    assert.equal(stage.isEnded, false);
    stage.exchange(0).answer(200, "a");
    stage.exchange(1).answer(200, "b");
    await stage.settle();
    assert.deepEqual([first.body, crossing.body, late.isOver], ["a", "b", false]);
    assert.equal(stage.isEnded, true);
    stage.client.end();
    await stage.settle();
    assert.equal(stage.leftovers, "0 sockets, 0 timers");
  });

  it("gives a slow reader the time for the last answer, for as long as it reads", async () => {
    for (const reads of [true, false]) {
      const stage = await ServerStage.open({ network: { windowBytes: 2048 }, peer: { opensWindows: false } });
      const stream = stage.peer.request(get());
      await stage.settle();
      stage.connection?.drain();
      await stage.settle();
      stage.client.pause();
      stage.exchange(0).answer(200, "x".repeat(30_000));
      await stage.settle();
      for (let i = 0; i < 30; i++) {
        if (reads) stage.client.resume();
        stage.network.step();
        stage.client.pause();
        await stage.advance(1_000);
      }
      stage.client.resume();
      await stage.settle();
      assert.equal(stream.isEnded, reads);
      assert.equal(stream.receivedBytes === 30_000, reads);
      stage.client.end();
      await stage.advance(5_000);
      assert.equal(stage.leftovers, "0 sockets, 0 timers");
    }
  });

  it("does not wait for ever for a client that answers no ping", async () => {
    const stage = await ServerStage.open({ peer: { acksPings: false } });
    stage.connection?.drain();
    await stage.advance(2_010);
    assert.equal(stage.isEnded, true);
    stage.client.end();
    await stage.advance(2_010);
    assert.equal(stage.leftovers, "0 sockets, 0 timers");
  });

  it("does so when it has been idle for long enough", async () => {
    const stage = await echoing();
    await stage.advance(50_000);
    stage.peer.request(get());
    await stage.settle();
    await stage.advance(59_000);
    assert.equal(stage.peer.counts[H2.GOAWAY], 0);
    await stage.advance(1_010);
    assert.equal(stage.peer.goodbye?.code, NO_ERROR);
    assert.equal(stage.isEnded, true);
  });

  it("has its exchanges told when the client is gone", async () => {
    const stage = await ServerStage.open();
    stage.peer.request(get());
    await stage.settle();
    stage.client.reset();
    await stage.settle();
    assert.equal(stage.exchange(0).story, "ready, gone SP_CLIENT_GONE");
    assert.equal(stage.leftovers, "0 sockets, 0 timers");
  });

  it("answers what was asked before the client's FIN, and nothing that was not complete", async () => {
    const stage = await ServerStage.open();
    const whole = stage.peer.request(get());
    stage.peer.request(post(), 0);
    stage.client.end();
    await stage.settle();
    assert.equal(stage.exchange(1).events.at(-1), "gone SP_H2_TRUNCATED");
    stage.exchange(0).answer(200, "x");
    await stage.settle();
    assert.equal(whole.body, "x");
    assert.equal(stage.leftovers, "0 sockets, 0 timers");
  });
});
