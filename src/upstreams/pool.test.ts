// Who gets which connection of an upstream, when, and what is left when claims and connections go.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock, type Fault, TimerWheel } from "../base/index.ts";
import { type ClientFacts, Fields, type ResponseHead, type UpstreamStream } from "../http/index.ts";
import type { UpstreamClaim } from "../pipeline/index.ts";
import { MemoryNetwork, type Socket } from "../transport/index.ts";
import { Pool } from "./pool.ts";

const RESPONSE = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

const CLIENT: ClientFacts = {
  listener: "l",
  address: "192.0.2.7",
  port: 40_000,
  localAddress: "198.51.100.1",
  localPort: 443,
  isGone: false,
  tls: null,
  version: 11,
  forwarding: null,
};

class Claim implements UpstreamClaim {
  queueTicket = -1;
  client = CLIENT;
  readonly needsFresh: boolean;
  readonly events: string[] = [];
  readonly tried: string[];
  stream: UpstreamStream | null = null;

  constructor(needsFresh = false, tried: string[] = []) {
    this.needsFresh = needsFresh;
    this.tried = tried;
  }

  get isRepeat(): boolean {
    return this.tried.length > 0;
  }

  hasTried(endpoint: string): boolean {
    return this.tried.includes(endpoint);
  }

  onStream(stream: UpstreamStream, endpoint: string, authority: string): void {
    this.events.push(`stream ${endpoint}${stream.isReused ? " again" : ""}`);
    this.stream = stream;
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

  onOpenFault(fault: Fault, endpoint: string): void {
    this.events.push(`${fault.kind.code} ${endpoint}`.trim());
  }

  get story(): string {
    return this.events.join(", ");
  }

  onInterim(_status: number, _fields: Fields): void {}

  onSwitch(): boolean {
    return true;
  }

  onResponseHead(_head: ResponseHead): boolean {
    return true;
  }

  onResponseChunk(_chunk: Uint8Array): boolean {
    return true;
  }

  onResponseEnd(_trailers: Fields | null): void {
    this.events.push("end");
  }

  onUpstreamDrain(): void {}

  onUpstreamFault(fault: Fault): void {
    this.events.push(fault.kind.code);
  }

  onBatchStart(): void {}

  onBatchEnd(): void {}
}

interface StageOptions {
  readonly connections?: number;
  readonly pending?: number;
  /** Of each endpoint; the hosts are 10.0.0.1, 10.0.0.2 and so on. */
  readonly weights?: readonly number[];
  readonly proxyProtocol?: "v1" | "v2";
}

class PoolStage {
  readonly network = new MemoryNetwork({ schedule: null });
  readonly clock = new FakeClock();
  readonly pool: Pool;
  /** The upstreams' ends, in the order in which they were accepted; none answers by itself. */
  readonly accepted: Socket[] = [];
  /** What each of them got. */
  readonly heard: string[] = [];

  constructor(options: StageOptions = {}) {
    const weights = options.weights ?? [1];
    const endpoints = weights.map((weight, i) => ({ address: { host: `10.0.0.${i + 1}`, port: 80 }, authority: "u", weight, tls: null }));
    this.pool = new Pool(
      {
        name: "u",
        endpoints,
        bounds: { connectMs: 1_000, firstByteMs: 5_000, betweenBytesMs: 5_000, idleMs: 60_000 },
        connections: options.connections ?? 2,
        pending: options.pending ?? 2,
        proxyProtocol: options.proxyProtocol ?? null,
      },
      this.network.transport,
      new TimerWheel(this.clock),
    );
    for (const { address } of endpoints) {
      void this.network.transport.listen(address, (socket) => {
        const at = this.accepted.push(socket) - 1;
        this.heard.push("");
        const onData = (chunk: Uint8Array) => {
          this.heard[at] += Buffer.from(chunk).toString("latin1");
        };
        return { onOpen() {}, onData, onDrain() {}, onEnd: () => socket.end(), onClose() {} };
      });
    }
  }

  open(claim = new Claim()): Claim {
    this.pool.open(claim);
    this.network.pump();
    return claim;
  }

  answer(at: number): void {
    this.accepted[at]?.writeText(RESPONSE);
    this.network.pump();
  }

  refuse(host: string): void {
    this.network.setConnectFault({ host, port: 80 }, "ECONNREFUSED");
  }

