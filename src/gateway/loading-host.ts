// The surroundings in which a gateway loads its configuration: the process's own, and judges of what stands inside of certificates, keys,
// lists and policies, whose rooms the one that loads can't import.

import { type ConfigHost, systemConfigHost } from "../config/index.ts";
import { checkCedar } from "../policies/index.ts";
import { judgeListenerTls, judgeUpstreamTls } from "../tls/index.ts";

export function loadingHost(): ConfigHost {
  return { ...systemConfigHost(), tls: { listener: judgeListenerTls, upstream: judgeUpstreamTls }, judgeCedar: checkCedar };
}
