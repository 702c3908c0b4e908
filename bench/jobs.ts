// The jobs by name: what is asked, over how many connections, of whom. Who takes part in which job is decided here alone.
import { toRequestPath } from "./contestants/sallyport.ts";
import { tokenFiles } from "./token-files.ts";
import { HUGE_BODY_BYTES, LARGE_BODY, SMALL_BODY } from "./upstream.ts";

export interface Entry {
  readonly contestant: string;
  readonly accessLog: boolean;
  /** Absent: HTTP/1.1 on both sides. */
  readonly wire?: Wire;
}

/** What is spoken in the clear where it is not HTTP/1.1: by the client, and to the upstream. */
export type Wire = "h2-h2" | "h2-h1";

/** Which sides of a contestant speak TLS: none, its listener, or its listener and its upstream. */
export type TlsWay = "plain" | "in" | "both";

export interface SlicedJob {
  readonly name: string;
  readonly title: string;
  readonly path: string;
  /** Asked in turn instead of `path`, which is one of them. */
  readonly paths?: readonly string[];
  readonly body: Uint8Array;
  readonly connections: number;
  readonly headers: readonly string[];
  readonly entries: readonly Entry[];
  readonly tls?: TlsWay;
  /** Each request over a connection and a full handshake of its own. */
  readonly handshakes?: true;
  /** Contestants count in a Redis, on the core of the load. */
  readonly needsRedis?: true;
  /** Its HTTP/2 upstream is the one for large bodies. */
  readonly isBulk?: boolean;
  /** h2load generates the load, so many requests at once on each connection; with `requests` it ends with so many instead of the slice. */
  readonly h2?: { readonly streams: number; readonly requests?: number };
  /** What is asked before and behind the slices, where `path` is too large to compare. */
  readonly probePath?: string;
  /** Of an answer to `path`, where that is not the length of `body`. */
  readonly bodyBytes?: number;
  /** The entry that ratios are to, by label. */
  readonly baseline: string;
}

const RIVALS = ["nginx", "haproxy", "envoy", "caddy"];
const OURS = ["sallyport-bun", "sallyport-node"];
const SPEAK_TLS = ["nginx", "haproxy", ...OURS];
const FLOORS = ["relay-bun", "relay-node"];
const CLIENT_HEADERS = ["User-Agent: bench/1", "Accept: application/json"];

function silent(names: readonly string[]): Entry[] {
  return names.map((contestant) => ({ contestant, accessLog: false }));
}

function logged(names: readonly string[]): Entry[] {
  return names.map((contestant) => ({ contestant, accessLog: true }));
}

function over(wire: Wire, names: readonly string[]): Entry[] {
  return names.map((contestant) => ({ contestant, accessLog: false, wire }));
}

/** How an entry is called in tables: the contestant's name, with `+log` when its access log is on, and with its wire where that is not HTTP/1.1. */
export function toLabel(entry: Entry): string {
  return `${entry.contestant}${entry.accessLog ? "+log" : ""}${entry.wire === undefined ? "" : `+${entry.wire}`}`;
}