  counts(): string {
    const { open, idle, pending } = this.pool.counts;
    return `${open} open, ${idle} idle, ${pending} pending`;
  }
}

describe("a pool of connections", () => {
  it("lends one again once its response is complete", () => {
    const stage = new PoolStage();
    stage.open();
    stage.answer(0);
    assert.equal(stage.counts(), "1 open, 1 idle, 0 pending");
    assert.equal(stage.open().story, "stream 10.0.0.1:80 again");
    assert.equal(stage.counts(), "1 open, 0 idle, 0 pending");
  });

  it("opens another for a claim that must not have one that has served", () => {
    const stage = new PoolStage();
    stage.open();
    stage.answer(0);
    assert.equal(stage.open(new Claim(true)).story, "stream 10.0.0.1:80");
  });

  it("lets claims wait in their order, refuses those beyond the bound at once, and names no endpoint that was not asked", () => {
    const stage = new PoolStage({ connections: 1, pending: 2 });
    const [first, second, third, fourth] = [stage.open(), stage.open(), stage.open(), stage.open()];
    assert.equal(fourth.story, "SP_UPSTREAM_POOL_FULL");
    assert.equal(stage.counts(), "1 open, 0 idle, 2 pending");
    stage.answer(0);
    assert.equal(first.story, "stream 10.0.0.1:80, end");
    assert.equal(second.story, "stream 10.0.0.1:80 again");
    assert.equal(third.story, "");
    stage.answer(0);
    assert.equal(third.story, "stream 10.0.0.1:80 again");
  });

  it("forgets a claim that waits", () => {
    const stage = new PoolStage({ connections: 1 });
    stage.open();
    const waits = stage.open();
    stage.pool.forget(waits);
    stage.answer(0);
    assert.equal(waits.story, "");
    assert.equal(stage.counts(), "1 open, 1 idle, 0 pending");
  });

  it("keeps the connection that was opened for a claim that has left", () => {
    const stage = new PoolStage();
    const claim = new Claim();
    stage.pool.open(claim);
    stage.pool.forget(claim);
    stage.network.pump();
    assert.equal(claim.story, "");
    assert.equal(stage.counts(), "1 open, 1 idle, 0 pending");
  });

  it("gives the place of a lost connection to who waits, on a connection of its own", () => {
    const stage = new PoolStage({ connections: 1 });
    const first = stage.open();
    const waits = stage.open();
    const [socket] = stage.accepted;
    if (socket !== undefined) stage.network.injectReset(socket);
    stage.network.pump();
    assert.equal(first.story, "stream 10.0.0.1:80, SP_UPSTREAM_RESET");
    assert.equal(waits.story, "stream 10.0.0.1:80");
    assert.equal(stage.counts(), "1 open, 0 idle, 0 pending");
  });

  it("closes an idle connection of another endpoint rather than letting a request wait", () => {
    const stage = new PoolStage({ connections: 1, weights: [1, 1] });
    stage.open();
    stage.answer(0);
    assert.equal(stage.open().story, "stream 10.0.0.2:80");
    assert.equal(stage.counts(), "1 open, 0 idle, 0 pending");
  });

  it("does not lend an idle connection that the upstream has closed", () => {
    const stage = new PoolStage();
    stage.open();
    stage.answer(0);
    stage.accepted[0]?.end();
    stage.network.pump();
    assert.equal(stage.counts(), "0 open, 0 idle, 0 pending");
    assert.equal(stage.open().story, "stream 10.0.0.1:80");
  });

  it("tells everybody who waits when it closes, and closes what comes back", () => {
    const stage = new PoolStage({ connections: 1 });
    const first = stage.open();
    const waits = stage.open();
    stage.pool.close();
    stage.network.pump();
    assert.equal(waits.story, "SP_UPSTREAM_POOL_CLOSED");
    assert.equal(stage.open().story, "SP_UPSTREAM_POOL_CLOSED");
    stage.answer(0);
    assert.equal(first.story, "stream 10.0.0.1:80, end");
    assert.equal(stage.counts(), "0 open, 0 idle, 0 pending");
  });
});

describe("a pool whose connections begin with a PROXY header", () => {
  const HEADER = "PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n";
  const claimOf = (client: ClientFacts, needsFresh = false) => Object.assign(new Claim(needsFresh), { client });
  const other = () => ({ ...CLIENT, port: 40_001 });

  it("writes it once, before the first request", () => {
    const stage = new PoolStage({ proxyProtocol: "v1" });
    stage.open();
    stage.answer(0);
    stage.open();
    assert.equal(stage.accepted.length, 1);
    assert.match(stage.heard[0] ?? "", new RegExp(`^${HEADER}GET / HTTP/1.1\\r\\n[^P]*GET / HTTP/1.1\\r\\n[^P]*$`));
  });

  it("lends a connection to requests of its own client connection alone, whatever the other's address", () => {
    const stage = new PoolStage({ proxyProtocol: "v1" });
    stage.open();
    stage.answer(0);
    assert.equal(stage.open(claimOf({ ...CLIENT })).story, "stream 10.0.0.1:80");
    assert.equal(stage.open().story, "stream 10.0.0.1:80 again");
    assert.equal(stage.accepted.length, 2);
  });

  it("closes the idle connection of another client rather than letting a request wait", () => {
    const stage = new PoolStage({ proxyProtocol: "v1", connections: 1 });
    stage.open();
    stage.answer(0);
    assert.equal(stage.open(claimOf(other())).story, "stream 10.0.0.1:80");
    assert.match(stage.heard[1] ?? "", /^PROXY TCP4 192\.0\.2\.7 198\.51\.100\.1 40001 443\r\n/);
    assert.equal(stage.counts(), "1 open, 0 idle, 0 pending");
  });

  it("opens another connection for who waits when the one that comes free is not his", () => {
    const stage = new PoolStage({ proxyProtocol: "v1", connections: 1 });
    stage.open();
    const waits = stage.open(claimOf(other()));
    const same = stage.open();
    stage.answer(0);
    assert.equal(waits.story, "stream 10.0.0.1:80");
    assert.equal(same.story, "");
    stage.answer(1);
    assert.equal(same.story, "stream 10.0.0.1:80");
    assert.deepEqual(
      stage.heard.map((text) => text.slice(40, 45)),
      ["40000", "40001", "40000"].map((port) => HEADER.replace("40000", port).slice(40, 45)),
    );
  });

  it("keeps no connection of a client that has gone", () => {
    const stage = new PoolStage({ proxyProtocol: "v1", connections: 3 });
    const gone = other();
    stage.open(claimOf(gone));
    stage.answer(0);
    const under = other();
    stage.open(claimOf(under));
    gone.isGone = true;
    under.isGone = true;
    stage.answer(1);
    assert.equal(stage.counts(), "1 open, 1 idle, 0 pending");
    // Whoever asks next finds what is left of others.
    stage.open();
    assert.equal(stage.counts(), "1 open, 0 idle, 0 pending");
  });

  it("says of a client on a unix socket that it is nobody", () => {
    const stage = new PoolStage({ proxyProtocol: "v2" });
    stage.open(claimOf({ ...CLIENT, address: "", port: 0, localAddress: "", localPort: 0 }));
    assert.equal(Buffer.from(stage.heard[0] ?? "", "latin1").toString("hex", 0, 16), "0d0a0d0a000d0a515549540a21000000");
  });
});

describe("endpoints", () => {
  it("take turns", () => {
    const stage = new PoolStage({ weights: [1, 1], connections: 4 });
    const stories = [0, 1, 2, 3].map(() => stage.open().story);
    assert.deepEqual(stories, ["stream 10.0.0.1:80", "stream 10.0.0.2:80", "stream 10.0.0.1:80", "stream 10.0.0.2:80"]);
  });

  it("that can't be connected to are named in the fault, and count no longer", () => {
    const stage = new PoolStage();
    stage.refuse("10.0.0.1");
    assert.equal(stage.open().story, "SP_UPSTREAM_CONNECT_FAILED 10.0.0.1:80");
    assert.equal(stage.counts(), "0 open, 0 idle, 0 pending");
  });

  for (const weights of [
    [1, 1],
    [3, 1],
    [1, 1, 1],
  ]) {
    it(`of weights ${weights.join(":")}: one that an exchange has been to is left for another, whoever's turn it is`, () => {
      const stage = new PoolStage({ weights, connections: 100 });
      for (let others = 0; others < 5; others++) {
        for (let i = 0; i < others; i++) stage.open();
        assert.doesNotMatch(stage.open(new Claim(false, ["10.0.0.1:80"])).story, /10\.0\.0\.1/);
      }
    });
  }

  it("lose no turn to a repeat", () => {
    const stage = new PoolStage({ weights: [1, 1], connections: 100 });
    assert.match(stage.open().story, /10\.0\.0\.1/);
    assert.match(stage.open(new Claim(false, ["10.0.0.1:80"])).story, /10\.0\.0\.2/);
    assert.match(stage.open().story, /10\.0\.0\.2/);
  });

  it("that an exchange has all been to are tried again", () => {
    const stage = new PoolStage({ weights: [1, 1] });
    assert.match(stage.open(new Claim(false, ["10.0.0.1:80", "10.0.0.2:80"])).story, /^stream/);
  });
});
