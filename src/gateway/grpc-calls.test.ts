// gRPC calls over HTTP/2 from end to end: a client and a service of raw frames, the whole gateway between them, over a network in memory.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FRAME, H2Peer, type H2StreamRecord, HPACK } from "../../test/kit/index.ts";
import { FakeClock } from "../base/index.ts";
import { parseConfig } from "../config/index.ts";
import { MemoryLineSink } from "../telemetry/index.ts";
import { MemoryNetwork, type Socket, type SocketHandler } from "../transport/index.ts";
import { MAX_LIVE_GENERATIONS } from "./generations.ts";
import { createGateway, type Gateway } from "./index.ts";

const CONFIG = `version: 1
listeners: [{ name: grpc, address: 127.0.0.1:8080, protocols: [h2, http/1.1] }]
upstreams: { app: { protocol: h2, endpoints: [http://127.0.0.1:3001] } }
routes:
  - { name: calls, match: { path: /a.B/* }, public: true, upstream: app, timeout: 2s, bounds: { body: 1KiB } }
`;
const MESSAGE = "\0\0\0\0\x01x";
const CANCEL = 8;
const REFUSED_STREAM = 7;
const ENHANCE_YOUR_CALM = 11;

/** One end of a connection over the network in memory. */
class End implements SocketHandler {
  readonly peer: H2Peer;
  socket: Socket | null = null;

  constructor(isServer: boolean) {
    this.peer = new H2Peer((bytes) => void this.socket?.write(bytes), { isServer });
  }

  onOpen(): void {}
  onDrain(): void {}
  onEnd(): void {
    this.socket?.close();
  }
  onClose(): void {}
  onData(chunk: Uint8Array): void {
    this.peer.receive(chunk);
  }
}

class CallStage {
  readonly network = new MemoryNetwork({ schedule: null });
  readonly clock = new FakeClock(1_000);
  readonly log = new MemoryLineSink();
  readonly services: End[] = [];
  readonly client = new End(false);
  gateway: Gateway | null = null;

  static async open(): Promise<CallStage> {
    const stage = new CallStage();
    const { transport } = stage.network;
    await transport.listen({ host: "127.0.0.1", port: 3001 }, (socket) => {
      const end = new End(true);
      end.socket = socket;
      stage.services.push(end);
      end.peer.send(FRAME.settings());
      return end;
    });
    const { config, issues } = parseConfig(CONFIG, "gateway.yaml");
    assert.ok(config !== null, JSON.stringify(issues));
    stage.gateway = await createGateway(config, { transport, clock: stage.clock, logSink: stage.log });
    stage.client.socket = transport.connect({ host: "127.0.0.1", port: 8080 }, stage.client);
    await stage.pump();
    stage.client.peer.begin();
    await stage.pump();
    return stage;
  }

  /** Until nothing moves: HTTP/2 gathers what a turn causes, so turns have to end. */
  async pump(): Promise<void> {
    for (let quiet = 0; quiet < 3; quiet++) {
      if (this.network.pump(200_000) > 0) quiet = 0;
      await Promise.resolve();
    }
  }

  async advance(ms: number): Promise<void> {
    for (let passed = 0; passed < ms; passed += 10) {
      this.clock.advance(10);
      await this.pump();
    }
  }

  /** A call with one message; its end comes with it unless more is to follow. */
  async call(fields: readonly HPACK.H2Field[] = [], isOpen = false, path = "/a.B/c"): Promise<H2StreamRecord> {
    const record = this.client.peer.request(
      [
        [":method", "POST"],
        [":scheme", "http"],
        [":path", path],
        [":authority", "a"],
        ["content-type", "application/grpc"],
        ["te", "trailers"],
        ...fields,
      ],
      0,
    );
    this.client.peer.send(FRAME.data(record.id, MESSAGE, isOpen ? 0 : FRAME.END_STREAM));
    await this.pump();
    return record;
  }

  get service(): H2Peer {
    const { peer } = this.services[0] as End;
    return peer;
  }

  /** What the service has of its n-th call. */
  seen(n = 0): H2StreamRecord {
    return this.service.stream(2 * n + 1);
  }

  async answer(call: H2StreamRecord, ...parts: readonly ["head" | "message" | "trailers", ...HPACK.H2Field[]][]): Promise<void> {
    for (const [part, ...fields] of parts) {
      if (part === "message") this.service.send(FRAME.data(call.id, MESSAGE));
      else if (part === "trailers") this.service.send(FRAME.headers(call.id, HPACK.block(fields), FRAME.END_STREAM));
      else {
        const head: HPACK.H2Field[] = [[":status", "200"], ["content-type", "application/grpc"], ...fields];
        this.service.send(FRAME.headers(call.id, HPACK.block(head)));
      }
    }
    await this.pump();
  }

