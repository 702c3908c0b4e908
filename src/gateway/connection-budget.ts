// How many client connections the process may hold. A process without descriptors can't reach its upstreams either, and on
// one runtime it spins while it can't accept: so it refuses some clients in time, in words, rather than all of them in silence.

/** Files, sockets of the admin address, name lookups. */
const SPARE_DESCRIPTORS = 64;

export class ConnectionBudget {
  readonly max: number;
  open = 0;

  /** `upstreamConnections` is what all pools may open together. However small the limit, a quarter of it is for clients. */
  constructor(descriptorLimit: number, upstreamConnections: number) {
    this.max = Math.max(Math.floor(descriptorLimit / 4), descriptorLimit - upstreamConnections - SPARE_DESCRIPTORS);
  }
}
