// Shared listeners on Bun, which has no call to listen without accepting: by the C library.
import { loadLibc } from "../libc/libc.ts";
import { toFamily } from "../libc/socket-address.ts";
import { AF_UNIX, IPPROTO_IPV6, NUMBERS, SOCK_STREAM } from "../libc/system-numbers.ts";
import type { SocketAddress } from "../socket.ts";
import type { SharedListener, SharedListenerMaker } from "./shared-listener.ts";
import { holdSocketFile } from "./unix-socket-file.ts";

export async function bunMaker(): Promise<SharedListenerMaker> {
  const libc = await loadLibc();

  function bind(address: SocketAddress, reusePort: boolean, backlog: number | null): SharedListener {
    const family = toFamily(address);
    const descriptor = libc.socket(family, SOCK_STREAM);
    try {
      if (family !== AF_UNIX) {
        libc.setFlag(descriptor, NUMBERS.levelSocket, NUMBERS.reuseAddr, true);
        if (reusePort) libc.setFlag(descriptor, NUMBERS.levelSocket, NUMBERS.reusePort, true);
      }
      // As both runtimes do it: [::] takes IPv4 too, whatever the system's default is.
      if (family === NUMBERS.inet6) libc.setFlag(descriptor, IPPROTO_IPV6, NUMBERS.v6Only, false);
      libc.bind(descriptor, address);
      if (backlog !== null) libc.listen(descriptor, backlog);
      return hold(descriptor, "path" in address ? address : toAddress(descriptor), "path" in address ? address.path : null);
    } catch (error) {
      libc.close(descriptor);
      throw error;
    }
  }

  function adopt(descriptor: number): SharedListener {
    if (!libc.readFlag(descriptor, NUMBERS.levelSocket, NUMBERS.isListening)) throw new Error("it does not listen");
    return hold(descriptor, toAddress(descriptor), null);
  }

  function toAddress(descriptor: number): SocketAddress {
    const address = libc.nameOf(descriptor);
    if (address === null) throw new Error("it is neither an IP nor a unix socket");
    return address;
  }

  function hold(descriptor: number, address: SocketAddress, path: string | null): SharedListener {
    const file = path === null ? null : holdSocketFile(path);
    let isOpen = true;
    return {
      descriptor,
      address,
      close() {
        // A number that is closed may be another file's by now.
        if (!isOpen) return;
        isOpen = false;
        file?.remove();
        libc.close(descriptor);
      },
    };
  }

  return { bind, adopt };
}
