// What can be wrong with a PROXY header. Nobody is answered: the far side is a proxy, and speaks no protocol yet.

import { defineFault, type FaultDefinition } from "../../base/index.ts";

function refused(code: string, title: string, remedy: string): FaultDefinition {
  return defineFault({
    code: `SP_PROXY_${code}`,
    status: 0,
    grpc: 0,
    blame: "operator",
    retry: "never",
    closes: true,
    title,
    remedy,
  });
}

export const PROXY_MISSING = refused(
  "MISSING",
  "A connection that must begin with a PROXY header began with something else.",
  "`proxyProtocol.from` of the listener holds the far side's address: either it sends no header (`send-proxy` in HAProxy, `proxy_protocol on` in nginx), or clients come from there directly and the blocks are too wide.",
);
export const PROXY_LATE = refused(
  "LATE",
  "The PROXY header did not come in time.",
  "The far side connects and says nothing: perhaps a health check without a header, or a client behind an address in `proxyProtocol.from`.",
);
export const PROXY_TRUNCATED = refused(
  "TRUNCATED",
  "The connection ended inside the PROXY header.",
  "Nothing by itself. Many of them: the proxy in front gives up too early.",
);
export const PROXY_TOO_LONG = refused(
  "TOO_LONG",
  "The PROXY header is longer than 107 bytes (version 1) or 4096 (version 2).",
  "Let the proxy in front send fewer TLVs.",
);
export const PROXY_MALFORMED = refused(
  "MALFORMED",
  "The PROXY header is malformed.",
  "The detail says where. The proxy in front breaks the specification; it has to be mended there.",
);
export const PROXY_UNSUPPORTED = refused(
  "UNSUPPORTED",
  "The PROXY header speaks for something that is no stream.",
  "Datagrams are not HTTP/1.1 or HTTP/2: the proxy in front is configured for another protocol.",
);
export const PROXY_CHECKSUM = refused(
  "CHECKSUM",
  "The checksum of the PROXY header is wrong.",
  "Something between the proxy and the gateway damages data, or the proxy computes CRC32C wrongly.",
);
