// What the pipeline needs of the process that it runs in.

import type { Clock, TimerWheel } from "../base/index.ts";
import type { Exchange } from "./exchange.ts";

/** What every exchange of a worker shares. */
export interface ExchangeRuntime {
  readonly clock: Clock;
  readonly wheel: TimerWheel;
  /** Called once for each exchange, at its very end: records and counts. */
  onExchangeEnd(exchange: Exchange): void;
  /** It has become a tunnel, which may last for days: of its generation it needs no more than its last line in the log says. */
  onTunnel(exchange: Exchange): void;
  /** A step threw. */
  onBug(exchange: Exchange, error: unknown): void;
  nextRequestId(): string;
}
