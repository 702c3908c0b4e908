// How the address is changed for the upstream: its path, its query, its host. Templates and prefixes were checked when the
// configuration was read. Routing and header templates go by the path as it was routed, whatever this makes of it.

import type { RewriteConfig } from "../../config/index.ts";
import { CONTINUE, type Exchange, PathRecipe, type Policy, withOneSlash } from "../../pipeline/index.ts";
import { compileQueryEdits } from "./query-edits.ts";

/** Changes a part of the exchange's head. */
type Change = (exchange: Exchange) => void;

/** Null when the route rewrites nothing. */
export function compileRewrite(config: RewriteConfig): Policy | null {
  const changes = [compilePath(config), compileQuery(config), compileHost(config)].filter((change) => change !== null);
  if (changes.length === 0) return null;
  return {
    name: "rewrite",
    phase: "transform",
    request(exchange) {
      for (let i = 0; i < changes.length; i++) changes[i]!(exchange);
      return CONTINUE;
    },
  };
}

function compilePath(config: RewriteConfig): Change | null {
  if (config.path !== null) {
    const recipe = new PathRecipe(config.path);
    return (exchange) => {
      exchange.head.path = recipe.read(exchange);
    };
  }
  const strip = config.stripPrefix ?? "";
  const prefix = config.addPrefix ?? "";
  if (strip === "" && prefix === "") return null;
  return ({ head }) => {
    // `/api` leaves `/`, `/api/x` leaves `/x`. Where a route has several paths (an API's versions), one may lack the prefix.
    const rest = hasPrefix(head.path, strip) ? head.path.slice(strip.length) : head.path;
    // `/api//x` must not become `//x`, which some servers, and browsers that are sent back there, read as a host.
    head.path = withOneSlash(rest.charCodeAt(0) === 0x2f ? prefix + rest : `${prefix}/${rest}`);
  };
}

/** Whether the first segments of `path` are those of `prefix`: `/api` is no prefix of `/apis`. */
function hasPrefix(path: string, prefix: string): boolean {
  return path.startsWith(prefix) && (path.length === prefix.length || path.charCodeAt(prefix.length) === 0x2f);
}

function compileQuery(config: RewriteConfig): Change | null {
  const edits = compileQueryEdits(config.query);
  return edits === null ? null : (exchange) => edits.apply(exchange);
}

function compileHost({ host }: RewriteConfig): Change | null {
  if (host.kind === "keep") return null;
  // The endpoint is chosen when an attempt gets its connection.
  const authority = host.kind === "endpoint" ? "" : host.authority;
  return (exchange) => {
    exchange.upstreamAuthority = authority;
  };
}
