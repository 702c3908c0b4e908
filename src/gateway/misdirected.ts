// Authority is bound to the handshake. Which client certificates are good is decided by the name in SNI, which route a request takes by
// its Host: whoever shook hands for one name must not ask for another one with other rules. 421 tells the client to connect anew for that
// name (RFC 9110 15.5.20). @hot

import { defineFault } from "../base/index.ts";
import type { ClientTlsFacts } from "../http/index.ts";
import { CONTINUE, type Policy } from "../pipeline/index.ts";

export const MISDIRECTED = defineFault({
  code: "SP_TLS_MISDIRECTED",
  status: 421,
  grpc: 14,
  blame: "client",
  retry: "always",
  closes: true,
  title: "This connection was made for another host.",
  remedy:
    "The host of the request asks for other client certificates than the name that the client gave in the handshake. Clients that reuse a connection for several hosts connect anew; one that does not must send the host's own name as SNI.",
});

/** Whether what a client had to show in this handshake is what the host of a request asks for; `host` as the request says it, without port. */
export type CoversAuthority = (facts: ClientTlsFacts, host: string) => boolean;

export function misdirectedGuard(covers: CoversAuthority): Policy {
  return {
    name: "misdirected",
    phase: "normalise",
    // hot-exception: once a listener, round-trip.bench.ts
    request: (exchange) => {
      const { tls } = exchange.client.facts;
      // A request without a handshake was held to nothing.
      return tls !== null && covers(tls, exchange.head.host) ? CONTINUE : exchange.answerFault(MISDIRECTED);
    },
  };
}
