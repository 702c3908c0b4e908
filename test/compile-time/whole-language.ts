// The whole language in TypeScript, with the parts that are not built: the example of the language, key for key. The type check is one
// test; that it says the same as the example in YAML is another (test/architecture/whole-language.test.ts).

import { defineGateway } from "sallyport";

export default defineGateway({
  version: 1,
  gateway: {
    name: "public-edge",
    kind: "edge",
    workers: "auto",
    stateDir: "./state",
    identityHeaders: ["X-User-Id", "X-User-Roles", "X-Tenant-Id"],
    include: ["teams/*.yaml"],
  },
  defaults: {
    timeout: "10s",
    paths: { encodedSlash: "reject", backslash: "reject", duplicateSlashes: "keep", dotSegments: "resolve" },
    headers: { response: { remove: ["Server", "X-Powered-By"] } },
  },
  admin: { address: "127.0.0.1:9901" },
  counters: { redis: { url: "redis://127.0.0.1:6379", timeout: "50ms" } },
  database: { sqlite: { path: "./state/sallyport.db" } },
  listeners: [
    {
      name: "http",
      address: "127.0.0.1:8080",
      protocols: ["h2", "http/1.1"],
      trustedProxies: ["127.0.0.0/8"],
      bounds: {
        line: "8KiB",
        head: "32KiB",
        fields: 100,
        body: "10MiB",
        headTimeout: "10s",
        idleTimeout: "60s",
        minBodyRate: "256B/s",
        connectionsPerIp: 1000,
        streams: 128,
      },
      rateLimits: ["everything"],
    },
    {
      name: "https",
      address: "127.0.0.1:8443",
      protocols: ["h2", "http/1.1"],
      tls: {
        minVersion: "1.2",
        certificates: [
          { cert: "certs/api.pem", key: "certs/api.key" },
          { cert: "certs/services.pem", key: "certs/services.key", clientAuth: { ca: "certs/services-ca.pem", mode: "required" } },
        ],
      },
    },
  ],
  identities: {
    users: {
      jwt: {
        issuer: "https://auth.example.com/",
        audience: "api.example.com",
        jwks: { url: "https://auth.example.com/.well-known/jwks.json", cacheFor: "5m", gracePeriod: "1h" },
        headers: { "X-User-Id": "sub", "X-Tenant-Id": "tid", "X-User-Roles": "roles" },
      },
    },
    opaque: {
      introspection: {
        url: "https://auth.example.com/introspect",
        clientId: "gw",
        clientSecret: "${env:INTROSPECT_SECRET}",
        cacheFor: "30s",
      },
    },
    partners: { apiKey: { header: "X-Api-Key" } },
    services: { mtls: { headers: { "X-User-Id": "spiffe" } } },
    web: {
      session: {
        issuer: "https://auth.example.com/",
        clientId: "web",
        clientSecret: "${file:/run/secrets/oidc}",
        scopes: ["openid", "profile"],
        cookie: "__Host-sid",
      },
    },
  },
  rateLimits: {
    everything: { key: "global", tokenBucket: { rate: "20000/s", burst: 40000 }, store: "local" },
    "per-ip": { key: "ip", tokenBucket: { rate: "50/s", burst: 100 }, store: "local" },
    "per-user": { key: "user", slidingWindow: { limit: 100, window: "1m" }, store: "redis", mode: "exact", onStoreFailure: "open" },
    login: { key: ["ip", "route"], fixedWindow: { limit: 5, window: "1m" }, store: "redis", mode: "exact", onStoreFailure: "closed" },
    "per-tenant": {
      key: "tenant",
      slidingWindow: { limit: 100000, window: "1m" },
      store: "redis",
      mode: "approximate",
      onStoreFailure: "local",
    },
    monthly: { key: "apiKey", quota: { limit: 1000000, per: "month" }, store: "database", onStoreFailure: "open" },
  },
  upstreams: {
    catalog: {
      endpoints: ["http://127.0.0.1:3001", { url: "http://127.0.0.1:3002", weight: 2 }],
      balance: "leastRequest",
      timeouts: { connect: "250ms", firstByte: "2s", betweenBytes: "10s", idle: "60s" },
      pool: { connections: 64, pending: 128 },
      breaker: { consecutiveFailures: 5, errorRate: "50%", window: "10s", minimumRequests: 20, cooldown: "30s" },
      health: { active: { path: "/healthz", interval: "5s" }, passive: { consecutive5xx: 5, ejectFor: "30s", maxEjected: "50%" } },
    },
    orders: {
      endpoints: ["https://orders.internal:8443"],
      tls: { ca: "certs/internal-ca.pem", cert: "certs/gw.pem", key: "certs/gw.key" },
      internalToken: { audience: "orders", ttl: "60s" },
    },
    ledger: {
      endpoints: ["http://127.0.0.1:50051"],
      protocol: "h2",
      pool: { streams: 100 },
      health: { active: { grpc: { service: "ledger.v1.Ledger" } } },
    },
  },
  routes: [
    {
      name: "products",
      match: { path: "/api/products/*", methods: ["GET"] },
      public: true,
      upstream: "catalog",
      rewrite: { stripPrefix: "/api" },
      hedge: { after: "p95", budget: "5%" },
    },
    {
      name: "orders",
      match: { hosts: ["api.example.com"], path: "/api/orders/*", headers: { "X-Api-Version": "2" }, query: { preview: "absent" } },
      auth: { anyOf: ["users", "partners"] },
      authorize: { scopes: ["orders"] },
      rateLimits: ["per-user", "per-tenant"],
      timeout: "8s",
      bounds: { body: "1MiB" },
      cors: { origins: ["https://shop.example.com"], credentials: true, maxAge: "10m" },
      retry: { attempts: 2, when: ["connect", "reset", 503], backoff: { base: "25ms", max: "250ms" }, perTry: "3s", budget: "20%" },
      headers: { request: { set: { "X-Edge": "1" }, remove: ["X-Debug"] }, response: { set: { "Cache-Control": "no-store" } } },
      upstream: "orders",
    },
    { name: "whoami", match: { path: "/me" }, auth: { anyOf: ["web", "users"], optional: true }, upstream: "catalog" },
    { name: "payments", match: { hosts: ["services.example.com"], path: "/ledger.v1.Ledger/*" }, auth: ["services"], upstream: "ledger" },
    { name: "old-api", match: { path: "/v1/*" }, public: true, redirect: { to: "/v2/*", status: 308 } },
    {
      name: "search",
      match: { path: "/search" },
      public: true,
      split: [
        { upstream: "catalog", weight: 95 },
        { upstream: "orders", weight: 5 },
      ],
    },
  ],
  telemetry: {
    accessLog: { to: "stdout", format: "json" },
    tracing: { otlp: { url: "http://127.0.0.1:4318" }, sample: "1%", propagate: ["w3c", "b3"] },
  },
});
