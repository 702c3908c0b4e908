// One connection, or a cluster's, by the library: found, secured and logged in by it. It lives until its first failure; who comes after is a
// new one (redis-link.ts), so that nothing of a broken state outlives it.

import { createClient, createCluster, createSentinel } from "@redis/client";
import type { RedisLinkConfig } from "./link.ts";

export interface RedisClient {
  connect(): Promise<unknown>;
  /** A command whose first key is `key`. Commands for one key are carried out in the order in which they were sent. */
  send(key: string, words: string[]): Promise<unknown>;
  /** At once: nothing that is under way is answered. */
  destroy(): void;
}

const CONNECT_MS = 900;
/** A connection on which nothing came for so long is none, be it that nobody answered the login. Pings keep those that rest alive. */
const SILENCE_MS = 900;
const PING_MS = 300;
/** How soon nodes of a cluster, and sentinels, are tried again while the others serve. */
const NODE_RETRY_MS = 200;
const SENTINEL_SCAN_MS = 1000;
const MOST_REDIRECTIONS = 3;

/** What a URL says, as the library's options. */
interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly username: string | undefined;
  readonly password: string | undefined;
  readonly database: number | undefined;
  readonly isTls: boolean;
}

// The library would take the URL itself, and have it in the messages of its errors.
function readUrl(text: string): Endpoint {
  const url = URL.canParse(text) ? new URL(text) : null;
  const database = url?.pathname.replace(/^\//, "") ?? "";
  if (url === null || !/^rediss?:$/.test(url.protocol) || url.hostname === "" || !/^\d{0,4}$/.test(database)) {
    throw new Error("the URL has none of the forms redis://host:port/database and rediss://host:port/database");
  }
  return {
    host: url.hostname.replace(/^\[(.*)\]$/, "$1"),
    port: Number(url.port || 6379),
    username: url.username === "" ? undefined : decodeURIComponent(url.username),
    password: url.password === "" ? undefined : decodeURIComponent(url.password),
    database: database === "" ? undefined : Number(database),
    isTls: url.protocol === "rediss:",
  };
}

function tlsOf(isTls: boolean, ca: string | null) {
  return isTls ? { tls: true as const, ...(ca === null ? {} : { ca }) } : {};
}

function credentialsOf({ username, password }: Endpoint) {
  return { ...(username === undefined ? {} : { username }), ...(password === undefined ? {} : { password }) };
}

/** Said for every kind of place: time is ours, and a command that can't be sent now is not kept. */
const COMMON = { disableOfflineQueue: true, maintNotifications: "disabled", pingInterval: PING_MS } as const;
const SOCKET = { connectTimeout: CONNECT_MS, socketTimeout: SILENCE_MS } as const;
const NO_TIMEOUT = { timeout: 0 };

/** `onLost`: what it had is gone, though nobody may have asked. Never called after destroy(). Throws where a URL is none. */
export function createRedisClient(config: RedisLinkConfig, onLost: (error: unknown) => void): RedisClient {
  const { place } = config;
  if (place.kind === "single") return createSingle(readUrl(place.url.reveal()), config.ca, onLost);
  const endpoints = place.urls.map((url) => readUrl(url.reveal()));
  if (place.kind === "cluster") return createOfCluster(endpoints, config.ca);
  return createOfSentinels(endpoints, place.master, place.url === null ? null : readUrl(place.url.reveal()), config.ca, onLost);
}

function createSingle(endpoint: Endpoint, ca: string | null, onLost: (error: unknown) => void): RedisClient {
  const { host, port, database, isTls } = endpoint;
  const client = createClient({
    ...COMMON,
    ...credentialsOf(endpoint),
    ...(database === undefined ? {} : { database }),
    commandOptions: NO_TIMEOUT,
    socket: { ...SOCKET, host, port, reconnectStrategy: false, ...tlsOf(isTls, ca) },
  });
  let isDestroyed = false;
  client.on("error", (error: unknown) => {
    if (!isDestroyed) onLost(error);
  });
  return {
    connect: () => client.connect(),
    send: (_key, words) => client.sendCommand(words),
    destroy() {
      isDestroyed = true;
      if (client.isOpen) client.destroy();
    },
  };
}

function createOfCluster(endpoints: readonly Endpoint[], ca: string | null): RedisClient {
  const connection = { ...SOCKET, reconnectStrategy: NODE_RETRY_MS };
  const [first] = endpoints;
  const cluster = createCluster({
    rootNodes: shuffle(endpoints).map(({ host, port }) => ({ socket: { host, port } })),
    defaults: { ...COMMON, ...credentialsOf(first!), socket: { ...connection, ...tlsOf(first!.isTls, ca) } },
    commandOptions: NO_TIMEOUT,
    maxCommandRedirections: MOST_REDIRECTIONS,
    topologyRefreshOnReconnectionAttemptStrategy: NODE_RETRY_MS,
    // A node that hangs keeps nobody from the others.
    minimizeConnections: true,
  });
  // Of single nodes, which may be replicas; what is asked fails by itself.
  cluster.on("error", ignore);
  return {
    connect: () => cluster.connect(),
    send: (key, words) => cluster.sendCommand(key, false, words),
    destroy: () => cluster.destroy(),
  };
}

function createOfSentinels(
  endpoints: readonly Endpoint[],
  name: string,
  server: Endpoint | null,
  ca: string | null,
  onLost: (error: unknown) => void,
): RedisClient {
  const connection = { ...SOCKET, reconnectStrategy: NODE_RETRY_MS };
  const [first] = endpoints;
  const sentinel = createSentinel({
    name,
    sentinelRootNodes: shuffle(endpoints).map(({ host, port }) => ({ host, port })),
    sentinelClientOptions: { ...COMMON, ...credentialsOf(first!), socket: { ...connection, ...tlsOf(first!.isTls, ca) } },
    nodeClientOptions: {
      ...COMMON,
      ...(server === null ? {} : credentialsOf(server)),
      ...(server?.database === undefined ? {} : { database: server.database }),
      socket: { ...connection, ...tlsOf(server?.isTls ?? false, ca) },
    },
    commandOptions: NO_TIMEOUT,
    reserveClient: true,
    maxCommandRediscovers: MOST_REDIRECTIONS,
    scanInterval: SENTINEL_SCAN_MS,
  });
  let isDestroyed = false;
  sentinel.on("error", ignore);
  // The library would rest for a second before it asks who serves now.
  sentinel.on("client-error", ({ type, error }: { readonly type: string; readonly error: unknown }) => {
    if (type === "MASTER" && !isDestroyed) onLost(error);
  });
  return {
    connect: () => sentinel.connect(),
    send: (_key, words) => sentinel.sendCommand(false, words),
    destroy() {
      isDestroyed = true;
      sentinel.destroy().catch(ignore);
    },
  };
}

function ignore(): void {}

/** Another one is asked first each time: the first of the list may be the one that hangs. */
function shuffle<T>(items: readonly T[]): T[] {
  return items
    .map((item) => ({ item, at: Math.random() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}