  record(at = -1): Record<string, unknown> {
    return JSON.parse(this.log.lines.at(at) ?? "{}") as Record<string, unknown>;
  }

  /** Nothing was wrong with what the gateway sent, and nothing of it is left behind. */
  async finish(): Promise<void> {
    for (const { peer } of [this.client, ...this.services]) assert.equal(peer.problem, null);
    this.client.socket?.close();
    const stopped = this.gateway?.stop(100);
    await this.advance(3000);
    await stopped;
    assert.equal(this.network.openSockets.length, 0);
  }
}

function statusOf(record: H2StreamRecord): (string | null)[] {
  return [record.trailer("grpc-status"), record.field("grpc-status")];
}

describe("a gRPC call over HTTP/2", () => {
  it("passes in both directions, messages while both sides go on, metadata, trailers and all", async () => {
    const stage = await CallStage.open();
    const call = await stage.call([["x-meta-bin", "AAEC"]], true);
    const seen = stage.seen();
    assert.equal(seen.field("te"), "trailers");
    assert.equal(seen.field("content-type"), "application/grpc");
    assert.equal(seen.field("x-meta-bin"), "AAEC");
    await stage.answer(seen, ["head", ["x-head", "1"]], ["message"]);
    assert.deepEqual([call.field("x-head"), call.body], ["1", MESSAGE]);
    stage.client.peer.send(FRAME.data(call.id, MESSAGE));
    await stage.pump();
    assert.equal(seen.body, MESSAGE + MESSAGE);
    await stage.answer(seen, ["message"]);
    stage.client.peer.send(FRAME.data(call.id, "", FRAME.END_STREAM));
    await stage.pump();
    assert.equal(seen.isEnded, true);
    await stage.answer(seen, ["trailers", ["grpc-status", "0"], ["x-tail-bin", "AA"]]);
    assert.equal(call.body, MESSAGE + MESSAGE);
    assert.deepEqual([call.trailer("grpc-status"), call.trailer("x-tail-bin")], ["0", "AA"]);
    assert.equal(stage.record()["grpcStatus"], "OK");
    assert.equal(stage.record()["protocol"], "HTTP/2.0");
    await stage.finish();
  });

  it("passes when all of its answer is one head", async () => {
    const stage = await CallStage.open();
    const call = await stage.call();
    const head = HPACK.block([
      [":status", "200"],
      ["content-type", "application/grpc"],
      ["grpc-status", "14"],
      ["grpc-message", "busy"],
    ]);
    stage.service.send(FRAME.headers(stage.seen().id, head, FRAME.END_STREAM));
    await stage.pump();
    assert.deepEqual([call.field("grpc-status"), call.field("grpc-message"), call.isEnded], ["14", "busy", true]);
    assert.equal(stage.record()["grpcStatus"], "UNAVAILABLE");
    assert.equal(stage.record()["fault"], undefined);
    assert.equal(stage.record()["attempts"], 1);
    await stage.finish();
  });
});

describe("a client that cancels its call", () => {
  for (const hasBegun of [false, true]) {
    it(`is heard by the service, and other calls go on (${hasBegun ? "behind" : "before"} the head)`, async () => {
      const stage = await CallStage.open();
      const call = await stage.call();
      const other = await stage.call();
      if (hasBegun) await stage.answer(stage.seen(0), ["head"], ["message"]);
      stage.client.peer.send(FRAME.rstStream(call.id, CANCEL));
      await stage.pump();
      assert.equal(stage.seen(0).resetCode, CANCEL);
      assert.equal(stage.record()["grpcStatus"], "CANCELLED");
      await stage.answer(stage.seen(1), ["head"], ["message"], ["trailers", ["grpc-status", "0"]]);
      assert.deepEqual(statusOf(other), ["0", null]);
      await stage.finish();
    });
  }

  it("takes all of its calls along when it goes", async () => {
    const stage = await CallStage.open();
    await stage.call();
    await stage.call();
    stage.client.socket?.reset();
    await stage.pump();
    assert.deepEqual([stage.seen(0).resetCode, stage.seen(1).resetCode], [CANCEL, CANCEL]);
    assert.deepEqual([stage.record(0)["grpcStatus"], stage.record(1)["grpcStatus"]], ["CANCELLED", "CANCELLED"]);
    await stage.finish();
  });
});

