// Nanoseconds to give a request its stream and to hear of its end, without what connections do.

import { FakeClock, TimerWheel } from "../base/index.ts";
import type { ClientFacts, UpstreamEvents, UpstreamStream } from "../http/index.ts";
import type { MultiplexedConnection, MultiplexedOwner } from "../http2/index.ts";
import { MemoryNetwork } from "../transport/index.ts";
import { MultiplexedPool } from "./multiplexed-pool.ts";
import { StoryClaim } from "./multiplexed-stage.ts";

const ROUNDS = 500_000;
const STREAMS = 100;

class BenchConnection implements MultiplexedConnection {
  readonly client: ClientFacts | null = null;
  readonly hasServed = true;
  readonly owner: MultiplexedOwner;
  isReady = false;
  openStreams = 0;

  constructor(owner: MultiplexedOwner) {
    this.owner = owner;
  }

  get freeStreams(): number {
    return this.isReady ? STREAMS - this.openStreams : 0;
  }

  open(_events: UpstreamEvents): UpstreamStream {
    this.openStreams++;
    last = this;
    return STREAM;
  }

  close(): void {}
}

const STREAM = {} as UpstreamStream;
let last: BenchConnection | null = null;

class BenchClaim extends StoryClaim {
  override onStream(): void {}
}

for (const connections of [1, 8, 64]) {
  const opened: BenchConnection[] = [];
  const pool = new MultiplexedPool(
    {
      name: "u",
      endpoints: [{ address: { host: "10.0.0.1", port: 80 }, authority: "u", weight: 1, tls: null }],
      bounds: { connectMs: 1000, firstByteMs: null, betweenBytesMs: null, idleMs: 60_000 },
      connections,
      streams: STREAMS,
      pending: 10,
    },
    new MemoryNetwork({ schedule: null }).transport,
    new TimerWheel(new FakeClock()),
    (owner) => {
      const connection = new BenchConnection(owner);
      opened.push(connection);
      return connection;
    },
  );
  const claim = new BenchClaim();
  // All connections, each with half of its streams in use.
  for (let i = 0; i < connections * STREAMS; i++) pool.open(new BenchClaim());
  for (const connection of opened) {
    connection.isReady = true;
    connection.owner.onReady(connection);
    connection.openStreams = STREAMS / 2;
  }
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 7; run++) {
    const start = performance.now();
    for (let i = 0; i < ROUNDS; i++) {
      pool.open(claim);
      last!.openStreams--;
      last!.owner.onStreamsFree(last!);
    }
    best = Math.min(best, ((performance.now() - start) / ROUNDS) * 1e6);
  }
  const name = `${connections} connection${connections === 1 ? "" : "s"}, half full`;
  console.log(`${name.padEnd(48)} ${best.toFixed(1).padStart(7)} ns`);
}
