// The configuration as users write it: every key that is built, with its type, default and documentation. The JSON Schema for editors
// and the reference pages come from this file alone. What names must agree with what else is in checks.ts, what is known but not
// built yet in not-built.ts, and what it all means in config.ts.

import * as z from "zod";
import { publishKeys } from "./access-schema.ts";
import {
  CIDR_EXPECTATION,
  ENDPOINT_EXPECTATION,
  LISTEN_EXPECTATION,
  parseEndpointUrl,
  parseListenAddress,
  parseProxyBlock,
} from "./addresses.ts";
import { adminSection } from "./admin-schema.ts";
import {
  choice,
  count,
  countOrOff,
  duration,
  fields,
  fieldsOrOff,
  flag,
  fullList,
  list,
  mapOf,
  notBuilt,
  oneOf,
  only,
  plainText,
  rate,
  shapedText,
  size,
  text,
} from "./fields.ts";
import { FIELD_NAME_EXPECTATION, parseConditionField } from "./header-text.ts";
import { health } from "./health-schema.ts";
import { identities } from "./identity-schema.ts";
import { invariant } from "./invariant-schema.ts";
import { counters, limitUses, loadShedding, rateLimits } from "./limit-schema.ts";
import { parseLogTarget } from "./log-target.ts";
import {
  HOST_EXPECTATION,
  NAME_EXPECTATION,
  PATTERN_EXPECTATION,
  PREFIX_EXPECTATION,
  parseHostPattern,
  parseName,
  parsePathPattern,
  parsePathPrefix,
} from "./patterns.ts";
import { defaults, fieldName, lifecycle, name, route } from "./route-schema.ts";
import { MEDIA_TYPE_EXPECTATION, parseMediaType } from "./route-values.ts";
import { database, internalKeys, internalToken, sealKeys } from "./store-schema.ts";
import { acme, listenerProxyProtocol, listenerTls, upstreamProxyProtocol, upstreamTls } from "./tls-schema.ts";
import { breaker, otherBalance, tracing } from "./unbuilt-schema.ts";

export const DEFAULT_IDENTITY_HEADERS = ["X-User-Id", "X-User-Roles", "X-Tenant-Id"];

const gateway = fields(
  {
    name: name("Stands in logs, metrics and traces.").prefault("sallyport"),
    kind: choice(["edge", "domain", "bff"], "What a gateway of this kind may do.").default("edge"),
    workers: z
      .union([only("auto", "One a core."), count(1, 256, "So many.")], { error: "`auto`, or a whole number from 1 to 256" })
      .default("auto")
      .meta({ description: "How many processes serve." }),
    drain: duration(
      { example: "9s", off: false, max: "1h" },
      "Time that requests in flight and tunnels may take to end, when the gateway stops or a worker is replaced.",
    ).prefault("9s"),
    watch: flag("Whether a change of any file that was read is a reload.").default(true),
    stateDir: plainText(
      "a folder's path",
      "A folder where the gateway keeps what must survive a restart: the last good part of each team, certificates that were issued.",
    ).optional(),
    include: list(
      plainText("a path or a pattern such as `teams/*.yaml`", "A file, or files."),
      "Files of teams; `*` stands for any part of a name. A bad one keeps that team's last good part.",
    ).prefault([]),
    customCode: fields(
      { maxLines: count(0, 1_000_000, "Lines of code at most, without blank lines and comments.") },
      "The budget of custom code. What is not routing, identity, limits or header changes belongs in a service.",
    ).optional(),
    identityHeaders: fullList(
      fieldName("A header by which upstreams know who calls."),
      "Headers that carry who the caller is. These, and all that identities map, are removed from every client request, in every spelling.",
    ).prefault(DEFAULT_IDENTITY_HEADERS),
    sealKeys: sealKeys.optional(),
    loadShedding: fieldsOrOff(loadShedding, "How many requests are let in at once; off when left out.").prefault("off"),
  },
  "The gateway as a whole.",
);

const listenAddress = text(parseListenAddress, LISTEN_EXPECTATION, "Where to listen. Port 0 takes any free port; `unix:` a socket file.");

