// What pools make of the health of their endpoints, whoever judges it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock, TimerWheel } from "../../base/index.ts";
import { Fields, type UpstreamStream } from "../../http/index.ts";
import { MemoryNetwork, type Socket } from "../../transport/index.ts";
import { MultiplexedStage, StoryClaim } from "../multiplexed-stage.ts";
import { Pool } from "../pool.ts";

const [FIRST, SECOND, THIRD] = ["10.0.0.1:80", "10.0.0.2:80", "10.0.0.3:80"];
const REQUEST = {
  method: "GET",
  target: "/",
  authority: "u",
  bodyLength: 0,
  expectsContinue: false,
  acceptsTrailers: false,
  upgrade: null,
};

/** A claim at a pool of HTTP/1.1, which sends nothing by itself. */
class PlainClaim extends StoryClaim {
  plain: UpstreamStream | null = null;

  override onStream(stream: UpstreamStream, endpoint: string): void {
    this.plain = stream;
    this.events.push(`stream ${endpoint}`);
  }
}

class PlainStage {
  readonly network = new MemoryNetwork({ schedule: null });
  readonly accepted: Socket[] = [];
  readonly pool: Pool;

  constructor(count: number, connections: number) {
    const endpoints = Array.from({ length: count }, (_, i) => ({
      address: { host: `10.0.0.${i + 1}`, port: 80 },
      authority: "u",
      weight: 1,
      tls: null,
    }));
    const bounds = { connectMs: 1000, firstByteMs: null, betweenBytesMs: null, idleMs: 60_000 };
    const { transport } = this.network;
    this.pool = new Pool({ name: "u", endpoints, bounds, connections, pending: 8 }, transport, new TimerWheel(new FakeClock()));
    for (const { address } of endpoints) {
      void transport.listen(address, (socket) => {
        this.accepted.push(socket);
        return { onOpen() {}, onData() {}, onDrain() {}, onEnd: () => socket.close(), onClose() {} };
      });
    }
  }

  open(claim = new PlainClaim()): PlainClaim {
    this.pool.open(claim);
    this.network.pump();
    return claim;
  }

  judge(index: number, isHealthy: boolean): void {
    this.pool.setHealth(this.pool.endpoints[index]!, isHealthy);
  }
}

describe("a pool whose endpoints are judged", () => {
  it("gives those that are not well no request, and all of them their turns when none is", () => {
    const stage = new PlainStage(3, 32);
    const ask = (count: number) => Array.from({ length: count }, () => stage.open().events[0]?.replace("stream ", ""));
    stage.judge(1, false);
    assert.deepEqual(ask(4), [FIRST, THIRD, FIRST, THIRD]);
    stage.judge(0, false);
    stage.judge(2, false);
    assert.deepEqual(new Set(ask(3)), new Set([FIRST, SECOND, THIRD]));
    stage.judge(1, true);
    assert.deepEqual(ask(2), [SECOND, SECOND]);
  });

  it("takes a repeat to another that is well first, then to one that is not, then to any", () => {
    const stage = new PlainStage(3, 32);
    stage.judge(1, false);
    const repeat = (...tried: string[]) => stage.open(new PlainClaim(false, tried)).events[0]?.replace("stream ", "");
    assert.equal(repeat(FIRST!), THIRD);
    assert.equal(repeat(THIRD!), FIRST);
    assert.equal(repeat(FIRST!, THIRD!), SECOND);
    assert.notEqual(repeat(FIRST!, SECOND!, THIRD!), SECOND);
  });

  it("keeps who waits from a connection of one that is not well: it gives way to another", () => {
    const stage = new PlainStage(2, 1);
    const first = stage.open();
    assert.equal(first.story, `stream ${FIRST}`);
    const waiting = stage.open();
    stage.judge(0, false);
    first.plain?.send({ ...REQUEST, fields: new Fields("") });
    stage.network.pump();
    stage.accepted[0]?.writeText("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    stage.network.pump();
    assert.equal(waiting.story, `stream ${SECOND}`);
    assert.deepEqual(stage.pool.counts, { open: 1, idle: 0, pending: 0 });
  });

  it("knows only its own endpoints", () => {
    const [one, other] = [new PlainStage(1, 1), new PlainStage(1, 1)];
    one.pool.setHealth(other.pool.endpoints[0]!, false);
    assert.deepEqual([one.pool.endpoints[0]?.isHealthy, other.pool.endpoints[0]?.isHealthy], [true, true]);
  });
});

describe("a pool of HTTP/2 whose endpoints are judged", () => {
  function open(connections: number, streams: number): { stage: MultiplexedStage; judge(index: number, isHealthy: boolean): void } {
    const stage = new MultiplexedStage({ weights: [1, 1], connections, streams, pending: 8 });
    return { stage, judge: (index, isHealthy) => stage.pool.setHealth(stage.pool.endpoints[index]!, isHealthy) };
  }

  it("opens nothing and sends nothing to one that is not well, though it has room", () => {
    const { stage, judge } = open(2, 2);
    const before = stage.openMany(2);
    for (const connection of stage.connections) connection.ready();
    assert.deepEqual(
      before.map(({ story }) => story),
      [`stream ${FIRST}`, `stream ${SECOND}`],
    );
    judge(0, false);
    assert.equal(stage.open().story, `stream ${SECOND}`);
    // The one that is well is full, and the bound of connections is reached: the other one's connection gives way.
    const waiting = stage.open();
    assert.equal(stage.connections[2]?.endpoint, SECOND);
    stage.connections[2]?.ready();
    assert.equal(waiting.story, `stream ${SECOND}`);
    before[0]?.stream?.answer();
    assert.equal(stage.connections[0]?.state, "closed");
  });

  it("lets one that is not well give its place to another when who waits could have it", () => {
    const { stage, judge } = open(1, 1);
    const first = stage.open();
    stage.connections[0]?.ready();
    assert.equal(first.story, `stream ${FIRST}`);
    const waiting = stage.open();
    judge(0, false);
    first.stream?.answer();
    assert.equal(stage.connections.length, 2);
    stage.connections[1]?.ready();
    assert.equal(waiting.story, `stream ${SECOND}`);
    assert.equal(stage.counts(), "1 open, 0 idle, 1 streams, 0 pending");
  });

  it("uses all of them when none is well", () => {
    const { stage, judge } = open(2, 1);
    judge(0, false);
    judge(1, false);
    stage.openMany(2);
    assert.deepEqual(stage.connections.map(({ endpoint }) => endpoint).sort(), [FIRST, SECOND]);
  });
});
