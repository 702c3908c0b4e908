// The upstream answered, and with an error: put into the gateway's shape it is still the upstream's answer, and has its status.

import { defineFault } from "../../base/index.ts";

// Two, because the blame of a kind is one: a client's 404 must not look like a service that fails.
export const REFUSED = defineFault({
  code: "SP_UPSTREAM_REFUSED",
  status: 400,
  grpc: 3,
  blame: "client",
  retry: "never",
  closes: false,
  title: "The service refused the request.",
  remedy:
    "The upstream answered with a 4xx, which the route's `errors.upstream: problem` puts into the gateway's shape; the status that the client gets is the upstream's own, or what `errors.status` makes of it. The log has the upstream's under `upstreamStatus`.",
});

export const FAILED = defineFault({
  code: "SP_UPSTREAM_FAILED",
  status: 500,
  grpc: 2,
  blame: "upstream",
  retry: "never",
  closes: false,
  title: "The service failed.",
  remedy:
    "The upstream answered with a 5xx, which the route's `errors.upstream: problem` puts into the gateway's shape; the status that the client gets is the upstream's own, or what `errors.status` makes of it. The log has the upstream's under `upstreamStatus`.",
});
