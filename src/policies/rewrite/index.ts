// Path rewriting: takes a prefix off, puts one on. Both were checked when the configuration was read.

import type { RewriteConfig } from "../../config/index.ts";
import { CONTINUE, type Policy } from "../../pipeline/index.ts";

/** Null when the route rewrites nothing. */
export function compileRewrite(config: RewriteConfig): Policy | null {
  const strip = config.stripPrefix ?? "";
  const prefix = config.addPrefix ?? "";
  if (strip === "" && prefix === "") return null;
  return {
    name: "rewrite",
    phase: "transform",
    request(exchange) {
      const head = exchange.head;
      // The route's path begins with the prefix, so the request's does: `/api` leaves `/`, `/api/x` leaves `/x`.
      const rest = head.path.slice(strip.length);
      const path = rest.charCodeAt(0) === 0x2f ? prefix + rest : `${prefix}/${rest}`;
      // `/api//x` must not become `//x`, which some servers, and browsers that are sent back there, read as a host.
      let slashes = 0;
      while (path.charCodeAt(slashes + 1) === 0x2f) slashes++;
      head.path = slashes === 0 ? path : path.slice(slashes);
      return CONTINUE;
    },
  };
}
