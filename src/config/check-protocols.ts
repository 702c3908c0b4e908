// What must agree about the protocols of listeners and upstreams: what is said of HTTP/2 where it is not spoken holds for nothing.

import type { Finding, IssuePath } from "./issue.ts";
import { checkEntries, children, contradiction, get, has } from "./written.ts";

export function checkUpstreamProtocol(upstream: unknown, path: IssuePath, findings: Finding[]): void {
  const isHttp1 = !has(upstream, "protocol") || get(upstream, "protocol") === "http/1.1";
  if (!isHttp1 || !has(get(upstream, "pool"), "streams")) return;
  const message = "`streams` bounds the requests of one HTTP/2 connection, and this upstream is not spoken to in HTTP/2";
  findings.push(contradiction([...path, "pool", "streams"], "key", message, "add `protocol: h2`, or remove `streams`"));
}

/** Of the gateway's own file. */
export function checkProtocols(root: unknown, findings: Finding[]): void {
  for (const [path, listener] of children(root, [], "listeners")) {
    const protocols = get(listener, "protocols");
    checkEntries(protocols, [...path, "protocols"], findings);
    if (!has(get(listener, "bounds"), "streams") || (Array.isArray(protocols) && protocols.includes("h2"))) continue;
    const message = "`streams` bounds the requests of one HTTP/2 connection, and this listener does not speak HTTP/2";
    const hint = "add `protocols: [h2, http/1.1]`, or remove `streams`";
    findings.push(contradiction([...path, "bounds", "streams"], "key", message, hint));
  }
}
