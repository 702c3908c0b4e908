import { toAddressText } from "../address-text.ts";
import type { SocketAddress } from "../socket.ts";
import { createListenError } from "../socket-error.ts";
import { removeStaleSocket } from "../stale-socket.ts";
import { DEFAULT_BACKLOG, type SharedListener, type SharedListenerMaker, type SharedListenOptions } from "./shared-listener.ts";

export type { SharedListener, SharedListenOptions } from "./shared-listener.ts";

/**
 * Binds `address` and listens unless told not to, without ever accepting. Rejects as Transport.listen() does when the address can't be bound, and with
 * an Error that says what the runtime lacks where it can't be done at all.
 */
export async function bindListener(address: SocketAddress, options: SharedListenOptions = {}): Promise<SharedListener> {
  const maker = await chooseMaker();
  try {
    if ("path" in address) await removeStaleSocket(address.path);
    return maker.bind(address, options.reusePort === true, options.listens === false ? null : (options.backlog ?? DEFAULT_BACKLOG));
  } catch (error) {
    throw createListenError(toAddressText(address), error);
  }
}

/** The listening socket behind a descriptor that this process inherited; rejects when it is none. */
export async function adoptListener(descriptor: number): Promise<SharedListener> {
  return (await chooseMaker()).adopt(descriptor);
}

async function chooseMaker(): Promise<SharedListenerMaker> {
  if (process.versions.bun === undefined) return (await import("./node-handle.ts")).nodeMaker();
  return (await import("./bun-descriptor.ts")).bunMaker();
}
