// Where a request was sent, as its browser sees it.

import type { Exchange } from "../../pipeline/index.ts";

/**
 * Scheme and host that the request was sent to; null when it names no host. A browser can't be made to send another Host than the one it
 * asks, and whoever writes a false one by himself is answered with it alone: nothing that comes of it is kept or cached, and a provider
 * sends browsers back to addresses only that were registered with it.
 */
export function originOf({ head, clientScheme }: Pick<Exchange, "head" | "clientScheme">): string | null {
  return head.authority === "" ? null : `${clientScheme}://${head.authority.toLowerCase()}`;
}
