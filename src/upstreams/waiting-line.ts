// Claims that wait for a connection, in their order and within a bound. @hot

import { type FaultDefinition, RingQueue } from "../base/index.ts";
import type { UpstreamClaim } from "../pipeline/index.ts";

export class WaitingLine {
  readonly #queue = new RingQueue<UpstreamClaim>();
  readonly #most: number;

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#queue.size;
  }

  /** False: the line is full, and the claim does not stand in it. */
  push(claim: UpstreamClaim): boolean {
    if (this.#queue.size >= this.#most) return false;
    claim.queueTicket = this.#queue.push(claim);
    return true;
  }

  peek(): UpstreamClaim | null {
    return this.#queue.peek();
  }

  shift(): UpstreamClaim | null {
    const claim = this.#queue.shift();
    if (claim !== null) claim.queueTicket = -1;
    return claim;
  }

  /** The first goes behind the last, who can be served before it. */
  yieldFirst(): void {
    const claim = this.shift();
    if (claim !== null) claim.queueTicket = this.#queue.push(claim);
  }

  remove(claim: UpstreamClaim): void {
    if (claim.queueTicket >= 0) this.#queue.remove(claim.queueTicket);
    claim.queueTicket = -1;
  }

  /** Nobody who waits will get anything. */
  refuseAll(fault: FaultDefinition): void {
    for (let claim = this.shift(); claim !== null; claim = this.shift()) claim.onOpenFault(fault, "");
  }
}
