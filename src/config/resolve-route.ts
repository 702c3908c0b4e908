// One route's part of what was written to what it means: the defaults handed down, templates and conditions compiled, the version of an
// API turned into the paths, hosts or conditions by which a request tells it. Nothing can be wrong any more here.

import type { RouteCondition } from "../router/index.ts";
import type {
  ActionConfig,
  CorsConfig,
  ErrorsConfig,
  HeaderEdits,
  LifecycleConfig,
  MaintenanceConfig,
  MatchConfig,
  RouteConfig,
  SecurityHeadersConfig,
  ValueTemplate,
  WebSocketConfig,
} from "./config.ts";
import { resolveAuth, resolveAuthorize } from "./resolve-access.ts";
import { resolveUses } from "./resolve-limits.ts";
import type { FileSource } from "./resolve-tls.ts";
import type { Configuration } from "./schema.ts";
import { expandVersions } from "./versions.ts";

export type RouteInput = Configuration["routes"][number];
type Defaults = Configuration["defaults"];
type Edits = Defaults["headers"]["request"];
type Condition = RouteInput["match"]["headers"][string];

/** What a route's resolution needs besides the route. */
export interface RouteSurroundings {
  readonly team: { readonly name: string; readonly hosts: readonly string[] } | null;
  readonly defaults: Defaults;
  readonly apis: Configuration["apis"];
  readonly source: FileSource;
  /** The compiled value at a path of the configuration below this route: `["headers", "request", "set", "X-Edge"]`. */
  readonly template: (text: string, path: readonly (string | number)[]) => ValueTemplate;
  /** The same for a value of `defaults`. */
  readonly defaultTemplate: (text: string, path: readonly (string | number)[]) => ValueTemplate;
  /** The bytes of a fixed answer, and its type where the route says none. */
  readonly body: (respond: NonNullable<RouteInput["respond"]>) => { readonly bytes: Uint8Array; readonly contentType: string };
}

export function resolveRoute(route: RouteInput, around: RouteSurroundings): RouteConfig {
  const { defaults } = around;
  const { rewrite, headers, paths } = route;
  const bounds = { ...defaults.bounds, ...route.bounds };
  const maintenance = route.maintenance === undefined ? defaults.maintenance : route.maintenance;
  const cors = route.cors === undefined ? defaults.cors : route.cors;
  const security = route.securityHeaders === undefined ? defaults.securityHeaders : route.securityHeaders;
  const api = route.api === undefined ? undefined : around.apis[route.api.name];
  const dates = route.lifecycle ?? (route.api?.versions.length === 1 ? api?.versions[route.api.versions[0] ?? ""] : undefined);
  return {
    name: route.name,
    team: around.team?.name ?? null,
    match: resolveMatch(route, around),
    auth: resolveAuth(route.auth),
    authorize: resolveAuthorize(route.authorize, around.source),
    forwardCredential: route.forwardCredential,
    action: resolveAction(route, around),
    rateLimits: resolveUses(route.rateLimits),
    priority: route.priority,
    maintenance: maintenance === null ? null : resolveMaintenance(maintenance),
    lifecycle: dates === undefined ? null : resolveLifecycle(dates),
    rewrite: {
      stripPrefix: rewrite.stripPrefix ?? null,
      addPrefix: rewrite.addPrefix ?? null,
      path: rewrite.path ?? null,
      host: rewrite.host,
      query: {
        keepOnly: rewrite.query.keepOnly ?? null,
        remove: rewrite.query.remove,
        set: Object.entries(rewrite.query.set).map(([name, text]) => [name, around.template(text, ["rewrite", "query", "set", name])]),
      },
    },
    headers: {
      request: mergeEdits("request", defaults.headers.request, headers.request, around),
      response: mergeEdits("response", defaults.headers.response, headers.response, around),
    },
    methodOverride: route.methodOverride ?? defaults.methodOverride,
    cors: cors === null ? null : resolveCors(cors, route),
    grpcWeb: route.grpcWeb,
    securityHeaders: security === null ? null : resolveSecurityHeaders(security),
    errors: resolveErrors(route.errors ?? defaults.errors),
    webSocket: resolveWebSocket(route.websocket, defaults.websocket),
    timeoutMs: route.timeout === undefined ? defaults.timeout : route.timeout,
    bounds: { lineBytes: bounds.line, headBytes: bounds.head, fieldCount: bounds.fields, bodyBytes: bounds.body },
    paths: {
      encodedSlash: paths.encodedSlash ?? defaults.paths.encodedSlash,
      backslash: paths.backslash ?? defaults.paths.backslash,
      duplicateSlashes: paths.duplicateSlashes ?? defaults.paths.duplicateSlashes,
      dotSegments: paths.dotSegments ?? defaults.paths.dotSegments,
    },
  };
}

