// The generations of a worker: the one that new requests follow, and those before it that still have requests under way. A request
// follows the one it began with to its end; the pools of a generation are let go when its last request has ended.

import type { Blueprint } from "./blueprint.ts";
import type { IdentityGrant } from "./identity-set.ts";
import type { LimitGrant } from "./limit-set.ts";
import type { PreparedTls } from "./listener-tls.ts";
import type { GatewayRuntime } from "./runtime.ts";

export interface Generation {
  readonly blueprint: Blueprint;
  /** What its listeners say to handshakes. */
  readonly tls: PreparedTls;
  /** Its identities, which are given back with it. */
  readonly grant: IdentityGrant;
  /** What counts its limits and sheds its load. */
  readonly limits: LimitGrant;
  readonly runtime: GatewayRuntime;
}

export interface GenerationOwner {
  /** Its last request has ended, and no other will follow it. */
  onUnused(generation: Generation): void;
  /** Ends the requests that still follow it. */
  cutOff(generation: Generation): void;
}

/**
 * With so many alive, a reload ends the oldest one's requests. They end by themselves within their routes' timeouts; what lasts longer
 * are streams, and each of them holds no more than the plan of its route, but pools that nobody else uses as well.
 */
export const MAX_LIVE_GENERATIONS = 16;

export class Generations {
  #current: Generation;
  /** Those before the current one, the oldest first. */
  readonly #draining: Generation[] = [];
  readonly #owner: GenerationOwner;

  constructor(first: Generation, owner: GenerationOwner) {
    this.#current = first;
    this.#owner = owner;
  }

  get current(): Generation {
    return this.#current;
  }

  /** All that requests follow, the newest first. */
  list(): Generation[] {
    return [this.#current, ...this.#draining.toReversed()];
  }

  /** New requests follow `next`, whose pools it has taken. */
  replace(next: Generation): void {
    const before = this.#current;
    this.#current = next;
    if (before.runtime.open === 0) {
      this.#owner.onUnused(before);
      return;
    }
    this.#draining.push(before);
    before.runtime.onUnused = () => this.#drop(before);
    if (this.#draining.length >= MAX_LIVE_GENERATIONS) this.#owner.cutOff(this.#draining[0]!);
  }

  #drop(generation: Generation): void {
    const at = this.#draining.indexOf(generation);
    if (at < 0) return;
    this.#draining.splice(at, 1);
    generation.runtime.onUnused = null;
    this.#owner.onUnused(generation);
  }

  /** When the worker stops. */
  close(): void {
    for (const generation of [...this.#draining]) this.#drop(generation);
    this.#owner.onUnused(this.#current);
  }
}
