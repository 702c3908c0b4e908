// One datagram to a unix socket, which neither runtime can send by itself. On Bun; elsewhere it rejects.
import { loadLibc } from "./libc.ts";
import { AF_UNIX, SOCK_DGRAM } from "./system-numbers.ts";

/** `path` may be an abstract name (Linux), which begins with a NUL. Rejects when nobody reads there, or its queue is full. */
export async function sendUnixDatagram(path: string, text: string): Promise<void> {
  const libc = await loadLibc();
  const descriptor = libc.socket(AF_UNIX, SOCK_DGRAM);
  try {
    libc.connect(descriptor, { path });
    libc.send(descriptor, Buffer.from(text));
  } finally {
    libc.close(descriptor);
  }
}
