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
   * that meets a dead endpoint would use up the turn of the live one, and the next request meet the dead one again. Once it has been
   * at all that are healthy, one of the others is still better than the same again; once at all, the one behind the last repeat's.
   */
  select(claim: UpstreamClaim): T {
    if (!claim.isRepeat) return this.#turns.select();
    return this.#findUntried(claim, true) ?? this.#findUntried(claim, false) ?? this.#follow();
  }

  /** Whether new requests may go to it. */
  takes(endpoint: T): boolean {
    return this.#turns.takes(endpoint);
  }

  /** The health of an endpoint has changed. */
  refresh(): void {
    this.#turns.refresh();
  }

  #follow(): T {
    const count = this.#endpoints.length;
    for (let looked = 0; looked < count; looked++) {
      this.#lastRepeat = (this.#lastRepeat + 1) % count;
      if (this.takes(this.#endpoints[this.#lastRepeat]!)) break;
    }
    return this.#endpoints[this.#lastRepeat]!;
  }

  #findUntried(claim: UpstreamClaim, onlyHealthy: boolean): T | null {
    const count = this.#endpoints.length;
    for (let looked = 0; looked < count; looked++) {
      this.#lastRepeat = (this.#lastRepeat + 1) % count;
      const endpoint = this.#endpoints[this.#lastRepeat]!;
      if ((!onlyHealthy || endpoint.isHealthy) && !claim.hasTried(endpoint.label)) return endpoint;
    }
    return null;
  }
}
