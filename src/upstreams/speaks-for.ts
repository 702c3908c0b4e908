// The PROXY header of a connection that is one client connection's alone.

import type { ClientFacts } from "../http/index.ts";
import type { SpeaksFor } from "../http1/index.ts";
import { encodeProxyHeader, type ProxyVersion } from "../transport/index.ts";

export function createSpeaksFor(version: ProxyVersion, client: ClientFacts): SpeaksFor {
  const { address, port, localAddress, localPort } = client;
  return { client, header: encodeProxyHeader(version, { address, port }, { address: localAddress, port: localPort }) };
}