function resolveMatch(route: RouteInput, around: RouteSurroundings): MatchConfig {
  const { match } = route;
  const plain: MatchConfig = {
    hosts: match.hosts ?? around.team?.hosts ?? [],
    paths: [match.path],
    methods: match.methods ?? [],
    conditions: [
      ...Object.entries(match.headers).map(([name, wanted]) => toCondition("header", name, wanted)),
      ...Object.entries(match.query).map(([name, wanted]) => toCondition("query", name, wanted)),
    ],
  };
  const api = route.api === undefined ? undefined : around.apis[route.api.name];
  return api === undefined || route.api === undefined ? plain : expandVersions(plain, api, route.api.versions);
}

function toCondition(on: "header" | "query", name: string, wanted: Condition): RouteCondition {
  if (wanted === "absent") return { on, name, absent: true, values: [] };
  if (wanted === "present") return { on, name, absent: false, values: null };
  const values = typeof wanted === "string" ? [wanted] : "is" in wanted ? [wanted.is] : wanted.oneOf;
  return { on, name, absent: false, values };
}

function resolveAction(route: RouteInput, around: RouteSurroundings): ActionConfig {
  const { redirect, respond, upstream } = route;
  if (redirect !== undefined) {
    const { scheme, to } = redirect;
    const target = to ?? { scheme: scheme ?? null, authority: null, path: null };
    return { kind: "redirect", redirect: { status: redirect.status, query: redirect.query, ...target } };
  }
  if (respond !== undefined) {
    const { bytes, contentType } = around.body(respond);
    return { kind: "respond", respond: { status: respond.status, contentType: respond.contentType ?? contentType, body: bytes } };
  }
  // checks.ts has refused a route that says nothing of what answers.
  return { kind: "upstream", upstream: upstream ?? "" };
}

function resolveMaintenance(written: NonNullable<Defaults["maintenance"]>): MaintenanceConfig {
  return {
    retryAfterSeconds: written.retryAfter === undefined ? null : Math.ceil(written.retryAfter / 1000),
    allowFrom: written.allowFrom,
    message: written.message ?? null,
  };
}

function resolveLifecycle(written: NonNullable<RouteInput["lifecycle"]>): LifecycleConfig | null {
  const { deprecated = null, sunset = null, link = null, afterSunset } = written;
  if (deprecated === null && sunset === null && link === null) return null;
  return { deprecatedMs: deprecated, sunsetMs: sunset, link, afterSunset };
}

/** What every client of gRPC-Web sends, and must read. */
const GRPC_WEB_ASKS = ["Content-Type", "X-Grpc-Web", "X-User-Agent", "Grpc-Timeout"];
const GRPC_WEB_TELLS = ["Grpc-Status", "Grpc-Message", "Grpc-Status-Details-Bin"];

function withMore(names: readonly string[], more: readonly string[]): string[] {
  const known = new Set(names.map((name) => name.toLowerCase()));
  return [...names, ...more.filter((name) => !known.has(name.toLowerCase()))];
}

function resolveCors(written: NonNullable<Defaults["cors"]>, route: RouteInput): CorsConfig {
  return {
    origins: written.origins.includes("*") ? "*" : written.origins,
    methods: written.methods ?? route.match.methods ?? [],
    headers: written.headers === undefined ? "*" : route.grpcWeb ? withMore(written.headers, GRPC_WEB_ASKS) : written.headers,
    exposeHeaders: route.grpcWeb ? withMore(written.exposeHeaders, GRPC_WEB_TELLS) : written.exposeHeaders,
    credentials: written.credentials,
    maxAgeSeconds: written.maxAge === undefined ? null : Math.floor(written.maxAge / 1000),
    privateNetwork: written.privateNetwork,
  };
}

