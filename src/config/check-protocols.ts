// What must agree about the protocols of listeners: what is said of HTTP/2 where it is not spoken holds for nothing.

import type { Finding } from "./issue.ts";
import { checkEntries, children, contradiction, get, has } from "./written.ts";

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