const bounds = fields(
  {
    line: size({ example: "8KiB", off: false, max: "1MiB" }, "The request line; 414 beyond.").prefault("8KiB"),
    head: size({ example: "32KiB", off: false, max: "1MiB" }, "The whole head; 431 beyond.").prefault("32KiB"),
    fields: count(1, 10_000, "Header fields of a request; 431 beyond.").default(100),
    body: size({ example: "10MiB", off: true, max: "1024GiB" }, "A request's body; 413 beyond.").prefault("10MiB"),
    headTimeout: duration({ example: "10s", off: false, max: "1h" }, "Time for a complete head; 408 beyond.").prefault("10s"),
    idleTimeout: duration({ example: "60s", off: true, max: "1d" }, "Time that an idle connection is kept.").prefault("60s"),
    minBodyRate: rate({ example: "256B/s", off: true, max: "1GiB/s" }, "A body that comes slower is 408.").prefault("256B/s"),
    connectionsPerIp: countOrOff(1, 1_000_000, "Connections of one client address; 503 beyond.").prefault(1000),
    streams: count(1, 10_000, "Requests at once on one HTTP/2 connection; refused beyond, to be sent again.").default(128),
  },
  "What one client may take.",
);

const listener = fields(
  {
    name: name("Stands in logs and metrics."),
    address: listenAddress,
    protocols: fullList(
      choice(["h2", "http/1.1"], "A protocol."),
      "Protocols spoken here, the preferred first: `h2` is HTTP/2, chosen in the handshake, or without TLS by how a connection begins.",
    ).default(["http/1.1"]),
    trustedProxies: list(
      text(parseProxyBlock, CIDR_EXPECTATION, "An address or CIDR block."),
      "Whose X-Forwarded-* and X-Request-Id are believed.",
    ).prefault([]),
    bounds: bounds.prefault({}),
    tls: listenerTls.optional(),
    proxyProtocol: listenerProxyProtocol.optional(),
    reusePort: flag("Whether other processes may listen at the same address too; the kernel shares connections out.").default(false),
    publishKeys: publishKeys.optional(),
    rateLimits: limitUses(
      "Limits before routing, of `rateLimits`, that count by `global`, `ip` or a header; unknown paths count too.",
    ).prefault([]),
  },
  "An address where clients connect.",
);

const endpointUrl = text(
  parseEndpointUrl,
  ENDPOINT_EXPECTATION,
  "`http://host:port`, `https://host:port` or `unix:/path`; without a port 80 or 443.",
);
const endpoint = z
  .union(
    [
      endpointUrl.transform((url) => ({ url, weight: 1 })),
      fields({ url: endpointUrl, weight: count(1, 1000, "Its share beside the others.").default(1) }, "An endpoint with its share."),
    ],
    { error: `${ENDPOINT_EXPECTATION}, or a map of \`url\` and \`weight\`` },
  )
  .meta({ description: "A place that serves." });

const upstream = fields(
  {
    endpoints: fullList(endpoint, "The places that serve this upstream."),
    protocol: choice(
      ["http/1.1", "h2"],
      "The protocol spoken to endpoints. `h2`: HTTP/2, chosen in the handshake at `https:` endpoints, with prior knowledge at others.",
    ).default("http/1.1"),
    balance: z
      .union([only("roundRobin", "In turn."), notBuilt(otherBalance, "Other ways.")], { error: "`roundRobin`" })
      .default("roundRobin")
      .meta({ description: "How an endpoint is chosen." }),
    tls: upstreamTls.optional(),
    proxyProtocol: upstreamProxyProtocol.optional(),
    internalToken: internalToken.optional(),
    breaker: notBuilt(breaker, "When to stop calling it.").optional(),
    health: health.optional(),
    loadShedding: fieldsOrOff(loadShedding, "How many requests it is sent at once; off when left out.").prefault("off"),
    timeouts: fields(
      {
        connect: duration({ example: "250ms", off: false, max: "1h" }, "Time to connect; 504 beyond.").prefault("1s"),
        firstByte: duration(
          { example: "2s", off: true, max: "1d" },
          "Time from the request sent to the response's head; 504 beyond. Off: the route's timeout alone bounds it.",
        ).prefault("off"),
        betweenBytes: duration({ example: "10s", off: true, max: "1d" }, "Silence inside a response that ends it.").prefault("60s"),
        idle: duration({ example: "60s", off: false, max: "1d" }, "Time that an unused connection is kept.").prefault("60s"),
      },
      "How long to wait for an endpoint.",
    ).prefault({}),
    pool: fields(
      {
        connections: count(1, 65_536, "Connections to all endpoints together, of one worker.").default(64),
        streams: count(
          1,
          65_536,
          "Requests that one connection carries at once, with `protocol: h2`; fewer where the upstream says so.",
        ).default(100),
        pending: count(0, 1_000_000, "Requests that may wait for a connection; 503 beyond. 0: none waits.").default(128),
      },
      "Connections that are kept and shared.",
    ).prefault({}),
  },
  "A service that is called, and how.",
);

