// How many client connections the process may hold. A process without descriptors can't reach its upstreams either, and on
// one runtime it spins while it can't accept: so it refuses some clients in time, in words, rather than all of them in silence.

/** Files, sockets of the admin address, name lookups. */
const SPARE_DESCRIPTORS = 64;

export class ConnectionBudget {
  readonly #descriptorLimit: number;
  max = 0;
  open = 0;

  /** `upstreamConnections` is what all pools may open together. However small the limit, a quarter of it is for clients. */
  constructor(descriptorLimit: number, upstreamConnections: number) {
    this.#descriptorLimit = descriptorLimit;
    this.reserve(upstreamConnections);
  }

  /** The pools of another configuration may open as many. */
  reserve(upstreamConnections: number): void {
    const limit = this.#descriptorLimit;
    this.max = Math.max(Math.floor(limit / 4), limit - upstreamConnections - SPARE_DESCRIPTORS);
  }
}
