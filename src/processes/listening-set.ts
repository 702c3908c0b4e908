// The sockets of a gateway's listeners: bound here, accepted on in the workers that inherit them. One that stays at its place stays open
// from configuration to configuration.

import type { ListenerConfig } from "../config/index.ts";
import { placeOf } from "../gateway/index.ts";
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
  return before.length === after.length && before.every((listener, index) => isSamePlace(listener, after[index]));
}

function isSamePlace(before: ListenerConfig, after: ListenerConfig | undefined): boolean {
  return after !== undefined && placeOf(before) === placeOf(after);
}

export class ListeningSet {
  readonly #bind: Bind;
  #held: Sockets = new Map();
  #isClosed = false;

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
    if (this.#isClosed) throw new Error("the gateway is stopping");
    const sockets = new Map<string, Held>();
    // Those that stay where they are. Two may be at one address, where the system chooses the port.
    const stays = new Set(listeners.filter((one) => this.#held.get(one.name)?.place === toAddressPlace(one)).map(({ name }) => name));
    const opened: SharedListener[] = [];
    try {
      for (const listener of listeners) {
        const place = toAddressPlace(listener);
        const held = stays.has(listener.name) ? this.#held.get(listener.name) : this.#findLeft(place, stays);
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

  /** One at this place whose listener is called otherwise now, or is elsewhere. */
  #findLeft(place: string, stays: ReadonlySet<string>): Held | undefined {
    for (const [name, held] of this.#held) if (held.place === place && !stays.has(name)) return held;
    return undefined;
  }

  /** These are in use now: closes the others, and all of them when the set was closed meanwhile. */
  commit(sockets: Sockets): void {
    if (this.#isClosed) {
      this.discard(sockets);
      return;
    }
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

  /** For good. */
  close(): void {
    this.#isClosed = true;
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
