// Version 2: a signature, version and command, family and protocol, a length, addresses, TLVs. TLVs are walked, so that a header
// of which some part is damaged is refused, but of what they say only the checksum matters to us.

import { canonicalIp, type Fault } from "../../base/index.ts";
import { crc32c } from "./crc32c.ts";
import { PROXY_CHECKSUM, PROXY_MALFORMED, PROXY_UNSUPPORTED } from "./faults.ts";
import {
  NO_ENDS,
  type ProxiedEnd,
  type ProxyHeader,
  V2_PREFIX_BYTES,
  V2_TCP4,
  V2_TCP6,
  V2_UDP4,
  V2_UDP6,
  V2_UNIX_DATAGRAM,
  V2_UNIX_STREAM,
  V2_UNSPEC,
} from "./proxy-header.ts";

const LOCAL = 0x20;
const PROXY = 0x21;

const TLV_CRC32C = 0x03;
/** Type and length. */
const TLV_HEAD_BYTES = 3;

const UNIX_END: ProxiedEnd = { address: "", port: 0 };

/** What is wrong with the sixteen bytes before the addresses; null when nothing is. */
export function checkV2Prefix(prefix: Uint8Array): Fault | null {
  const command = prefix[12]!;
  if (command !== LOCAL && command !== PROXY) return PROXY_MALFORMED.with("neither version 2 nor one of its commands");
  // With LOCAL the receiver discards the block, the family included.
  if (command === LOCAL) return null;
  const family = prefix[13]!;
  if (family === V2_UDP4 || family === V2_UDP6 || family === V2_UNIX_DATAGRAM) return PROXY_UNSUPPORTED;
  const size = addressBytes(family);
  if (size < 0) return PROXY_MALFORMED.with("an unknown address family or protocol");
  if (blockBytes(prefix) < size) return PROXY_MALFORMED.with("the length is too small for the addresses");
  return null;
}

/** Bytes of the whole header. */
export function v2Length(prefix: Uint8Array): number {
  return V2_PREFIX_BYTES + blockBytes(prefix);
}

/** Reads a whole header whose prefix has been checked; nothing stands behind it in `bytes`. */
export function readV2(bytes: Uint8Array): ProxyHeader | Fault {
  if (bytes[12] === LOCAL) return NO_ENDS;
  const family = bytes[13]!;
  const fault = checkTlvs(bytes, V2_PREFIX_BYTES + addressBytes(family));
  if (fault !== null) return fault;
  switch (family) {
    case V2_TCP4:
      return {
        remote: { address: ipv4At(bytes, 16), port: portAt(bytes, 24) },
        local: { address: ipv4At(bytes, 20), port: portAt(bytes, 26) },
      };
    case V2_TCP6:
      return {
        remote: { address: ipv6At(bytes, 16), port: portAt(bytes, 48) },
        local: { address: ipv6At(bytes, 32), port: portAt(bytes, 50) },
      };
    case V2_UNIX_STREAM:
      return { remote: UNIX_END, local: UNIX_END };
    default:
      return NO_ENDS;
  }
}

function blockBytes(prefix: Uint8Array): number {
  return portAt(prefix, 14);
}

function addressBytes(family: number): number {
  switch (family) {
    case V2_UNSPEC:
      return 0;
    case V2_TCP4:
      return 12;
    case V2_TCP6:
      return 36;
    case V2_UNIX_STREAM:
      return 216;
    default:
      return -1;
  }
}

function checkTlvs(bytes: Uint8Array, from: number): Fault | null {
  let checksumAt = -1;
  for (let at = from; at < bytes.length; ) {
    if (at + TLV_HEAD_BYTES > bytes.length) return PROXY_MALFORMED.with("a TLV is cut off");
    const type = bytes[at]!;
    const length = portAt(bytes, at + 1);
    at += TLV_HEAD_BYTES;
    if (at + length > bytes.length) return PROXY_MALFORMED.with("a TLV is longer than the header");
    if (type === TLV_CRC32C) {
      if (length !== 4 || checksumAt >= 0) return PROXY_MALFORMED.with("a checksum is not of four bytes, or there are two");
      checksumAt = at;
    }
    at += length;
  }
  if (checksumAt < 0) return null;
  const said = portAt(bytes, checksumAt) * 65_536 + portAt(bytes, checksumAt + 2);
  return said === crc32c(bytes, checksumAt) ? null : PROXY_CHECKSUM;
}

function portAt(bytes: Uint8Array, at: number): number {
  return bytes[at]! * 256 + bytes[at + 1]!;
}

function ipv4At(bytes: Uint8Array, at: number): string {
  return `${bytes[at]}.${bytes[at + 1]}.${bytes[at + 2]}.${bytes[at + 3]}`;
}

function ipv6At(bytes: Uint8Array, at: number): string {
  let text = "";
  for (let group = 0; group < 8; group++) text += `${group === 0 ? "" : ":"}${portAt(bytes, at + 2 * group).toString(16)}`;
  return canonicalIp(text)!;
}
