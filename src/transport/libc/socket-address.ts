// Socket addresses as the system has them in memory (struct sockaddr_in, _in6 and _un), both ways. Names are not resolved.
import type { SocketAddress } from "../socket.ts";
import { AF_INET, AF_UNIX, NUMBERS } from "./system-numbers.ts";

// Of sockaddr_un, the largest.
export const ADDRESS_BYTES = 110;
const PATH_AT = 2;
const IPV4_BYTES = 16;
const IPV6_BYTES = 28;

/** Reads and prints IP addresses: the C library's inet_pton() and inet_ntop(). */
export interface AddressText {
  /** Whether `text` is one; its bytes are put into `into` then. */
  parse(family: number, text: string, into: Uint8Array): boolean;
  print(family: number, bytes: Uint8Array): string;
}

export function toFamily(address: SocketAddress): number {
  if ("path" in address) return AF_UNIX;
  return address.host.includes(":") ? NUMBERS.inet6 : AF_INET;
}

export function encodeSocketAddress(address: SocketAddress, text: AddressText): Uint8Array {
  const family = toFamily(address);
  if ("path" in address) {
    // An abstract name (Linux) begins with a NUL, and all of it counts.
    const path = Buffer.from(address.path.startsWith("\0") ? address.path : `${address.path}\0`);
    if (PATH_AT + path.length > ADDRESS_BYTES) throw new Error("the path of a unix socket is too long");
    const bytes = begin(family, PATH_AT + path.length);
    bytes.set(path, PATH_AT);
    return bytes;
  }
  const bytes = begin(family, family === AF_INET ? IPV4_BYTES : IPV6_BYTES);
  new DataView(bytes.buffer).setUint16(2, address.port);
  const ip = family === AF_INET ? bytes.subarray(4, 8) : bytes.subarray(8, 24);
  if (!text.parse(family, address.host, ip)) throw new Error(`"${address.host}" is not an IP address`);
  return bytes;
}

/** `length` is what the system said; null is a family that is neither IP nor unix. */
export function decodeSocketAddress(bytes: Uint8Array, length: number, text: AddressText): SocketAddress | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset);
  const family = NUMBERS.hasLength ? (bytes[1] ?? 0) : view.getUint16(0, isLittleEndian());
  if (family === AF_UNIX) return { path: decodePath(bytes.subarray(PATH_AT, Math.max(PATH_AT, length))) };
  if (family === AF_INET) return { host: text.print(family, bytes.subarray(4, 8)), port: view.getUint16(2) };
  if (family === NUMBERS.inet6) return { host: text.print(family, bytes.subarray(8, 24)), port: view.getUint16(2) };
  return null;
}

function begin(family: number, length: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(length);
  if (NUMBERS.hasLength) bytes.set([length, family]);
  else new DataView(bytes.buffer).setUint16(0, family, isLittleEndian());
  return bytes;
}

function decodePath(bytes: Uint8Array): string {
  if (bytes[0] === 0 && bytes.length > 1) return Buffer.from(bytes).toString();
  const end = bytes.indexOf(0);
  return Buffer.from(end < 0 ? bytes : bytes.subarray(0, end)).toString();
}

function isLittleEndian(): boolean {
  return new Uint8Array(new Uint16Array([1]).buffer)[0] === 1;
}