describe("a service that fails a call", () => {
  it("by a reset behind the head: the client has a status in trailers, and its other calls", async () => {
    const stage = await CallStage.open();
    const call = await stage.call();
    await stage.answer(stage.seen(), ["head"], ["message"]);
    stage.service.send(FRAME.rstStream(stage.seen().id, 2));
    await stage.pump();
    assert.deepEqual([call.body, call.trailer("grpc-status"), call.isEnded, call.resetCode], [MESSAGE, "14", true, null]);
    assert.match(call.trailer("grpc-message") ?? "", /\(SP_H2_RESPONSE_RESET\)$/);
    assert.equal(stage.record()["grpcStatus"], "UNAVAILABLE");
    await stage.finish();
  });

  it("by a reset before the head: the client has a status in the head", async () => {
    const stage = await CallStage.open();
    const call = await stage.call();
    stage.service.send(FRAME.rstStream(stage.seen().id, CANCEL));
    await stage.pump();
    assert.deepEqual([call.status, call.field("content-type"), ...statusOf(call)], [200, "application/grpc", null, "1"]);
    await stage.finish();
  });

  it("by refusing the stream: it is sent once more, message and all, and no third time", async () => {
    const stage = await CallStage.open();
    const call = await stage.call();
    for (let tries = 1; tries <= 2; tries++) {
      const sent = stage.services.flatMap(({ peer }) => [...peer.streams.values()].map((record) => ({ peer, record })));
      assert.equal(sent.length, tries);
      const { peer, record } = sent.at(-1) as { peer: H2Peer; record: H2StreamRecord };
      assert.deepEqual([record.body, record.isEnded], [MESSAGE, true]);
      peer.send(FRAME.rstStream(record.id, REFUSED_STREAM));
      await stage.pump();
    }
    assert.deepEqual(statusOf(call), [null, "14"]);
    assert.deepEqual([stage.record()["fault"], stage.record()["attempts"]], ["SP_H2_RESPONSE_REFUSED", 2]);
    await stage.finish();
  });

  it("by going away: the client has UNAVAILABLE", async () => {
    const stage = await CallStage.open();
    const call = await stage.call();
    await stage.answer(stage.seen(), ["head"]);
    stage.services[0]?.socket?.reset();
    await stage.pump();
    assert.equal(call.trailer("grpc-status"), "14");
    await stage.finish();
  });

  it("by an answer that is no gRPC: the client has the public table's status", async () => {
    const stage = await CallStage.open();
    const call = await stage.call();
    const seen = stage.seen();
    stage.service.send(
      FRAME.headers(
        seen.id,
        HPACK.block([
          [":status", "503"],
          ["content-type", "text/html"],
        ]),
      ),
      FRAME.data(seen.id, "<h1>busy</h1>", FRAME.END_STREAM),
    );
    await stage.pump();
    assert.deepEqual([call.status, call.body, ...statusOf(call)], [200, "", null, "14"]);
    assert.equal(stage.record()["fault"], "SP_GRPC_ANSWER_UNAVAILABLE");
    await stage.finish();
  });
});

describe("a call's deadline", () => {
  it("ends it before the head, and the service hears of it", async () => {
    const stage = await CallStage.open();
    const call = await stage.call([["grpc-timeout", "500m"]]);
    assert.equal(stage.seen().field("grpc-timeout"), "500m");
    await stage.advance(480);
    assert.equal(call.isOver, false);
    await stage.advance(50);
    assert.deepEqual(statusOf(call), [null, "4"]);
    assert.equal(stage.seen().resetCode, CANCEL);
    await stage.finish();
  });

  it("ends it in the middle of its messages, the client's own still coming", async () => {
    const stage = await CallStage.open();
    const call = await stage.call([["grpc-timeout", "3S"]], true);
    await stage.answer(stage.seen(), ["head"], ["message"]);
    await stage.advance(2900);
    assert.equal(call.isOver, false, "the route's time is until the head");
    await stage.advance(150);
    assert.deepEqual([call.body, call.trailer("grpc-status")], [MESSAGE, "4"]);
    assert.equal(stage.seen().resetCode, CANCEL);
    assert.equal(stage.record()["fault"], "SP_GRPC_DEADLINE");
    await stage.finish();
  });

  it("floods no service with calls that are given up: too many in a row end the client's connection, answered ones do not", async () => {
    const stage = await CallStage.open();
    const goodbye = (): number | null => stage.client.peer.goodbye?.code ?? null;
    for (let n = 0; n < 300; n++) {
      await stage.call([["grpc-timeout", "500m"]]);
      await stage.answer(stage.seen(n), ["head"], ["message"], ["trailers", ["grpc-status", "0"]]);
    }
    assert.equal(goodbye(), null);
    for (let n = 300; goodbye() === null && n < 700; n++) {
      const call = await stage.call([["grpc-timeout", "1m"]]);
      if (n % 2 === 0) await stage.answer(stage.seen(n), ["head"]);
      await stage.advance(20);
      assert.deepEqual(call.trailer("grpc-status") ?? call.field("grpc-status"), "4");
      assert.equal(stage.seen(n).resetCode, CANCEL);
    }
    assert.equal(goodbye(), ENHANCE_YOUR_CALM);
    await stage.finish();
  });

  it("that is malformed is refused as INTERNAL", async () => {
    const stage = await CallStage.open();
    assert.deepEqual(statusOf(await stage.call([["grpc-timeout", "soon"]])), [null, "13"]);
    await stage.finish();
  });
});

