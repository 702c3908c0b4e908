// What is not a route, before and after: the gateway itself, its listeners, upstreams, admin and access log.

import type {
  AccessLogConfig,
  ActiveHealthConfig,
  AddressConfig,
  AdminConfig,
  BoundsConfig,
  DatabaseConfig,
  EndpointConfig,
  GatewayConfig,
  GatewaySection,
  InternalKeysConfig,
  InternalTokenConfig,
  ListenerConfig,
  UpstreamConfig,
  UpstreamTimeouts,
} from "../../config/index.ts";
import { limitUses, loadShedding } from "./compare-limits.ts";
import { listenerProxyProtocol, listenerTls, upstreamTls } from "./compare-tls.ts";
import { type Comparer, type Comparers, compareSets, fields, least, limit, optional, plain, set, text } from "./comparers.ts";
import { coversNetwork } from "./covers.ts";
import { Say } from "./effect.ts";
import { toAddress, toCount, toDuration, toRate, toSize } from "./words.ts";

const same = (item: string) => item;

/** Whether only this machine can connect. */
function isLocal(address: AddressConfig): boolean {
  return "path" in address || address.host.startsWith("127.") || address.host === "::1" || address.host === "localhost";
}

function listening(verb: string): Comparer<AddressConfig> {
  return (before, after, say) => {
    const change = `${verb} at ${toAddress(after)}, no longer at ${toAddress(before)}`;
    if (isLocal(before) === isLocal(after)) say.that(null, change, "listen elsewhere");
    else if (isLocal(after)) say.that(false, `${change}: only this machine can connect`, "listen to this machine alone");
    else say.that(true, `${change}: other machines can connect`, "listen to other machines");
  };
}

export const section: Comparers<GatewaySection> = {
  name: text("name"),
  kind: text("kind"),
  workers: text("number of workers"),
  identityHeaders: set({
    more: false,
    gains: ["removes more identity headers from requests:", "remove more identity headers"],
    loses: ["no longer removes identity headers from requests:", "remove fewer identity headers"],
    show: same,
  }),
  sealKeys: plain("keys that seal cookies", () => ""),
  stateDir: text("directory for its state"),
  drainMs: plain("time to drain", toDuration),
  watch: text("watching of files"),
  loadShedding,
};

export const database: Comparer<DatabaseConfig | null> = plain("database", (value) => {
  if (value === null) return "none";
  return value.kind === "sqlite" ? value.path : value.kind;
});

export const internalKeys: Comparer<InternalKeysConfig | null> = optional(
  ({ issuer }, say) => say.that(null, `signs tokens for upstreams as ${issuer}`, "sign tokens for upstreams"),
  (_was, say) => say.that(null, "no longer signs tokens for upstreams", "no longer sign tokens for upstreams"),
  fields<InternalKeysConfig>({
    issuer: text("issuer of internal tokens"),
    algorithm: text("algorithm of internal tokens"),
    rotateEveryMs: plain("time that a key signs", toDuration),
    overlapMs: plain("time that a key is published besides", toDuration),
  }),
);

export const admin: Comparer<AdminConfig | null> = optional(
  (now, say) => say.that(true, `opens its admin interface at ${toAddress(now.address)}`, "open an admin interface"),
  (_was, say) => say.that(false, "closes its admin interface", "close their admin interface"),
  fields<AdminConfig>({
    address: listening("has its admin interface"),
    token: (before, after, say) => {
      if (after === null) say.that(true, "asks for no token any more at its admin interface", "ask for no token any more");
      else if (before === null) say.that(false, "asks for a token at its admin interface", "ask for a token");
      else say.that(null, "has another token for its admin interface", "have another token");
    },
    hosts: set({
      more: true,
      gains: ["answers to more names at its admin interface:", "answer to more names"],
      loses: ["answers to fewer names at its admin interface:", "answer to fewer names"],
      show: same,
    }),
    tls: (before, after, say) => listenerTls(before, after, new Say("admin", "the admin interface", say.effects)),
  }),
);

export const accessLog: Comparer<AccessLogConfig | null> = optional(
  (_now, say) => say.that(false, "is written", "are written"),
  (_was, say) => say.that(true, "is no longer written", "are no longer written"),
  fields<AccessLogConfig>({
    to: plain("destination", (to) => (to === "stdout" ? to : to.path)),
    format: text("format"),
  }),
);

