// The constants of the socket calls that differ between systems. socket(7), ipv6(7), unix(7); macOS: sys/socket.h, netinet6/in6.h.

export interface SystemNumbers {
  readonly inet6: number;
  readonly levelSocket: number;
  readonly reuseAddr: number;
  readonly reusePort: number;
  /** SO_ACCEPTCONN: whether a socket listens. */
  readonly isListening: number;
  readonly v6Only: number;
  /** CLOCK_MONOTONIC. */
  readonly monotonicClock: number;
  /** Added to the socket's type: non-blocking, and closed on exec. */
  readonly typeFlags: number;
  /** Whether a sockaddr begins with its length in a byte, the family being one byte then. */
  readonly hasLength: boolean;
}

// The same on both.
export const AF_UNIX = 1;
export const AF_INET = 2;
export const SOCK_STREAM = 1;
export const SOCK_DGRAM = 2;
export const IPPROTO_IPV6 = 41;

const LINUX: SystemNumbers = {
  inet6: 10,
  levelSocket: 1,
  reuseAddr: 2,
  reusePort: 15,
  isListening: 30,
  v6Only: 26,
  monotonicClock: 1,
  typeFlags: 0o2004000,
  hasLength: false,
};

// socket() takes no flags there, and fcntl() has a variable argument, which FFI does not pass rightly on arm64. Spawned children get
// what `stdio` names and no more there, and whoever accepts makes the socket non-blocking.
const MACOS: SystemNumbers = {
  inet6: 30,
  levelSocket: 0xffff,
  reuseAddr: 0x4,
  reusePort: 0x200,
  isListening: 0x2,
  v6Only: 27,
  monotonicClock: 6,
  typeFlags: 0,
  hasLength: true,
};

export const NUMBERS: SystemNumbers = process.platform === "darwin" ? MACOS : LINUX;
