// From what was written to what it means: defaults handed down to routes, paths made absolute. Nothing can be wrong any more here.

import { dirname, resolve } from "node:path";
import type {
  AccessLogConfig,
  AddressConfig,
  BoundsConfig,
  GatewayConfig,
  HeaderEdits,
  ListenerConfig,
  RouteConfig,
  UpstreamConfig,
} from "./config.ts";
import type { Configuration } from "./schema.ts";

type RouteInput = Configuration["routes"][number];
type Edits = Configuration["defaults"]["headers"]["request"];

/** The resolved form of `written`; paths in it are relative to `file`. */
export function resolveConfiguration(written: Configuration, file: string): GatewayConfig {
  const folder = dirname(resolve(file));
  return {
    version: 1,
    gateway: written.gateway,
    admin: written.admin === null ? null : { address: resolveAddress(written.admin.address, folder) },
    listeners: written.listeners.map((listener) => resolveListener(listener, folder)),
    upstreams: Object.entries(written.upstreams).map(([name, upstream]) => resolveUpstream(name, upstream, folder)),
    routes: written.routes.map((route) => resolveRoute(route, written.defaults)),
    telemetry: { accessLog: resolveAccessLog(written.telemetry.accessLog, folder) },
  };
}

function resolveListener(listener: Configuration["listeners"][number], folder: string): ListenerConfig {
  const { bounds } = listener;
  const resolved: BoundsConfig = {
    lineBytes: bounds.line,
    headBytes: bounds.head,
    fieldCount: bounds.fields,
    bodyBytes: bounds.body,
    headTimeoutMs: bounds.headTimeout,
    idleTimeoutMs: bounds.idleTimeout,
    minBodyBytesPerSecond: bounds.minBodyRate,
    connectionsPerIp: bounds.connectionsPerIp,
  };
  const address = resolveAddress(listener.address, folder);
  return { name: listener.name, address, trustedProxies: listener.trustedProxies, bounds: resolved };
}

function resolveUpstream(name: string, upstream: Configuration["upstreams"][string], folder: string): UpstreamConfig {
  return {
    name,
    endpoints: upstream.endpoints.map(({ url, weight }) => ({
      address: resolveAddress(url.address, folder),
      authority: url.authority,
      weight,
    })),
    balance: upstream.balance,
    timeouts: {
      connectMs: upstream.timeouts.connect,
      firstByteMs: upstream.timeouts.firstByte,
      betweenBytesMs: upstream.timeouts.betweenBytes,
      idleMs: upstream.timeouts.idle,
    },
    pool: upstream.pool,
  };
}

function resolveRoute(route: RouteInput, defaults: Configuration["defaults"]): RouteConfig {
  const { match, rewrite, headers, paths } = route;
  return {
    name: route.name,
    match: { hosts: match.hosts ?? [], path: match.path, methods: match.methods ?? [] },
    public: true,
    // checks.ts has refused a route without one.
    upstream: route.upstream ?? "",
    rewrite: { stripPrefix: rewrite.stripPrefix ?? null, addPrefix: rewrite.addPrefix ?? null },
    headers: {
      request: mergeEdits(defaults.headers.request, headers.request),
      response: mergeEdits(defaults.headers.response, headers.response),
    },
    timeoutMs: route.timeout === undefined ? defaults.timeout : route.timeout,
    bodyBytes: route.bounds.body,
    paths: {
      encodedSlash: paths.encodedSlash ?? defaults.paths.encodedSlash,
      backslash: paths.backslash ?? defaults.paths.backslash,
      duplicateSlashes: paths.duplicateSlashes ?? defaults.paths.duplicateSlashes,
      dotSegments: paths.dotSegments ?? defaults.paths.dotSegments,
    },
  };
}

/** The route's word about a field replaces every default edit of that field. */
function mergeEdits(defaults: Edits, own: Edits): HeaderEdits {
  const named = [...Object.keys(own.set), ...Object.keys(own.add), ...own.remove];
  const decided = new Set(named.map((name) => name.toLowerCase()));
  const isOpen = (name: string) => !decided.has(name.toLowerCase());
  return {
    set: [...Object.entries(defaults.set).filter(([name]) => isOpen(name)), ...Object.entries(own.set)],
    add: [...Object.entries(defaults.add).filter(([name]) => isOpen(name)), ...Object.entries(own.add)],
    remove: [...defaults.remove.filter(isOpen), ...own.remove],
  };
}

function resolveAccessLog(log: AccessLogConfig | null, folder: string): AccessLogConfig | null {
  if (log === null || log.to === "stdout") return log;
  return { to: { path: resolve(folder, log.to.path) }, format: log.format };
}

function resolveAddress(address: AddressConfig, folder: string): AddressConfig {
  return "path" in address ? { path: resolve(folder, address.path) } : address;
}