export const compareListener = (before: GatewayConfig, after: GatewayConfig): Comparers<ListenerConfig> => ({
  // Pairs are made by name; a name that differs is told by whoever made the pair.
  name: () => undefined,
  address: listening("listens"),
  protocols: plain("list of protocols", (all) => all.join(", ")),
  tls: listenerTls,
  proxyProtocol: listenerProxyProtocol,
  rateLimits: limitUses(before, after),
  reusePort: text("sharing of its port"),
  trustedProxies: set({
    more: true,
    gains: ["trusts more proxies:", "trust more proxies"],
    loses: ["trusts fewer proxies:", "trust fewer proxies"],
    show: same,
    covers: coversNetwork,
  }),
  bounds: fields<BoundsConfig>({
    lineBytes: limit("request line bound", toSize),
    headBytes: limit("head bound", toSize),
    fieldCount: limit("bound of fields", toCount),
    bodyBytes: limit("body bound", toSize),
    headTimeoutMs: limit("time for heads", toDuration),
    idleTimeoutMs: limit("idle timeout", toDuration),
    minBodyBytesPerSecond: least("least rate of bodies", toRate),
    connectionsPerIp: limit("bound of connections for one address", toCount),
    streams: limit("bound of streams of one connection", toCount),
  }),
  publishKeys: text("publication of keys"),
});

const endpoints: Comparer<readonly EndpointConfig[]> = (before, after, say) => {
  const [old, now] = [byAddress(before), byAddress(after)];
  const gains = ["has more endpoints:", "have more endpoints"] as const;
  const loses = ["has fewer endpoints:", "have fewer endpoints"] as const;
  compareSets([...old.keys()], [...now.keys()], { more: null, gains, loses, show: same }, say);
  for (const [where, all] of now) {
    const others = old.get(where) ?? [];
    if (others.length > 0 && others.length !== all.length) {
      say.that(null, `names its endpoint ${where} ${all.length} times, not ${others.length}`, "name an endpoint more or less often");
      continue;
    }
    for (const [at, other] of others.entries()) {
      const endpoint = all[at] ?? other;
      if (endpoint.weight !== other.weight) {
        say.that(null, `weighs its endpoint ${where} otherwise: ${other.weight} becomes ${endpoint.weight}`, "weigh an endpoint otherwise");
      }
      if (endpoint.authority !== other.authority) {
        say.that(
          null,
          `calls its endpoint ${where} otherwise: ${other.authority} becomes ${endpoint.authority}`,
          "call an endpoint otherwise",
        );
      }
    }
  }
};

function byAddress(all: readonly EndpointConfig[]): Map<string, EndpointConfig[]> {
  const found = new Map<string, EndpointConfig[]>();
  for (const endpoint of all) {
    const key = toAddress(endpoint.address);
    const group = found.get(key);
    if (group === undefined) found.set(key, [endpoint]);
    else group.push(endpoint);
  }
  return found;
}

function toQuestion(ask: ActiveHealthConfig["ask"]): string {
  return ask.kind === "http" ? `GET ${ask.path}` : `gRPC ${ask.service === "" ? "of the whole server" : ask.service}`;
}

export const upstream: Comparers<UpstreamConfig> = {
  name: () => undefined,
  endpoints,
  protocol: text("protocol"),
  balance: text("way of balancing"),
  internalToken: optional(
    ({ audience }, say) => say.that(null, `is told who calls by a token for ${audience}`, "are told who calls by a token"),
    (_was, say) => say.that(null, "gets no token any more that tells who calls", "get no token any more"),
    fields<InternalTokenConfig>({
      audience: text("audience of its token"),
      ttlMs: limit("lifetime of its token", toDuration),
      header: text("header of its token"),
      deadline: text("deadline in its token"),
    }),
  ),
  tls: upstreamTls,
  proxyProtocol: text("PROXY header that it is sent"),
  loadShedding,
  timeouts: fields<UpstreamTimeouts>({
    connectMs: plain("timeout for connecting", toDuration),
    firstByteMs: plain("timeout for the first byte", toDuration),
    betweenBytesMs: plain("timeout between bytes", toDuration),
    idleMs: plain("idle timeout", toDuration),
  }),
  health: fields<UpstreamConfig["health"]>({
    active: optional(
      (value, say) => say.that(null, `begins to ask its endpoints whether they are well: ${toQuestion(value.ask)}`, "ask their endpoints"),
      (_value, say) => say.that(null, "no longer asks its endpoints whether they are well", "no longer ask their endpoints"),
      fields<ActiveHealthConfig>({
        ask: plain("question to its endpoints", toQuestion),
        intervalMs: plain("interval of health checks", toDuration),
        timeoutMs: plain("timeout of health checks", toDuration),
        healthyAfter: plain("number of good checks that bring an endpoint back", toCount),
        unhealthyAfter: plain("number of bad checks that take an endpoint out", toCount),
      }),
    ),
  }),
  pool: fields({
    connections: plain("most connections", toCount),
    streams: plain("most streams of a connection", toCount),
    pending: plain("most requests that wait for a connection", toCount),
  }),
};
