// Addresses as text, the same on every runtime. Not a parser: what comes in was printed by a socket API.
import type { SocketAddress } from "./socket.ts";

/** An address without zone, an IPv4-mapped one in its IPv4 form; "" when the runtime has none (unix socket, dead socket). */
export function toPlainAddress(printed: string | undefined): string {
  if (printed === undefined) return "";
  // A colon tells IPv6 from IPv4, which is nearly all traffic and needs no work.
  if (!printed.includes(":")) return printed;
  if (printed.startsWith("::ffff:") && printed.includes(".")) return printed.slice(7);
  const zone = printed.indexOf("%");
  return zone < 0 ? printed : printed.slice(0, zone);
}

/** The address as a person writes it, for messages. */
export function toAddressText(address: SocketAddress): string {
  if ("path" in address) return address.path;
  return address.host.includes(":") ? `[${address.host}]:${address.port}` : `${address.host}:${address.port}`;
}
