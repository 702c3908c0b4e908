// What the operator reads of HTTP/2 connections that were ended for what their clients did: no request stands for them in the access log.

import type { Clock, Fault } from "../base/index.ts";
import { H2 } from "../http2/index.ts";

/** One line in so long: whoever floods the gateway must not flood those who read. */
const QUIET_MS = 1_000;

export class ConnectionFaultLines {
  readonly #clock: Clock;
  readonly #write: (line: string) => void;
  #nextMs = 0;
  #untold = 0;

  constructor(clock: Clock, write: (line: string) => void) {
    this.#clock = clock;
    this.#write = write;
  }

  tell(listener: string, address: string, fault: Fault): void {
    // One that is merely lost, as those of phones are all day.
    if (fault.kind === H2.PING_LATE.kind) return;
    const nowMs = this.#clock.now();
    if (nowMs < this.#nextMs) {
      this.#untold++;
      return;
    }
    this.#nextMs = nowMs + QUIET_MS;
    const detail = fault.detail === "" ? "" : `, ${fault.detail}`;
    const more = this.#untold === 0 ? "" : `; ${this.#untold} more since the last such line`;
    this.#untold = 0;
    this.#write(`listener ${listener}: the HTTP/2 connection of ${address} was ended: ${fault.kind.code}${detail}${more}`);
  }
}

export function writeConnectionFault(line: string): void {
  process.stderr.write(`sallyport: ${line}\n`);
}
