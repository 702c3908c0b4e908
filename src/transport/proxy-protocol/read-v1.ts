// Version 1: one line, `PROXY TCP4 192.0.2.7 192.0.2.1 40000 443`. Strict: what two readers could take for different clients is
// refused, since access rules are judged by what stands in here.

import { canonicalIp, type Fault, parseIpv4 } from "../../base/index.ts";
import { PROXY_MALFORMED } from "./faults.ts";
import { NO_ENDS, type ProxyHeader } from "./proxy-header.ts";

/** Reads the line without its CRLF; it begins with `PROXY ` and holds visible ASCII and spaces. */
export function readV1(line: string): ProxyHeader | Fault {
  const parts = line.split(" ");
  // "The receiver must ignore anything presented before the CRLF."
  if (parts[1] === "UNKNOWN") return NO_ENDS;
  if (parts[1] !== "TCP4" && parts[1] !== "TCP6") return PROXY_MALFORMED.with("the protocol is none of TCP4, TCP6, UNKNOWN");
  if (parts.length !== 6) return PROXY_MALFORMED.with("not six words with one space between them");
  const read = parts[1] === "TCP4" ? readIpv4 : readIpv6;
  const remote = read(parts[2]!);
  const local = read(parts[3]!);
  if (remote === null || local === null) return PROXY_MALFORMED.with(`an address is not one of ${parts[1]}`);
  const remotePort = readPort(parts[4]!);
  const localPort = readPort(parts[5]!);
  if (remotePort < 0 || localPort < 0) return PROXY_MALFORMED.with("a port is not a number from 0 to 65535 without leading zeros");
  return { remote: { address: remote, port: remotePort }, local: { address: local, port: localPort } };
}

function readIpv4(text: string): string | null {
  return parseIpv4(text) < 0 ? null : text;
}

/** Either case, never both: no system prints an address so. An IPv4-mapped one is the IPv4 address. */
function readIpv6(text: string): string | null {
  if (!text.includes(":") || (/[a-f]/.test(text) && /[A-F]/.test(text))) return null;
  return canonicalIp(text);
}

function readPort(text: string): number {
  if (!/^(?:0|[1-9][0-9]{0,4})$/.test(text)) return -1;
  const port = Number(text);
  return port <= 65_535 ? port : -1;
}