function resolveSecurityHeaders(written: NonNullable<Defaults["securityHeaders"]>): SecurityHeadersConfig {
  const { hsts } = written;
  const named: readonly (readonly [string, string | undefined])[] = [
    ["X-Content-Type-Options", written.contentTypeOptions],
    ["X-Frame-Options", written.frameOptions?.toUpperCase()],
    ["Referrer-Policy", written.referrerPolicy],
    ["Content-Security-Policy", written.contentSecurityPolicy],
    ["Permissions-Policy", written.permissionsPolicy],
    ["Cross-Origin-Opener-Policy", written.crossOriginOpenerPolicy],
    ["Cross-Origin-Resource-Policy", written.crossOriginResourcePolicy],
    ["Cross-Origin-Embedder-Policy", written.crossOriginEmbedderPolicy],
  ];
  const age = hsts === undefined ? "" : `max-age=${Math.floor(hsts.maxAge / 1000)}`;
  const flags = `${hsts?.includeSubDomains === true ? "; includeSubDomains" : ""}${hsts?.preload === true ? "; preload" : ""}`;
  return {
    hsts: hsts === undefined ? null : age + flags,
    fields: named.flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])),
  };
}

/** A route's word that there are none, or that there are some, outweighs the default's. */
function resolveWebSocket(own: RouteInput["websocket"], byDefault: Defaults["websocket"]): WebSocketConfig | null {
  if (own === null || (own === undefined && byDefault === null)) return null;
  const { idleTimeout, maxMessage = null, messagesPerSecond = null } = { ...byDefault, ...own };
  return { idleMs: idleTimeout, messageBytes: maxMessage, messagesPerSecond };
}

function resolveErrors(written: Defaults["errors"]): ErrorsConfig {
  const { read } = written;
  return {
    upstream: written.upstream,
    read: read === undefined ? null : { title: read.title ?? null, detail: read.detail ?? null, code: read.code ?? null },
    status: Object.entries(written.status).map(([from, to]) => [Number(from), to] as const),
    typeBase: written.type ?? null,
  };
}

/** The route's word about a field replaces every default edit of that field. */
function mergeEdits(direction: "request" | "response", defaults: Edits, own: Edits, around: RouteSurroundings): HeaderEdits {
  // Most routes edit nothing, and a configuration of ten thousand has twenty thousand such places.
  if (isEmpty(own) && isEmpty(defaults)) return NO_EDITS;
  const named = [...Object.keys(own.set), ...Object.keys(own.add), ...own.remove];
  const decided = new Set(named.map((name) => name.toLowerCase()));
  const isOpen = (name: string) => !decided.has(name.toLowerCase());
  const list = (verb: "set" | "add", edits: Edits, template: RouteSurroundings["template"], isKept: (name: string) => boolean) =>
    Object.entries(edits[verb])
      .filter(([name]) => isKept(name))
      .flatMap(([name, written]) =>
        [written].flat().map((text, index): [string, ValueTemplate] => {
          const path = ["headers", direction, verb, name];
          return [name, template(text, Array.isArray(written) ? [...path, index] : path)];
        }),
      );
  const both = (verb: "set" | "add") => [
    ...list(verb, defaults, around.defaultTemplate, isOpen),
    ...list(verb, own, around.template, () => true),
  ];
  return { set: both("set"), add: both("add"), remove: [...defaults.remove.filter(isOpen), ...own.remove] };
}

const NO_EDITS: HeaderEdits = Object.freeze({ set: [], add: [], remove: [] });

function isEmpty({ set, add, remove }: Edits): boolean {
  if (remove.length > 0) return false;
  for (const name in set) if (name !== "") return false;
  for (const name in add) if (name !== "") return false;
  return true;
}
