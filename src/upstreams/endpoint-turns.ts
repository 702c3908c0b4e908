// Which endpoint a claim goes to. @hot

import type { UpstreamClaim } from "../pipeline/index.ts";
import { RoundRobin, type Weighted } from "./round-robin.ts";

export interface TurnTaker extends Weighted {
  readonly label: string;
}

export class EndpointTurns<T extends TurnTaker> {
  readonly #endpoints: readonly T[];
  readonly #turns: RoundRobin<T>;
  #lastRepeat = 0;

  constructor(endpoints: readonly T[]) {
    this.#endpoints = endpoints;
    this.#turns = new RoundRobin(endpoints);
  }

  /**
   * The endpoint whose turn it is. A repeat goes to one where its exchange has not been, and takes no turn: else every request
   * that meets a dead endpoint would use up the turn of the live one, and the next request meet the dead one again.
   */
  select(claim: UpstreamClaim): T {
    if (!claim.isRepeat) return this.#turns.select();
    const count = this.#endpoints.length;
    let endpoint: T;
    let looked = 0;
    do {
      this.#lastRepeat = (this.#lastRepeat + 1) % count;
      endpoint = this.#endpoints[this.#lastRepeat]!;
    } while (looked++ < count && claim.hasTried(endpoint.label));
    return endpoint;
  }
}
