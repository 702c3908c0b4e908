// Where sockets listen and connect, as text: `127.0.0.1:8080`, `[::1]:8080`, `unix:/run/gateway.sock`, `http://host:port`, CIDR blocks.
// One strict form each; nothing is resolved here.

import { canonicalIp, parseCidr } from "../base/index.ts";
import type { AddressConfig } from "./config.ts";
import { isHostName } from "./patterns.ts";
import { Refusal } from "./refusal.ts";

const PORT = /^(?:0|[1-9][0-9]{0,4})$/;
// sun_path is 108 bytes on Linux, one of them the closing NUL.
const MAX_UNIX_PATH_BYTES = 107;

export const LISTEN_EXPECTATION = "an address such as `127.0.0.1:8080`, `[::1]:8080` or `unix:/run/gateway.sock`";
export const ENDPOINT_EXPECTATION =
  "a URL such as `http://127.0.0.1:3001`, `https://orders.internal:8443` or `unix:/run/service.sock`, with nothing behind the port";
export const CIDR_EXPECTATION = "an IP address or a CIDR block such as `10.0.0.0/8`";

/** An address to listen on: an IP literal with its port (0: any free one), or a unix socket. */
export function parseListenAddress(text: string): AddressConfig | Refusal {
  if (text.startsWith("unix:")) return parseUnix(text, LISTEN_EXPECTATION);
  const { host, port } = splitHostPort(text);
  const ip = toIpLiteral(host);
  if (ip !== undefined && port !== undefined && PORT.test(port) && Number(port) <= 65535) return { host: ip, port: Number(port) };
  return refuseAddress(LISTEN_EXPECTATION, toListenHint(text, host, port));
}

export interface EndpointUrl {
  readonly scheme: "http" | "https" | "unix";
  readonly address: AddressConfig;
  /** Without the scheme's own port. */
  readonly authority: string;
}

