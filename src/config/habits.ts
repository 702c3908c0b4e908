// What people write by the habits of other gateways: words that this language spells differently, and a text where it takes a map.
// Only hints come of it; what is right the schema alone decides.

import { type IssuePath, toPathText } from "./issue.ts";

/** Of limits in a window. */
const WINDOW = { max: "limit", requests: "limit", count: "limit", per: "window", period: "window", interval: "window", duration: "window" };

/** By the key whose map they stand in: what is written, and the key that is meant. */
const WORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  redirect: { url: "to", target: "to", location: "to", path: "to", host: "to", code: "status", statusCode: "status" },
  respond: { code: "status", statusCode: "status", text: "body", content: "body" },
  cors: {
    allowedOrigins: "origins",
    allowOrigins: "origins",
    allowedMethods: "methods",
    allowMethods: "methods",
    allowedHeaders: "headers",
    allowHeaders: "headers",
    exposedHeaders: "exposeHeaders",
  },
  bounds: { header: "head", headers: "head", maxBody: "body", maxConcurrentStreams: "streams" },
  listeners: { http2: "protocols", h2: "protocols", alpn: "protocols" },
  match: { verbs: "methods", domain: "hosts", prefix: "path" },
  routes: { retries: "retry", hosts: "match", path: "match", backend: "upstream", service: "upstream", rateLimit: "rateLimits" },
  upstreams: {
    url: "endpoints",
    urls: "endpoints",
    servers: "endpoints",
    targets: "endpoints",
    hosts: "endpoints",
    http2: "protocol",
    grpc: "protocol",
    healthCheck: "health",
    healthChecks: "health",
  },
  pool: { maxConcurrentStreams: "streams", maxConnections: "connections" },
  active: { grpcService: "grpc", url: "path" },
  fixedWindow: WINDOW,
  slidingWindow: WINDOW,
  slidingWindowLog: WINDOW,
  tokenBucket: { capacity: "burst", size: "burst", limit: "burst", refill: "rate", fillRate: "rate" },
  leakyBucket: { delay: "maxDelay", queue: "maxDelay" },
  concurrency: { max: "limit" },
  quota: { max: "limit", period: "per", window: "per", timezone: "timeZone", tz: "timeZone" },
  websocket: {
    idle: "idleTimeout",
    timeout: "idleTimeout",
    maxPayload: "maxMessage",
    maxMessageSize: "maxMessage",
    rate: "messagesPerSecond",
  },
};

/** By the word that is meant, what else it is called. */
const VALUES: Readonly<Record<string, RegExp>> = {
  h2: /^(?:h2c|http2|http\/2(?:\.0)?|grpcs?)$/i,
  "http/1.1": /^(?:h1|http|http1|http\/1|http1\.1)$/i,
};

/** What others write where nobody is asked who calls. */
const NOBODY = /^(?:none|off|false|no|public|anonymous)$/i;

/** What a text in place of a map was probably meant for. */
const MAPS: Readonly<Record<string, (written: string) => string>> = {
  match: (written) => `{ path: ${written} }`,
  redirect: (written) => `{ to: ${written} }`,
  respond: (written) => `{ body: ${written} }`,
  rewrite: (written) => `{ path: ${written} }`,
  versionBy: () => "{ header: X-Api-Version }",
  upstreams: (written) => `{ endpoints: [${written}] }`,
  auth: (written) => `[${written}]`,
  fixedWindow: toWindow,
  slidingWindow: toWindow,
  slidingWindowLog: toWindow,
  tokenBucket: (written) => `{ rate: ${written}, burst: 10 }`,
  leakyBucket: (written) => `{ rate: ${written}, maxDelay: 1s }`,
  concurrency: (written) => `{ limit: ${written} }`,
  // There may be a password in what is written.
  redis: () => '{ url: "${env:REDIS_URL}" }',
};

function toWindow(written: string): string {
  const [, limit, unit] = /^([0-9]+)(?:\/([smhd]))?$/.exec(written) ?? [];
  return `{ limit: ${limit ?? 100}, window: 1${unit ?? "m"} }`;
}

/** The key of `known` that is meant by `key` in the map at `path`. */
export function selectHabitual(path: IssuePath, key: string, known: readonly string[]): string | undefined {
  const words = WORDS[toOwner(path)] ?? {};
  const meant = Object.hasOwn(words, key) ? words[key] : undefined;
  return meant !== undefined && known.includes(meant) ? meant : undefined;
}

/** The word of `known` that is meant by `written`. */
export function selectHabitualValue(written: string, known: readonly string[]): string | undefined {
  return known.find((word) => VALUES[word]?.test(written) === true);
}

/** Why a word that other systems take is none of `known`. */
export function toRefusedHint(written: string, known: readonly string[]): string | undefined {
  if (!known.includes("RS256")) return undefined;
  if (/^none$/i.test(written)) return "a token without a signature is anybody's";
  return /^hs[0-9]+$/i.test(written) ? "none with a shared secret: whoever can check such a token can make one" : undefined;
}

/** How the map at `path` is written, for which `written` came. */
export function toMapHint(path: IssuePath, written: string): string | undefined {
  const owner = toOwner(path);
  if (!Object.hasOwn(MAPS, owner) || !/^[^\s${}]{1,80}$/.test(written)) return undefined;
  if (owner === "auth" && NOBODY.test(written)) return "a route for everybody says `public: true` in its place";
  // One key further down is a name of the user's own in `upstreams`, and nothing else here.
  return path.at(-1) === owner || owner === "upstreams" ? `write \`${MAPS[owner]?.(written)}\`` : undefined;
}

/** A route's upstream is a name, since several routes share one. */
export function toReferenceHint(path: IssuePath): string | undefined {
  const owner = path.at(-1);
  if (owner !== "upstream") return undefined;
  return `endpoints stand at the top, under \`upstreams: { NAME: … }\`; here it is \`${toPathText([owner])}: NAME\``;
}

/** The last key that belongs to the language: entries of `routes` and `upstreams` are counted or named by the user. */
function toOwner(path: IssuePath): string {
  const last = path.at(-1);
  const owner = typeof last === "number" || path.at(-2) === "upstreams" ? path.at(-2) : last;
  return owner === undefined ? "" : String(owner);
}
