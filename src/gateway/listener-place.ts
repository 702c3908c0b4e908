// What of a listener can't change while its socket is open. Whoever takes up configurations asks here: a gateway, which refuses another
// place, and whoever holds its sockets, who starts anew for one.

import type { GatewayConfig, ListenerConfig } from "../config/index.ts";

/** The same text for listeners that the same socket, accepted on in the same way, can serve. */
export function placeOf({ name, address, reusePort, tls, proxyProtocol }: ListenerConfig): string {
  return JSON.stringify([name, address, reusePort, tls !== null, proxyProtocol !== null]);
}

/** The first listener of `before` that is not at the same place in `after`, in words; null when all are. */
export function findMovedListener(before: GatewayConfig, after: GatewayConfig): string | null {
  const [old, now] = [before.listeners.map(placeOf), after.listeners.map(placeOf)];
  const gone = old.findIndex((text, index) => text !== now[index]);
  if (gone >= 0) return `${before.listeners[gone]!.name} is elsewhere, or gone`;
  return now.length > old.length ? `${after.listeners[old.length]!.name} is new` : null;
}
