// Whether a request means this address and comes from nobody's browser unasked. A page may make a browser send requests anywhere: by
// the name of its own site, which it lets lead here (DNS rebinding: Host gives it away), or across sites (Origin and Sec-Fetch-Site do).

import { canonicalIp } from "../base/index.ts";
import { type ClientFacts, fieldName, parseHost, type RequestHead } from "../http/index.ts";
import type { SocketAddress } from "../transport/index.ts";

const ORIGIN = fieldName("Origin");
const SEC_FETCH_SITE = fieldName("Sec-Fetch-Site");

const LOOPBACK_NAMES: readonly string[] = ["localhost", "127.0.0.1", "::1"];

/** The names by which an admin address may be asked. Ports are not compared: no port makes a name another's, and containers map them. */
export class AdminSite {
  readonly #names: ReadonlySet<string>;

  /** `hosts` are the configured ones: names or IP addresses, with or without brackets. */
  constructor(address: SocketAddress, hosts: readonly string[]) {
    const names = new Set(hosts.map(toName));
    if ("path" in address) names.add("localhost");
    else if (isLoopback(address)) for (const name of [...LOOPBACK_NAMES, toName(address.host)]) names.add(name);
    this.#names = names;
  }

  /** Whether the request names this address: by a name of it, or by the address that its own connection came to. */
  isMeant(head: RequestHead, { localAddress }: ClientFacts): boolean {
    const name = toName(head.host);
    if (name === "") return false;
    if (this.#names.has(name)) return true;
    const local = canonicalIp(localAddress);
    if (local === null) return false;
    return name === local || (isLoopbackIp(local) && LOOPBACK_NAMES.includes(name));
  }
}

/** Whether a browser sends it for a page of another site, or of none that it would tell. */
export function isCrossSite(head: RequestHead): boolean {
  const site = head.fields.getCombined(SEC_FETCH_SITE);
  if (site !== null && site !== "same-origin" && site !== "none") return true;
  const origin = head.fields.getCombined(ORIGIN);
  if (origin === null) return false;
  return origin.toLowerCase() !== `${head.scheme}://${head.authority.toLowerCase()}`;
}

/** A unix socket counts: whoever may open it may do more than this. */
export function isLoopback(address: SocketAddress): boolean {
  if ("path" in address) return true;
  const ip = canonicalIp(address.host);
  return ip !== null && isLoopbackIp(ip);
}

function isLoopbackIp(ip: string): boolean {
  return ip === "::1" || ip.startsWith("127.");
}

/** One spelling for each: lower case, no port, no brackets, addresses in their canonical form. */
function toName(text: string): string {
  const host = parseHost(text.includes(":") && !text.startsWith("[") && canonicalIp(text) !== null ? `[${text}]` : text);
  if ("kind" in host) return "";
  const bare = host.name.startsWith("[") ? host.name.slice(1, -1) : host.name;
  return canonicalIp(bare) ?? bare;
}
