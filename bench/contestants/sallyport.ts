// Sallyport as a user starts it, through its launcher, with one worker: contestants share one core. What the launcher and the supervisor
// take of memory and CPU counts too, as part of the tree.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { redisOfBench } from "../redis-of-bench.ts";
import { TLS_NAME } from "../tls-files.ts";
import { TOKEN_AUDIENCE, TOKEN_ISSUER, tokenFiles } from "../token-files.ts";
import type { Contestant, TlsSetting } from "./contestant.ts";
import { findRuntime, type Runtime } from "./runtimes.ts";

const LAUNCHER = new URL("../../bin/sallyport.mjs", import.meta.url).pathname;

const IDENTITIES = `identities:
  users:
    jwt:
      issuer: ${TOKEN_ISSUER}
      audience: ${TOKEN_AUDIENCE}
      jwks: { file: keys.json }
      headers: { X-User-Id: sub, X-Tenant-Id: tid, X-User-Roles: roles }
`;

/** How requests are limited: in the process, or in the benchmark's Redis. None of these limits is ever reached. */
const LIMIT = "key: ip, slidingWindow: { limit: 1000000000, window: 1m }";
const LIMITED = {
  local: `rateLimits: { one: { ${LIMIT} } }`,
  exact: `rateLimits: { one: { ${LIMIT}, store: redis, onStoreFailure: closed } }`,
  approximate: `rateLimits: { one: { ${LIMIT}, store: redis, mode: approximate, onStoreFailure: closed } }`,
} as const;
export type Limited = keyof typeof LIMITED;

export interface Variant {
  readonly routes?: number;
  readonly access?: "public" | "jwt";
  readonly limited?: Limited;
}

/** With `routes` it has so many: a third static, a third with a parameter, a third prefixes, as large gateways mix them. */
export function sallyport(runtime: Runtime, { routes = 1, access = "public", limited }: Variant = {}): Contestant {
  const variant = `${routes === 1 ? "" : `-${routes}-routes`}${access === "jwt" ? "-jwt" : ""}${limited === undefined ? "" : `-limit-${limited}`}`;
  return {
    name: `sallyport-${runtime}${variant}`,
    prepare({ folder, port, adminPort, upstreamPort, accessLog, wire, tls }) {
      if (!existsSync(LAUNCHER)) return new Error("there is no bin/sallyport.mjs yet");
      const program = findRuntime(runtime);
      if (program instanceof Error) return program;
      const node = findRuntime("node");
      const redisPort = redisOfBench();
      if (redisPort === null && limited !== undefined && limited !== "local") return new Error("the benchmark has no Redis");
      const config = join(folder, "gateway.yaml");
      if (access === "jwt") writeFileSync(join(folder, "keys.json"), tokenFiles().keySet);
      writeFileSync(
        config,
        `version: 1
gateway: { name: bench, kind: edge, workers: 1, watch: false }
admin: { address: 127.0.0.1:${adminPort} }
listeners:
  - { name: http, address: 127.0.0.1:${port}${wire === null ? "" : ", protocols: [h2, http/1.1]"}${toListenerTls(tls)} }
upstreams:
  service:
    endpoints: [${tls?.upstream ? "https" : "http"}://127.0.0.1:${upstreamPort}]
${tls?.upstream ? `    tls: { ca: ${tls.files.ca}, serverName: ${TLS_NAME} }\n` : ""}${wire === "h2-h2" ? "    protocol: h2\n" : ""}    pool: { connections: 256, pending: 1024 }
${access === "jwt" ? IDENTITIES : ""}${redisPort === null ? "" : `counters: { redis: { url: "redis://127.0.0.1:${redisPort}", timeout: 1s } }\n`}${limited === undefined ? "" : `${LIMITED[limited]}\n`}routes:
${toRoutes(routes, access, limited !== undefined)}
telemetry:
  accessLog: ${accessLog ? "{ to: stdout, format: json }" : "off"}
`,
      );
      return {
        file: node instanceof Error ? process.execPath : node,
        args: [LAUNCHER, "start", config],
        env: { SALLYPORT_RUNTIME: runtime },
      };
    },
  };
}

function toListenerTls(tls: TlsSetting | null): string {
  return tls === null ? "" : `, tls: { certificates: [{ cert: ${tls.files.cert}, key: ${tls.files.key} }] }`;
}

/** A path that route `index` of many takes; every one is another. */
export function toRequestPath(index: number): string {
  return toPattern(index).replace(":id", "4711").replace("*", "a/b");
}

function toPattern(index: number): string {
  const team = `/team-${index % 100}`;
  return [`${team}/static/page-${index}`, `${team}/service-${index}/items/:id`, `${team}/prefix-${index}/*`][index % 3] ?? "/";
}

function toRoutes(count: number, access: "public" | "jwt", isLimited: boolean): string {
  const who = access === "jwt" ? "auth: [users]" : "public: true";
  if (count === 1) return `  - { name: all, match: { path: /* }, ${who}${isLimited ? ", rateLimits: [one]" : ""}, upstream: service }`;
  // All are answered alike: the upstream knows one path.
  const route = (index: number) =>
    `  - { name: r${index}, match: { path: ${toPattern(index)}, methods: [GET] }, public: true, upstream: service, rewrite: { path: /small } }`;
  return Array.from({ length: count }, (_, index) => route(index)).join("\n");
}
