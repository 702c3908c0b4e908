// Whom an HTTP/2 connection to an upstream tells what becomes of it: the pool, as one connection sees it.

import type { Fault, TimerWheel } from "../base/index.ts";
import type { ClientFacts, UpstreamEvents, UpstreamStream } from "../http/index.ts";
import type { UpstreamBounds } from "../http1/index.ts";

/** A connection as its owner sees it: many requests at once, each a stream. */
export interface MultiplexedConnection {
  /** The only client whose requests it may carry; null: anybody's. */
  readonly client: ClientFacts | null;
  /** How many streams more may be opened now. 0 until onReady, while it drains, and once it is closed. */
  readonly freeStreams: number;
  /** Streams that are open. */
  readonly openStreams: number;
  /** Some stream of it has been answered or reset by the upstream before: a failure may be the idle race of RFC 9110 9.2.2. */
  readonly hasServed: boolean;
  /** A stream for one attempt, which calls send() next. Only while freeStreams > 0. */
  open(events: UpstreamEvents): UpstreamStream;
  /** Takes no more streams, and closes when the last one has ended: at once when there is none. */
  close(): void;
}

export interface MultiplexedOwner {
  readonly wheel: TimerWheel;
  readonly bounds: UpstreamBounds;
  /** Streams that we open on one connection at most, whatever the upstream would take. */
  readonly streams: number;
  /** Connected, and the upstream's settings have come. Once, before everything else but onClosed. */
  onReady(connection: MultiplexedConnection): void;
  /** A stream has ended, or the upstream allows more than before: freeStreams may be positive again. */
  onStreamsFree(connection: MultiplexedConnection): void;
  /** It takes no more streams (GOAWAY, all ids used, its time is over); those open go on. Once, and not behind onClosed. */
  onDraining(connection: MultiplexedConnection): void;
  /** Gone; its streams have been told. Once, last. `fault` says why when it never became ready. */
  onClosed(connection: MultiplexedConnection, fault: Fault | null): void;
}
