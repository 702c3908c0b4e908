// From what was written to what it means: defaults handed down to routes, paths made absolute. Nothing can be wrong any more here.

import { dirname, resolve } from "node:path";
import { Secret } from "../base/index.ts";
import type {
  AccessLogConfig,
  ActiveHealthConfig,
  AddressConfig,
  AdminConfig,
  BoundsConfig,
  GatewayConfig,
  ListenerConfig,
  RouteConfig,
  UpstreamConfig,
} from "./config.ts";
import type { PathSet } from "./path-set.ts";
import type { PemTexts } from "./pem-files.ts";
import type { Body } from "./references-bodies.ts";
import { Refusal } from "./refusal.ts";
import { resolveIdentities } from "./resolve-identities.ts";
import { resolveCounters, resolveRateLimits, resolveShedding, resolveUses } from "./resolve-limits.ts";
import { type RouteSurroundings, resolveRoute } from "./resolve-route.ts";
import { resolveDatabase, resolveInternalToken } from "./resolve-stores.ts";
import { type FileSource, type PemSource, resolveAcme, resolveListenerTls, resolveUpstreamTls } from "./resolve-tls.ts";
import type { Configuration, TeamConfiguration } from "./schema.ts";
import { parseTemplate } from "./templates.ts";
import type { FileTexts } from "./text-files.ts";

/** What came from elsewhere into one file. */
export interface FromElsewhere {
  /** Where references stand: a header or query value there is a secret. */
  readonly places: PathSet;
  /** What `respond.file` gave, by the index of the route. */
  readonly bodies: ReadonlyMap<number, Body>;
  /** Of certificates, keys and lists. */
  readonly pem: PemTexts;
  /** Of key sets and policies. */
  readonly texts: FileTexts;
}

/** The resolved form of `written`, which resolve-stores.ts completes; paths in it are relative to `file`. */
export function resolveConfiguration(written: Configuration, file: string, from: FromElsewhere): GatewayConfig {
  const folder = dirname(resolve(file));
  const source = { folder, pem: from.pem, texts: from.texts };
  return {
    version: 1,
    gateway: {
      name: written.gateway.name,
      kind: written.gateway.kind,
      workers: written.gateway.workers,
      drainMs: written.gateway.drain,
      watch: written.gateway.watch,
      identityHeaders: written.gateway.identityHeaders,
      sealKeys: (written.gateway.sealKeys ?? []).map((key) => new Secret(key)),
      loadShedding: resolveShedding(written.gateway.loadShedding),
      stateDir: written.gateway.stateDir === undefined ? null : resolve(folder, written.gateway.stateDir),
    },
    admin: resolveAdmin(written.admin, source),
    acme: resolveAcme(written.acme, source),
    database: resolveDatabase(written.database, source),
    internalKeys: null,
    counters: resolveCounters(written.counters, source),
    rateLimits: resolveRateLimits(written.rateLimits),
    identities: resolveIdentities(written.identities, source),
    listeners: written.listeners.map((listener) => resolveListener(listener, source)),
    upstreams: Object.entries(written.upstreams).map(([name, upstream]) => resolveUpstream(name, upstream, source)),
    routes: resolveRoutes(written.routes, written, { team: null, from, defaultsFrom: from, source }),
    telemetry: { accessLog: resolveAccessLog(written.telemetry.accessLog, folder) },
  };
}

function resolveAdmin(written: Configuration["admin"], source: PemSource): AdminConfig | null {
  if (written === null) return null;
  const { address, token, hosts, tls } = written;
  return {
    address: resolveAddress(address, source.folder),
    token: token === undefined ? null : new Secret(token),
    hosts,
    tls: resolveListenerTls(tls, source),
  };
}

function resolveListener(listener: Configuration["listeners"][number], source: PemSource): ListenerConfig {
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
    streams: bounds.streams,
  };
  const address = resolveAddress(listener.address, source.folder);
  const tls = resolveListenerTls(listener.tls, source);
  const { name, protocols, reusePort, trustedProxies } = listener;
  return {
    name,
    address,
    protocols,
    tls,
    proxyProtocol: listener.proxyProtocol ?? null,
    reusePort,
    trustedProxies,
    bounds: resolved,
    publishKeys: listener.publishKeys ?? false,
    rateLimits: resolveUses(listener.rateLimits),
  };
}

