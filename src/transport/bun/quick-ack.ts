// Acknowledges a client's last handshake message at once (TCP_QUICKACK, Linux). BoringSSL holds its session tickets back until something
// is written, so that nothing carries the acknowledgement, and a client without TCP_NODELAY waits 40 ms for it before it asks.
import { type Libc, loadLibc } from "../libc/libc.ts";

const IPPROTO_TCP = 6;
const TCP_QUICKACK = 12;

let libc: Libc | null = null;

/** To be awaited before the first handshake. Where the C library can't be called there is only the delay. */
export async function prepareQuickAck(): Promise<void> {
  if (process.platform === "linux") libc = await loadLibc().catch(() => null);
}

export function acknowledgeNow(descriptor: number): void {
  try {
    libc?.setFlag(descriptor, IPPROTO_TCP, TCP_QUICKACK, true);
  } catch {
    // A unix socket, or one that is gone.
  }
}