const upstreams = mapOf(name("The upstream's name."), upstream, "a map of upstreams by name", "Services that are called, by name.");

const versionBy = oneOf(
  {
    header: text(parseConditionField, FIELD_NAME_EXPECTATION, "By a request header: `{ header: X-Api-Version }` for `X-Api-Version: 2`."),
    mediaType: text(
      parseMediaType,
      MEDIA_TYPE_EXPECTATION,
      "By the media type in Accept, or in Content-Type without one: `application/vnd.acme.orders.v2+json`, or with `;version=2`.",
    ),
    pathPrefix: text(
      parsePathPrefix,
      PREFIX_EXPECTATION,
      "By the path: under `{ pathPrefix: /v }` the version 2 of a route `/orders/*` is `/v2/orders/*`.",
    ),
    hostPrefix: shapedText(
      /^[a-z][a-z0-9-]{0,30}$/,
      "a word such as `v`",
      "By the host: under `{ hostPrefix: v }` the version 2 of a route of `api.example.com` is at `v2.api.example.com`.",
    ),
  },
  "How a request tells its version.",
);

const api = fields(
  {
    versionBy,
    default: text(
      parseName,
      NAME_EXPECTATION,
      "The version of a request that tells none; without it such a request finds no route.",
    ).optional(),
    versions: mapOf(
      text(parseName, NAME_EXPECTATION, "A version."),
      lifecycle,
      "a map of versions",
      'The versions, with their dates: `{ "1": { sunset: 2026-12-31 }, "2": {} }`.',
    ),
  },
  "An API that is served in several versions.",
);

const team = fields(
  {
    name: name("The team."),
    hosts: fullList(
      text(parseHostPattern, HOST_EXPECTATION, "A host, or `*.example.com`."),
      "Hosts that it may claim; any when left out. A route of its file without hosts takes these.",
    ).optional(),
    paths: fullList(
      text(parsePathPattern, PATTERN_EXPECTATION, "A path, or `/x/*` for all below."),
      "Paths that it may claim; any when left out.",
    ).optional(),
  },
  "Whose file it is, and what it may claim.",
);

const telemetry = fields(
  {
    accessLog: fieldsOrOff(
      fields(
        {
          to: text(parseLogTarget, "`stdout` or a file's path", "`stdout` or a file's path.").prefault("stdout"),
          format: only("json", "One JSON object a line.").default("json"),
        },
        "The access log.",
      ),
      "One line a request, or `off`.",
    ).prefault({}),
    tracing: notBuilt(tracing, "Spans of requests, sent to a collector.").optional(),
  },
  "What can be seen of the gateway.",
);

export const configurationSchema = fields(
  {
    version: only(1, "The version of this language."),
    gateway: gateway.prefault({}),
    defaults: defaults.prefault({}),
    counters: counters.optional(),
    database: database.optional(),
    admin: fieldsOrOff(adminSection(listenAddress), "Where operators look in; off when left out.").prefault("off"),
    acme: acme.optional(),
    listeners: fullList(listener, "Where clients connect."),
    upstreams: upstreams.prefault({}),
    identities: identities.prefault({}),
    internalKeys: internalKeys.prefault({}),
    rateLimits: rateLimits.prefault({}),
    apis: mapOf(name("The API's name."), api, "a map of APIs by name", "APIs that are served in several versions, by name.").prefault({}),
    routes: list(route, "Requests and what becomes of them.").prefault([]),
    invariants: list(invariant, "What must be true of every route; `check` refuses a configuration that breaks one.").prefault([]),
    telemetry: telemetry.prefault({}),
  },
  "The configuration of one gateway.",
);

/** A file of one team, which stands beside the gateway's own and is named by its `include`. */
export const teamSchema = fields(
  {
    version: only(1, "The version of this language."),
    team,
    upstreams: upstreams.prefault({}),
    routes: list(route, "The team's routes, within what it claims.").prefault([]),
  },
  "The part of one team.",
);

/** What a configuration may say, before it is checked; `defineGateway` is narrower. */
export type ConfigurationInput = z.input<typeof configurationSchema>;
export type TeamInput = z.input<typeof teamSchema>;
/** Parsed, each default filled in, not yet resolved: routes do not know the defaults yet. */
export type Configuration = z.output<typeof configurationSchema>;
export type TeamConfiguration = z.output<typeof teamSchema>;