export const SLICED_JOBS: readonly SlicedJob[] = [
  {
    name: "small",
    title: `GET of ${SMALL_BODY.length} B JSON over 64 keep-alive connections, access log off`,
    path: "/small",
    body: Buffer.from(SMALL_BODY),
    connections: 64,
    headers: CLIENT_HEADERS,
    entries: silent([...RIVALS, ...FLOORS, ...OURS]),
    baseline: "nginx",
  },
  {
    name: "small-log",
    title: `GET of ${SMALL_BODY.length} B JSON over 64 keep-alive connections, JSON access log into a file; without log beside it`,
    path: "/small",
    body: Buffer.from(SMALL_BODY),
    connections: 64,
    headers: CLIENT_HEADERS,
    entries: [...logged(["nginx", ...OURS]), ...silent(["nginx", ...OURS])],
    baseline: "nginx+log",
  },
  {
    name: "body-1mb",
    title: "GET of 1 MiB over 8 keep-alive connections, access log off",
    path: "/1mb",
    body: LARGE_BODY,
    // Few: a slice ends with as many answers half-way, whose cost counts and which do not.
    connections: 8,
    headers: CLIENT_HEADERS,
    entries: silent(["nginx", "nginx-spool", "nginx-64k", "haproxy", "envoy", "caddy", ...FLOORS, ...OURS]),
    baseline: "nginx",
  },
  {
    name: "churn",
    title: "a new connection for every GET, 64 at a time, access log off",
    path: "/small",
    body: Buffer.from(SMALL_BODY),
    connections: 64,
    headers: [...CLIENT_HEADERS, "Connection: close"],
    // No relay: one upstream connection per client connection is more work than a proxy's pool, not a floor.
    entries: silent([...RIVALS, ...OURS]),
    baseline: "nginx",
  },
  {
    name: "tls",
    title: `TLS 1.3 in, plain out: GET of ${SMALL_BODY.length} B JSON over 64 keep-alive connections, access log off`,
    path: "/small",
    body: Buffer.from(SMALL_BODY),
    connections: 64,
    headers: CLIENT_HEADERS,
    entries: silent(SPEAK_TLS),
    tls: "in",
    baseline: "nginx",
  },
  {
    name: "tls-handshake",
    title: "a full TLS 1.3 handshake (P-256) for every GET, 32 at a time, access log off",
    path: "/small",
    body: Buffer.from(SMALL_BODY),
    connections: 32,
    headers: [...CLIENT_HEADERS, "Connection: close"],
    entries: silent(SPEAK_TLS),
    tls: "in",
    handshakes: true,
    baseline: "nginx",
  },
  {
    name: "tls-tls",
    title: `TLS 1.3 in, TLS 1.3 out, the upstream verified: GET of ${SMALL_BODY.length} B JSON over 64 keep-alive connections, access log off`,
    path: "/small",
    body: Buffer.from(SMALL_BODY),
    connections: 64,
    headers: CLIENT_HEADERS,
    entries: silent(SPEAK_TLS),
    tls: "both",
    baseline: "nginx",
  },
  ...(["h2-h2", "h2-h1"] as const).map((wire) => ({
    name: wire === "h2-h2" ? "h2" : wire,
    title: `HTTP/2 in, ${wire === "h2-h2" ? "HTTP/2 (nginx: grpc_pass)" : "HTTP/1.1"} out: GET of ${SMALL_BODY.length} B JSON, 16 connections of 16 streams`,
    path: "/small",
    body: Buffer.from(SMALL_BODY),
    connections: 16,
    h2: { streams: 16 },
    headers: CLIENT_HEADERS,
    entries: over(wire, SPEAK_TLS),
    baseline: `nginx+${wire}`,
  })),
  {
    name: "h2-bulk",
    title: "GET of 1 GiB, one at a time, over one stream of HTTP/2 on both sides and over HTTP/1.1: a request is a gibibyte",
    path: "/1gb",
    probePath: "/1mb",
    body: LARGE_BODY,
    bodyBytes: HUGE_BODY_BYTES,
    connections: 1,
    h2: { streams: 1, requests: 1 },
    isBulk: true,
    headers: CLIENT_HEADERS,
    entries: [...silent(["haproxy", ...OURS]), ...over("h2-h2", ["haproxy", ...OURS])],
    baseline: "sallyport-bun",
  },
  ...(["bun", "node"] as const).map((runtime) => ({
    name: `identity-${runtime}`,
    title: `GET of ${SMALL_BODY.length} B JSON with one RS256 token for all requests: verified and told to the upstream, and a public route beside it`,
    path: "/small",
    body: Buffer.from(SMALL_BODY),
    connections: 64,
    get headers() {
      return [...CLIENT_HEADERS, `Authorization: Bearer ${tokenFiles().token}`];
    },
    entries: silent([`sallyport-${runtime}`, `sallyport-${runtime}-jwt`]),
    baseline: `sallyport-${runtime}`,
  })),
  ...(["bun", "node"] as const).map((runtime) => ({
    name: `limits-${runtime}`,
    title: `GET of ${SMALL_BODY.length} B JSON under one limit, counted in the process, approximately and exactly in Redis; the same without a limit beside it`,
    path: "/small",
    body: Buffer.from(SMALL_BODY),
    connections: 64,
    headers: CLIENT_HEADERS,
    entries: silent(["", "-limit-local", "-limit-approximate", "-limit-exact"].map((variant) => `sallyport-${runtime}${variant}`)),
    needsRedis: true as const,
    baseline: `sallyport-${runtime}`,
  })),
  ...(["bun", "node"] as const).map((runtime) => ({
    name: `routes-${runtime}`,
    title: `GET of ${SMALL_BODY.length} B JSON, ten paths in turn, by a gateway of 10,000 routes and by one of the ten`,
    path: toRequestPath(0),
    paths: Array.from({ length: 10 }, (_, index) => toRequestPath(index)),
    body: Buffer.from(SMALL_BODY),
    connections: 64,
    headers: CLIENT_HEADERS,
    entries: silent([`sallyport-${runtime}-10-routes`, `sallyport-${runtime}-10000-routes`]),
    baseline: `sallyport-${runtime}-10-routes`,
  })),
];

export const IDLE_JOB = {
  name: "idle",
  entries: silent(["nginx", "haproxy", ...OURS]),
  connections: 5000,
} as const;

export const STREAMS_JOB = {
  name: "h2-streams",
  entries: over("h2-h2", ["haproxy", ...OURS]),
  connections: 100,
  streams: 100,
} as const;

export const STEADY_JOB = {
  name: "limits-latency",
  path: "/small",
  connections: 64,
  perSecond: 5000,
  /** Each with the one that the others are compared with. */
  fields: (["bun", "node"] as const).map(
    (runtime) => [`sallyport-${runtime}`, silent(["", "-limit-exact"].map((variant) => `sallyport-${runtime}${variant}`))] as const,
  ),
} as const;

export const JOB_NAMES: readonly string[] = [...SLICED_JOBS.map((job) => job.name), IDLE_JOB.name, STREAMS_JOB.name, STEADY_JOB.name];