/** The URL of an endpoint. */
export function parseEndpointUrl(text: string): EndpointUrl | Refusal {
  if (text.startsWith("unix:")) {
    const address = parseUnix(text, ENDPOINT_EXPECTATION);
    return address instanceof Refusal ? address : { scheme: "unix", address, authority: "localhost" };
  }
  const scheme = text.startsWith("https://") ? "https" : "http";
  if (!text.startsWith(`${scheme}://`)) {
    const bare = parseEndpointUrl(`http://${text}`);
    return refuseAddress(ENDPOINT_EXPECTATION, bare instanceof Refusal ? undefined : `write \`http://${text}\``);
  }
  const authority = text.slice(`${scheme}://`.length);
  const extra = /[/?#@\\]/.exec(authority)?.[0];
  if (extra !== undefined) return refuseAddress(ENDPOINT_EXPECTATION, toExtraHint(extra, scheme, authority));
  const { host, port } = splitHostPort(authority);
  const name = toIpLiteral(host) ?? (isHostName(host.toLowerCase()) ? host.toLowerCase() : undefined);
  const isPort = port === undefined || (PORT.test(port) && Number(port) >= 1 && Number(port) <= 65535);
  if (name === undefined || !isPort)
    return refuseAddress(ENDPOINT_EXPECTATION, isPort ? undefined : "the port is a number from 1 to 65535");
  const shown = name.includes(":") ? `[${name}]` : name;
  const standard = scheme === "https" ? 443 : 80;
  const number = Number(port ?? standard);
  return { scheme, address: { host: name, port: number }, authority: number === standard ? shown : `${shown}:${number}` };
}

/** An address or block whose host bits are zero, as written. */
export function parseProxyBlock(text: string): string | Refusal {
  const cidr = parseCidr(text);
  if (cidr === null) return refuseAddress(CIDR_EXPECTATION, text === "*" ? "to trust everyone, write `0.0.0.0/0` and `::/0`" : undefined);
  if (cidr.hadHostBits) return refuseAddress(CIDR_EXPECTATION, "the bits behind the prefix must be zero");
  return text;
}

/** One text for one place, to find duplicates: `127.0.0.1:8080`, `[::1]:8080`, `unix:/path`. */
export function toAddressText(address: AddressConfig): string {
  if ("path" in address) return `unix:${address.path}`;
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}

/** Whether only this machine can connect. */
export function isLocalAddress(address: AddressConfig): boolean {
  return "path" in address || address.host.startsWith("127.") || address.host === "::1";
}

/** Whether the kernel would refuse the second of two listening sockets. Port 0 never clashes; a wildcard takes every address. */
export function isSamePlace(a: AddressConfig, b: AddressConfig): boolean {
  if ("path" in a || "path" in b) return toAddressText(a) === toAddressText(b);
  if (a.port !== b.port || a.port === 0) return false;
  if (a.host === b.host || a.host === "::" || b.host === "::") return true;
  return (a.host === "0.0.0.0" && !b.host.includes(":")) || (b.host === "0.0.0.0" && !a.host.includes(":"));
}

function parseUnix(text: string, expected: string): AddressConfig | Refusal {
  const path = text.slice("unix:".length);
  if (path === "" || path.includes("\0")) return refuseAddress(expected, "write the socket's path: `unix:/run/gateway.sock`");
  if (path.startsWith("//")) return refuseAddress(expected, `write one slash: \`unix:${path.replace(/^\/+/, "/")}\``);
  if (Buffer.byteLength(path) > MAX_UNIX_PATH_BYTES)
    return refuseAddress(expected, `a socket's path has at most ${MAX_UNIX_PATH_BYTES} bytes`);
  return { path };
}

function splitHostPort(text: string): { host: string; port: string | undefined } {
  const colon = text.startsWith("[") ? text.indexOf(":", text.indexOf("]")) : text.lastIndexOf(":");
  if (colon === -1 || (text.startsWith("[") && !text.includes("]"))) return { host: text, port: undefined };
  return { host: text.slice(0, colon), port: text.slice(colon + 1) };
}

/** The canonical address without brackets; undefined when it isn't an IP literal as URLs write them. */
function toIpLiteral(host: string): string | undefined {
  const inner = host.startsWith("[") && host.endsWith("]") ? host.slice(1, -1) : undefined;
  const isV6 = inner?.includes(":") ?? false;
  if (inner === undefined ? host.includes(":") : !isV6) return undefined;
  return canonicalIp(inner ?? host) ?? undefined;
}

function toListenHint(text: string, host: string, port: string | undefined): string | undefined {
  if (PORT.test(text)) return `write \`127.0.0.1:${text}\`, or \`0.0.0.0:${text}\` for every network`;
  if (/^https?:\/\//.test(text)) return "an address has no scheme";
  if (port === undefined) return toIpLiteral(host) === undefined ? undefined : `add the port: \`${host}:8080\``;
  if (!PORT.test(port) || Number(port) > 65535) {
    if (canonicalIp(text) !== null) return `write IPv6 addresses in brackets: \`[${text}]:8080\``;
    return /^[0-9]+$/.test(port) ? "the port is a number from 0 to 65535, without leading zeros" : undefined;
  }
  if (host === "" || host === "*") return `for every network write \`0.0.0.0:${port}\` or \`[::]:${port}\``;
  if (host === "localhost") return `write \`127.0.0.1:${port}\``;
  if (host.includes(":") && canonicalIp(host) !== null) return `write IPv6 addresses in brackets: \`[${host}]:${port}\``;
  if (canonicalIp(text) !== null) return `write IPv6 addresses in brackets: \`[${text}]:8080\``;
  if (/^[0-9.]+$/.test(host)) return "an IPv4 address is four numbers from 0 to 255, without leading zeros";
  return isHostName(host) ? "listen on an IP address; names are not resolved" : undefined;
}

function toExtraHint(extra: string, scheme: string, authority: string): string {
  if (extra === "@") return "credentials don't belong in a URL: set the header on the route";
  const rest = authority.slice(0, authority.indexOf(extra));
  return `write \`${scheme}://${rest}\`; a path prefix is the route's \`rewrite: { addPrefix: … }\``;
}

function refuseAddress(expected: string, hint: string | undefined): Refusal {
  return new Refusal("SP_CONFIG_BAD_ADDRESS", expected, hint);
}
