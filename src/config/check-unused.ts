// What is defined and never used: upstreams, identities, limits, APIs and versions that nobody names, an authority that no certificate asks
// for, counters that nothing is counted in.

import type { Finding, IssuePath } from "./issue.ts";
import { children, get, has, keysOf, texts } from "./written.ts";

/** `routes` are all that may use what `root` defines, its teams' included. */
export function checkUnused(root: unknown, routes: readonly unknown[], findings: Finding[]): void {
  const upstreams = new Set<unknown>();
  const identities = new Set<unknown>();
  const versions = new Map<unknown, Set<string>>();
  const limits = new Set<unknown>();
  const listeners = children(root, [], "listeners").map(([, listener]) => listener);
  for (const holder of [...listeners, ...routes]) {
    for (const [, use] of children(holder, [], "rateLimits")) limits.add(typeof use === "string" ? use : get(use, "limit"));
  }
  for (const route of routes) {
    const auth = get(route, "auth");
    for (const name of texts(Array.isArray(auth) ? auth : get(auth, "anyOf")) ?? []) identities.add(name);
    upstreams.add(get(route, "upstream"));
    for (const [, part] of children(route, [], "split")) upstreams.add(get(part, "upstream"));
    const api = get(route, "api");
    if (api === undefined) continue;
    const served = versions.get(get(api, "name")) ?? new Set();
    for (const version of texts(get(api, "versions")) ?? []) served.add(version);
    versions.set(get(api, "name"), served);
  }
  if (has(root, "acme") && !asksAuthority(root)) {
    findings.push(unused(["acme"], "no certificate of a listener asks for the authority of `acme`"));
  }
  for (const name of keysOf(get(root, "upstreams"))) {
    if (!upstreams.has(name)) findings.push(unused(["upstreams", name], `no route names the upstream \`${name}\``));
  }
  for (const name of keysOf(get(root, "identities"))) {
    if (!identities.has(name)) findings.push(unused(["identities", name], `no route names the identity \`${name}\``));
  }
  for (const name of keysOf(get(root, "rateLimits"))) {
    if (!limits.has(name)) findings.push(unused(["rateLimits", name], `no route or listener names the limit \`${name}\``));
  }
  if (has(root, "counters") && !children(root, [], "rateLimits").some(([, limit]) => get(limit, "store") === "redis")) {
    findings.push(unused(["counters"], "no limit is counted in `counters`: none has `store: redis`"));
  }
  for (const [path, api] of children(root, [], "apis")) {
    const name = path.at(-1);
    const served = versions.get(name);
    if (served === undefined) findings.push(unused(path, `no route is of the api \`${name}\``));
    else {
      for (const version of keysOf(get(api, "versions"))) {
        if (served.has(version)) continue;
        findings.push(unused([...path, "versions", version], `no route serves version \`${version}\` of the api \`${name}\``));
      }
    }
  }
}

function asksAuthority(root: unknown): boolean {
  const sections = [get(root, "admin"), ...children(root, [], "listeners").map(([, listener]) => listener)];
  return sections.some((section) => children(get(section, "tls"), [], "certificates").some(([, certificate]) => has(certificate, "acme")));
}

function unused(path: IssuePath, message: string): Finding {
  return { code: "SP_CONFIG_UNUSED", path, at: "key", message, hint: "remove it, or name it where it was meant to be used" };
}
