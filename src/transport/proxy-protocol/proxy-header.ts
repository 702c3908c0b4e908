// What a PROXY header says, whichever its version. https://www.haproxy.org/download/3.3/doc/proxy-protocol.txt
// Whether a header is believed is not decided here: who may send one is the listener's to know.

/** One end of the connection that the header speaks for; a unix socket has neither address nor port. */
export interface ProxiedEnd {
  /** Canonical, "" for a unix socket. */
  readonly address: string;
  readonly port: number;
}

export interface ProxyHeader {
  /** The client. Null where the header speaks for nobody (UNKNOWN, LOCAL, UNSPEC): then the connection's own ends count. */
  readonly remote: ProxiedEnd | null;
  /** Where the client connected to; null when `remote` is. */
  readonly local: ProxiedEnd | null;
}

export const NO_ENDS: ProxyHeader = { remote: null, local: null };

/** Version 1 is a line of at most so many bytes, its CRLF included. */
export const MAX_V1_BYTES = 107;
/** Ours: the length field of version 2 could say 65,535. Addresses take 232 at most, the rest is TLVs. */
export const MAX_V2_BYTES = 4096;

/** What no text protocol begins with. */
export const V2_SIGNATURE = Uint8Array.of(0x0d, 0x0a, 0x0d, 0x0a, 0x00, 0x0d, 0x0a, 0x51, 0x55, 0x49, 0x54, 0x0a);
export const V2_PREFIX_BYTES = 16;

/** Byte 13: address family and protocol. */
export const V2_UNSPEC = 0x00;
export const V2_TCP4 = 0x11;
export const V2_UDP4 = 0x12;
export const V2_TCP6 = 0x21;
export const V2_UDP6 = 0x22;
export const V2_UNIX_STREAM = 0x31;
export const V2_UNIX_DATAGRAM = 0x32;
