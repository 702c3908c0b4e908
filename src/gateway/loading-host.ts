// The surroundings in which a gateway loads its configuration: the process's own, and a judge of what stands inside of certificates,
// keys and lists, which the room that loads can't import.

import { type ConfigHost, systemConfigHost } from "../config/index.ts";
import { judgeListenerTls, judgeUpstreamTls } from "../tls/index.ts";

export function loadingHost(): ConfigHost {
  return { ...systemConfigHost(), tls: { listener: judgeListenerTls, upstream: judgeUpstreamTls } };
}
