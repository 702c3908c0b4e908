// From what was written to what it means: defaults handed down to routes, paths made absolute. Nothing can be wrong any more here.

import { dirname, resolve } from "node:path";
import type { AccessLogConfig, AddressConfig, BoundsConfig, GatewayConfig, ListenerConfig, UpstreamConfig } from "./config.ts";
import { Refusal } from "./refusal.ts";
import { type RouteSurroundings, resolveRoute } from "./resolve-route.ts";
import type { Configuration } from "./schema.ts";
import { parseTemplate } from "./templates.ts";

/** The resolved form of `written`; paths in it are relative to `file`. */
export function resolveConfiguration(written: Configuration, file: string): GatewayConfig {
  const folder = dirname(resolve(file));
  return {
    version: 1,
    gateway: {
      name: written.gateway.name,
      kind: written.gateway.kind,
      workers: 1,
      identityHeaders: written.gateway.identityHeaders,
      stateDir: written.gateway.stateDir === undefined ? null : resolve(folder, written.gateway.stateDir),
    },
    admin: written.admin === null ? null : { address: resolveAddress(written.admin.address, folder) },
    listeners: written.listeners.map((listener) => resolveListener(listener, folder)),
    upstreams: Object.entries(written.upstreams).map(([name, upstream]) => resolveUpstream(name, upstream, folder)),
    routes: written.routes.map((route, index) => resolveRoute(route, toSurroundings(written, index))),
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
    balance: "roundRobin",
    timeouts: {
      connectMs: upstream.timeouts.connect,
      firstByteMs: upstream.timeouts.firstByte,
      betweenBytesMs: upstream.timeouts.betweenBytes,
      idleMs: upstream.timeouts.idle,
    },
    pool: upstream.pool,
  };
}

function toSurroundings(written: Configuration, _index: number): RouteSurroundings {
  const template = (text: string) => {
    const parts = parseTemplate(text);
    return parts instanceof Refusal ? [text] : parts;
  };
  return {
    team: null,
    defaults: written.defaults,
    apis: written.apis,
    template,
    defaultTemplate: template,
    body: ({ body, json }) => {
      const text = body ?? (json === undefined ? "" : JSON.stringify(json));
      return { bytes: new TextEncoder().encode(text), contentType: json === undefined ? "text/plain; charset=utf-8" : "application/json" };
    },
  };
}

function resolveAccessLog(log: AccessLogConfig | null, folder: string): AccessLogConfig | null {
  if (log === null || log.to === "stdout") return log;
  return { to: { path: resolve(folder, log.to.path) }, format: log.format };
}

function resolveAddress(address: AddressConfig, folder: string): AddressConfig {
  return "path" in address ? { path: resolve(folder, address.path) } : address;
}
