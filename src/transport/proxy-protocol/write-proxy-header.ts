// The PROXY header that an upstream's connection begins with: whom it is for. No TLVs: nothing we know would be new to it.

import { parseCidr } from "../../base/index.ts";
import { type ProxiedEnd, V2_PREFIX_BYTES, V2_SIGNATURE, V2_TCP4, V2_TCP6, V2_UNSPEC } from "./proxy-header.ts";

export type ProxyVersion = "v1" | "v2";

const PROXY = 0x21;

/**
 * `remote` is the client, `local` where it connected to, as sockets tell them. A client without an address (a unix socket) has a
 * header that says so: UNKNOWN, or UNSPEC. One of IPv4 beside one of IPv6 is written as ::ffff:a.b.c.d.
 */
export function encodeProxyHeader(version: ProxyVersion, remote: ProxiedEnd, local: ProxiedEnd): Uint8Array {
  const from = parseCidr(remote.address);
  const to = parseCidr(local.address);
  if (version === "v2") return encodeV2(from?.words ?? [], remote.port, to?.words ?? [], local.port);
  if (from === null || to === null) return Buffer.from("PROXY UNKNOWN\r\n", "latin1");
  const isV4 = from.version === 4 && to.version === 4;
  const [source, target] = isV4 ? [remote.address, local.address] : [asIpv6(remote.address), asIpv6(local.address)];
  return Buffer.from(`PROXY ${isV4 ? "TCP4" : "TCP6"} ${source} ${target} ${remote.port} ${local.port}\r\n`, "latin1");
}

function encodeV2(from: readonly number[], fromPort: number, to: readonly number[], toPort: number): Uint8Array {
  const isKnown = from.length > 0 && to.length > 0;
  const isV4 = from.length === 1 && to.length === 1;
  const words = isV4 ? [from[0]!, to[0]!] : isKnown ? [...asWords6(from), ...asWords6(to)] : [];
  const length = isKnown ? words.length * 4 + 4 : 0;
  const bytes = new Uint8Array(V2_PREFIX_BYTES + length);
  const view = new DataView(bytes.buffer);
  bytes.set(V2_SIGNATURE);
  bytes[12] = PROXY;
  bytes[13] = !isKnown ? V2_UNSPEC : isV4 ? V2_TCP4 : V2_TCP6;
  view.setUint16(14, length);
  if (!isKnown) return bytes;
  for (const [index, word] of words.entries()) view.setUint32(V2_PREFIX_BYTES + 4 * index, word);
  view.setUint16(bytes.length - 4, fromPort);
  view.setUint16(bytes.length - 2, toPort);
  return bytes;
}

function asIpv6(address: string): string {
  return address.includes(":") ? address : `::ffff:${address}`;
}

function asWords6(words: readonly number[]): readonly number[] {
  return words.length === 4 ? words : [0, 0, 0xffff, words[0]!];
}
