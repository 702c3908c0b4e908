// Names and addresses that must differ: of listeners, routes and invariants, of what listens, of an upstream's endpoints.

import { isSamePlace, parseEndpointUrl, parseListenAddress, toAddressText } from "./addresses.ts";
import type { AddressConfig } from "./config.ts";
import type { Finding, IssuePath } from "./issue.ts";
import { checkEntries, children, duplicateEntry, get, type Place, parsed, toOrdinal } from "./written.ts";

/** `gateway` is the gateway's own file, which `root` may be. */
export function checkPlaces(root: unknown, gateway: unknown, findings: Finding[]): void {
  checkNames(children(root, [], "listeners"), "listeners", findings);
  checkNames(children(root, [], "routes"), "routes", findings);
  checkNames(children(root, [], "invariants"), "invariants", findings);
  checkAddresses(root, findings);
  for (const [path, listener] of children(root, [], "listeners")) {
    checkEntries(get(listener, "trustedProxies"), [...path, "trustedProxies"], findings);
  }
  const admin = parsed(get(gateway, "admin", "address"), parseListenAddress);
  for (const [path, upstream] of children(root, [], "upstreams")) checkEndpoints(upstream, path, admin, findings);
}

function checkNames(places: readonly Place[], kind: string, findings: Finding[]): void {
  const seen = new Map<string, IssuePath>();
  for (const [path, value] of places) {
    const name = get(value, "name");
    if (typeof name !== "string") continue;
    const first = seen.get(name);
    if (first === undefined) seen.set(name, path);
    else {
      const message = `two ${kind} are named \`${name}\`; the other is the ${toOrdinal(first)}`;
      findings.push({ code: "SP_CONFIG_DUPLICATE_NAME", path: [...path, "name"], at: "value", message });
    }
  }
}

function checkAddresses(root: unknown, findings: Finding[]): void {
  const places: [IssuePath, unknown, string][] = children(root, [], "listeners").map(([path, listener]) => [
    [...path, "address"],
    get(listener, "address"),
    typeof get(listener, "name") === "string" ? `listener \`${get(listener, "name")}\`` : `the ${toOrdinal(path)} listener`,
  ]);
  places.unshift([["admin", "address"], get(root, "admin", "address"), "admin"]);
  const taken: { address: AddressConfig; by: string }[] = [];
  for (const [path, value, by] of places) {
    const address = parsed(value, parseListenAddress);
    if (address === undefined) continue;
    const other = taken.find((one) => isSamePlace(one.address, address));
    taken.push({ address, by });
    if (other === undefined) continue;
    const message = `the address \`${toAddressText(address)}\` is taken already: ${other.by} listens on \`${toAddressText(other.address)}\``;
    findings.push({ code: "SP_CONFIG_DUPLICATE_ADDRESS", path, at: "value", message });
  }
}

function checkEndpoints(upstream: unknown, path: IssuePath, admin: AddressConfig | undefined, findings: Finding[]): void {
  const seen = new Set<string>();
  for (const [endpointPath, endpoint] of children(upstream, path, "endpoints")) {
    const isText = typeof endpoint === "string";
    const url = isText ? endpoint : get(endpoint, "url");
    if (typeof url !== "string") continue;
    const urlPath = isText ? endpointPath : [...endpointPath, "url"];
    if (seen.has(url)) findings.push(duplicateEntry(urlPath, url, "a bigger share is written `{ url: …, weight: 2 }`"));
    seen.add(url);
    const endpointAddress = parsed(url, parseEndpointUrl)?.address;
    if (admin === undefined || endpointAddress === undefined || !isSamePlace(admin, toLoopback(endpointAddress))) continue;
    // Otherwise a route of any team shows everybody the metrics and the configuration.
    const message = `\`${url}\` is the gateway's own admin address, which no route may lead to`;
    findings.push({ code: "SP_CONFIG_CONTRADICTION", path: urlPath, at: "value", message });
  }
}

/** The one name that leads to an address of this machine everywhere. */
function toLoopback(address: AddressConfig): AddressConfig {
  return "host" in address && address.host === "localhost" ? { host: "127.0.0.1", port: address.port } : address;
}