function resolveUpstream(name: string, upstream: Configuration["upstreams"][string], source: PemSource): UpstreamConfig {
  const isTls = upstream.endpoints.some(({ url }) => url.scheme === "https");
  return {
    name,
    endpoints: upstream.endpoints.map(({ url, weight }) => ({
      address: resolveAddress(url.address, source.folder),
      authority: url.authority,
      weight,
    })),
    protocol: upstream.protocol,
    balance: "roundRobin",
    internalToken: resolveInternalToken(upstream.internalToken),
    tls: resolveUpstreamTls(upstream.tls, isTls, source),
    proxyProtocol: upstream.proxyProtocol ?? null,
    timeouts: {
      connectMs: upstream.timeouts.connect,
      firstByteMs: upstream.timeouts.firstByte,
      betweenBytesMs: upstream.timeouts.betweenBytes,
      idleMs: upstream.timeouts.idle,
    },
    health: { active: resolveActiveHealth(upstream.health?.active) },
    pool: upstream.pool,
    loadShedding: resolveShedding(upstream.loadShedding),
  };
}

function resolveActiveHealth(written: ActiveHealthInput): ActiveHealthConfig | null {
  if (written === undefined) return null;
  const { path, grpc, interval, timeout, healthyAfter, unhealthyAfter } = written;
  // checks.ts has refused one that says both or neither.
  const ask = grpc === undefined ? { kind: "http" as const, path: path ?? "/" } : { kind: "grpc" as const, service: grpc.service };
  return { ask, intervalMs: interval, timeoutMs: timeout, healthyAfter, unhealthyAfter };
}

type ActiveHealthInput = NonNullable<Configuration["upstreams"][string]["health"]>["active"];

/** The part of one team, beside the gateway's own file. */
export function resolveTeam(
  written: TeamConfiguration,
  file: string,
  from: FromElsewhere,
  root: { readonly written: Configuration; readonly from: FromElsewhere },
): { readonly upstreams: readonly UpstreamConfig[]; readonly routes: readonly RouteConfig[] } {
  const source = { folder: dirname(resolve(file)), pem: from.pem, texts: from.texts };
  const team = { name: written.team.name, hosts: written.team.hosts ?? [] };
  return {
    upstreams: Object.entries(written.upstreams).map(([name, upstream]) => resolveUpstream(name, upstream, source)),
    routes: resolveRoutes(written.routes, root.written, { team, from, defaultsFrom: root.from, source }),
  };
}

interface RouteOrigins {
  readonly team: RouteSurroundings["team"];
  readonly from: FromElsewhere;
  readonly defaultsFrom: FromElsewhere;
  readonly source: FileSource;
}

function resolveRoutes(routes: Configuration["routes"], root: Configuration, origins: RouteOrigins): RouteConfig[] {
  const { team, from, defaultsFrom, source } = origins;
  const template = (text: string, places: PathSet, path: readonly (string | number)[]) => {
    if (places.covers(path)) return [new Secret(text)];
    const parts = parseTemplate(text);
    return parts instanceof Refusal ? [text] : parts;
  };
  return routes.map((route, index) =>
    resolveRoute(route, {
      team,
      defaults: root.defaults,
      apis: root.apis,
      source,
      template: (text, path) => template(text, from.places, ["routes", index, ...path]),
      defaultTemplate: (text, path) => template(text, defaultsFrom.places, ["defaults", ...path]),
      body: ({ body, json }) => {
        const read = from.bodies.get(index);
        if (read !== undefined) return read;
        const text = body ?? (json === undefined ? "" : JSON.stringify(json));
        const contentType = json === undefined ? "text/plain; charset=utf-8" : "application/json";
        return { bytes: new TextEncoder().encode(text), contentType };
      },
    }),
  );
}

function resolveAccessLog(log: AccessLogConfig | null, folder: string): AccessLogConfig | null {
  if (log === null || log.to === "stdout") return log;
  return { to: { path: resolve(folder, log.to.path) }, format: log.format };
}

function resolveAddress(address: AddressConfig, folder: string): AddressConfig {
  return "path" in address ? { path: resolve(folder, address.path) } : address;
}
