// The sockets of a gateway's listeners: bound here, accepted on in the workers that inherit them. One that stays at its place stays open
// from configuration to configuration.

import type { ListenerConfig } from "../config/index.ts";
import type { SharedListener, SocketAddress } from "../transport/index.ts";

export type Bind = (address: SocketAddress, options: { readonly reusePort: boolean; readonly listens: boolean }) => Promise<SharedListener>;

interface Held {
  readonly place: string;
  readonly socket: SharedListener;
}

/** By the listener's name. */
export type Sockets = ReadonlyMap<string, Held>;

/** Whether the sockets of one configuration are those of the other. */
export function isSamePlaces(before: readonly ListenerConfig[], after: readonly ListenerConfig[]): boolean {
  return before.length === after.length && before.every((listener, index) => toPlace(listener) === toPlace(after[index]));
}

function toPlace(listener: ListenerConfig | undefined): string {
  return listener === undefined
    ? ""
    : JSON.stringify([listener.name, listener.address, listener.reusePort, listener.tls !== null, listener.proxyProtocol !== null]);
}

export class ListeningSet {
  readonly #bind: Bind;
  #held: Sockets = new Map();

  /** `inherited`: from a service manager, by the listener's name, for the first configuration that has them. */
  constructor(bind: Bind, inherited: ReadonlyMap<string, SharedListener>, listeners: readonly ListenerConfig[]) {
    this.#bind = bind;
    const taken = listeners.flatMap((listener) => {
      const socket = inherited.get(listener.name);
      return socket === undefined ? [] : [[listener.name, { place: toAddressPlace(listener), socket }] as const];
    });
    this.#held = new Map(taken);
  }

  /** Opens what is missing for these listeners, and leaves alone what is open. Rejects with the transport's error, and nothing new is open then. */
  async prepare(listeners: readonly ListenerConfig[]): Promise<Sockets> {
    const sockets = new Map<string, Held>();
    const opened: SharedListener[] = [];
    try {
      for (const listener of listeners) {
        const place = toAddressPlace(listener);
        const held = [...this.#held.values()].find((one) => one.place === place);
        if (held !== undefined) {
          sockets.set(listener.name, held);
          continue;
        }
        // Where others share the address, clients would wait in ours while the workers start, and be lost if none does.
        const socket = await this.#bind(listener.address, { reusePort: listener.reusePort, listens: !listener.reusePort });
        opened.push(socket);
        sockets.set(listener.name, { place, socket });
      }
      return sockets;
    } catch (error) {
      for (const socket of opened) socket.close();
      throw error;
    }
  }

  /** These are in use now: closes the others. */
  commit(sockets: Sockets): void {
    const kept = new Set([...sockets.values()].map(({ socket }) => socket));
    for (const { socket } of this.#held.values()) if (!kept.has(socket)) socket.close();
    this.#held = sockets;
  }

  /** They will not be used: closes what was opened for them. */
  discard(sockets: Sockets): void {
    const kept = new Set([...this.#held.values()].map(({ socket }) => socket));
    for (const { socket } of sockets.values()) if (!kept.has(socket)) socket.close();
  }

  get addresses(): readonly { readonly name: string; readonly address: SocketAddress }[] {
    return [...this.#held].map(([name, { socket }]) => ({ name, address: socket.address }));
  }

  close(): void {
    for (const { socket } of this.#held.values()) socket.close();
    this.#held = new Map();
  }
}

export function toDescriptors(sockets: Sockets): ReadonlyMap<string, number> {
  return new Map([...sockets].map(([name, { socket }]) => [name, socket.descriptor]));
}

/** Whatever the listener is called. */
function toAddressPlace({ address, reusePort }: ListenerConfig): string {
  return JSON.stringify([address, reusePort]);
}
