// Faults of the pool.

import { defineFault } from "../base/index.ts";

export const POOL_FULL = defineFault({
  code: "SP_UPSTREAM_POOL_FULL",
  status: 503,
  grpc: 8,
  blame: "upstream",
  retry: "never",
  closes: false,
  title: "The upstream has no capacity left.",
  remedy: "All `pool.connections` are busy and `pool.pending` requests wait. The service is too slow for the load, or the pool too small.",
});

export const POOL_CLOSED = defineFault({
  code: "SP_UPSTREAM_POOL_CLOSED",
  status: 503,
  grpc: 14,
  blame: "gateway",
  retry: "never",
  closes: true,
  title: "The gateway is shutting down.",
  remedy: "The request came, or still waited, when the time for a graceful stop was over.",
});
