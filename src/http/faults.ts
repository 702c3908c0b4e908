// Faults of either side that are the same in every protocol.

import { defineFault } from "../base/index.ts";

export const CLIENT_GONE = defineFault({
  code: "SP_CLIENT_GONE",
  status: 499,
  grpc: 1,
  blame: "client",
  retry: "never",
  closes: true,
  title: "The client left before the answer was complete.",
  remedy: "Nothing by itself. Many of them on one route: it is slower than its clients are patient.",
});

export const STOPPED = defineFault({
  code: "SP_GATEWAY_STOPPED",
  status: 503,
  grpc: 14,
  blame: "gateway",
  retry: "never",
  closes: true,
  title: "The gateway stopped before the answer was complete.",
  remedy:
    "The exchange outlasted the time for a graceful stop, `gateway.drain`, or sixteen reloads. Streams and tunnels do: their clients are told where they can be, and connect anew.",
});

export const CONNECT_FAILED = defineFault({
  code: "SP_UPSTREAM_CONNECT_FAILED",
  status: 502,
  grpc: 14,
  blame: "upstream",
  retry: "always",
  closes: false,
  title: "The upstream can't be reached.",
  remedy:
    "The detail names the endpoint and the error. Is the service running, and is the address right? One that closes before its settings came does not speak HTTP/2 there, or only over TLS (`https:`).",
});

export const CONNECT_TIMEOUT = defineFault({
  code: "SP_UPSTREAM_CONNECT_TIMEOUT",
  status: 504,
  grpc: 14,
  blame: "upstream",
  retry: "always",
  closes: false,
  title: "The upstream did not accept the connection in time.",
  remedy:
    "The host is down, its accept queue is full or packets are lost; `timeouts.connect` sets the time. With `protocol: h2` the time includes the endpoint's settings, which one that does not speak HTTP/2 never sends.",
});

export const UPSTREAM_HANDSHAKE = defineFault({
  code: "SP_UPSTREAM_HANDSHAKE_FAILED",
  status: 502,
  grpc: 14,
  blame: "upstream",
  retry: "always",
  closes: false,
  title: "No TLS connection to the upstream could be made.",
  remedy:
    "The detail names the endpoint and what was wrong: does it speak TLS there, in a version that `tls.minVersion` allows, and does it want a certificate of ours (`tls.cert`)? No application protocol: it does not speak the upstream's `protocol`.",
});

export const UPSTREAM_CERTIFICATE = defineFault({
  code: "SP_UPSTREAM_CERTIFICATE",
  status: 502,
  grpc: 14,
  blame: "upstream",
  retry: "always",
  closes: false,
  title: "The upstream's certificate is not believed.",
  remedy:
    "The detail names the endpoint and why: it has expired or been revoked, its names don't have the endpoint's host (`tls.serverName`), or `tls.ca` has not signed it. Nothing was sent.",
});

export const UPSTREAM_RESET = defineFault({
  code: "SP_UPSTREAM_RESET",
  status: 502,
  grpc: 14,
  blame: "upstream",
  retry: "reused-connection",
  closes: false,
  title: "The upstream closed the connection before it answered.",
  remedy:
    "The service crashed or closes connections under load. On reused connections only: its idle timeout is shorter than `timeouts.idle`.",
});

export const FIRST_BYTE_TIMEOUT = defineFault({
  code: "SP_UPSTREAM_FIRST_BYTE_TIMEOUT",
  status: 504,
  grpc: 4,
  blame: "upstream",
  retry: "idempotent",
  closes: false,
  title: "The upstream did not answer in time.",
  remedy: "The service is slow; `timeouts.firstByte` of the upstream sets the time.",
});

export const BETWEEN_BYTES_TIMEOUT = defineFault({
  code: "SP_UPSTREAM_BETWEEN_BYTES_TIMEOUT",
  status: 504,
  grpc: 4,
  blame: "upstream",
  retry: "never",
  closes: false,
  title: "The upstream stopped in the middle.",
  remedy: "The service stalled while it sent or took a body; `timeouts.betweenBytes` of the upstream sets the time.",
});