describe("the gateway's own answer to a call", () => {
  it("is UNIMPLEMENTED where no route is", async () => {
    const stage = await CallStage.open();
    const call = await stage.call([], false, "/other/c");
    assert.deepEqual([call.status, ...statusOf(call), call.isEnded], [200, null, "12", true]);
    await stage.finish();
  });

  it("is RESOURCE_EXHAUSTED for more than the route takes, also behind the head", async () => {
    for (const hasBegun of [false, true]) {
      const stage = await CallStage.open();
      const call = await stage.call([], true);
      if (hasBegun) await stage.answer(stage.seen(), ["head"]);
      stage.client.peer.send(FRAME.data(call.id, "x".repeat(2000)));
      await stage.pump();
      assert.deepEqual(statusOf(call), hasBegun ? ["8", null] : [null, "8"]);
      assert.equal(stage.seen().resetCode, CANCEL);
      assert.deepEqual(statusOf(await stage.call([["grpc-timeout", "x"]])), [null, "13"], "the connection goes on");
      await stage.finish();
    }
  });
});

describe("a call that outlasts the gateway, or its generation", () => {
  it("is told UNAVAILABLE when the time for a stop is over, by its head or behind it, and the connection ends in order", async () => {
    const stage = await CallStage.open();
    const streaming = await stage.call([], true);
    await stage.answer(stage.seen(), ["head"], ["message"]);
    const waiting = await stage.call();
    const stopped = stage.gateway?.stop(1000);
    await stage.advance(990);
    assert.deepEqual([streaming.isOver, waiting.isOver], [false, false]);
    await stage.advance(20);
    assert.deepEqual([streaming.body, ...statusOf(streaming)], [MESSAGE, "14", null]);
    assert.match(streaming.trailer("grpc-message") ?? "", /SP_GATEWAY_STOPPED/);
    assert.deepEqual(statusOf(waiting), [null, "14"]);
    assert.deepEqual([stage.seen(0).resetCode, stage.seen(1).resetCode], [CANCEL, CANCEL]);
    assert.equal(stage.client.peer.goodbye?.code, 0);
    await stage.advance(500);
    await stopped;
    assert.deepEqual(
      stage.log.lines.map((line) => (JSON.parse(line) as Record<string, unknown>)["grpcStatus"]),
      ["UNAVAILABLE", "UNAVAILABLE"],
    );
    await stage.finish();
  });

  it("is told UNAVAILABLE when so many reloads have come since that its generation is ended; the connection goes on", async () => {
    const stage = await CallStage.open();
    const calls: H2StreamRecord[] = [];
    for (let n = 0; n <= MAX_LIVE_GENERATIONS; n++) {
      calls.push(await stage.call([], true));
      const { config } = parseConfig(CONFIG.replace("1KiB", `${n + 2}KiB`), "gateway.yaml");
      assert.ok(config !== null);
      (await stage.gateway?.prepare(config))?.commit();
      await stage.pump();
    }
    assert.deepEqual(
      calls.map((call) => call.field("grpc-status")),
      calls.map((_, n) => (n < 2 ? "14" : null)),
    );
    const next = await stage.call();
    await stage.answer(stage.seen(calls.length), ["head"], ["trailers", ["grpc-status", "0"]]);
    assert.equal(next.trailer("grpc-status"), "0");
    await stage.finish();
  });
});
