// What the compiler must refuse of a configuration in TypeScript, and what it must take. Nothing here runs: the type check is the test, and
// an expectation that no error meets is an error itself.

import { defineGateway } from "sallyport";

const listeners = [{ name: "http", address: "127.0.0.1:8080" }];

defineGateway({ version: 1, listeners });

defineGateway({
  version: 1,
  listeners: [{ name: "http", address: "127.0.0.1:8080", rateLimits: ["everybody"] }],
  upstreams: { catalog: { endpoints: ["http://127.0.0.1:3001", { url: "http://127.0.0.1:3002", weight: 2 }] } },
  identities: { users: { jwt: { issuer: "https://a/", audience: "api", jwks: { discovery: true } } } },
  rateLimits: {
    everybody: { key: "global", tokenBucket: { rate: "100/s", burst: 200 } },
    "per-user": { key: ["user", "route"], slidingWindow: { limit: 100, window: "1m" } },
  },
  apis: { orders: { versionBy: { header: "X-Api-Version" }, versions: { "1": { sunset: "2027-01-01" }, "2": {} } } },
  routes: [
    { name: "a", match: { path: "/a/*" }, public: true, upstream: "catalog", rateLimits: ["everybody"] },
    {
      name: "b",
      match: { path: "/b" },
      auth: ["users"],
      authorize: { scopes: ["b"] },
      upstream: "catalog",
      rateLimits: ["per-user", "everybody"],
    },
    { name: "c", match: { path: "/c" }, api: { name: "orders", versions: ["1", "2"] }, public: true, respond: { json: { ok: true } } },
    { name: "d", match: { path: "/d/*" }, public: true, redirect: { to: "/a/*" } },
    { name: "e", match: { path: "/e" }, public: true, split: [{ upstream: "catalog", weight: 100 }] },
  ],
});

defineGateway({
  version: 1,
  listeners,
  upstreams: { catalog: { endpoints: ["http://127.0.0.1:3001"] } },
  routes: [
    // @ts-expect-error there is no upstream catalogue
    { name: "a", match: { path: "/a" }, public: true, upstream: "catalogue" },
    // @ts-expect-error there is none of this name to share the requests with either
    { name: "b", match: { path: "/b" }, public: true, split: [{ upstream: "other", weight: 1 }] },
  ],
});

defineGateway({
  version: 1,
  listeners,
  // @ts-expect-error there are no upstreams at all
  routes: [{ name: "a", match: { path: "/a" }, public: true, upstream: "catalog" }],
});

defineGateway({
  version: 1,
  listeners,
  identities: { users: { apiKey: { header: "X-Key" } } },
  routes: [
    // @ts-expect-error there is no identity partners
    { name: "a", match: { path: "/a" }, auth: ["partners"], respond: {} },
    // @ts-expect-error nor among several
    { name: "b", match: { path: "/b" }, auth: { anyOf: ["users", "partners"] }, respond: {} },
  ],
});

defineGateway({
  version: 1,
  // @ts-expect-error before routing nobody knows who calls
  listeners: [{ name: "http", address: "127.0.0.1:8080", rateLimits: ["per-user"] }],
  identities: { users: { apiKey: { header: "X-Key" } } },
  rateLimits: {
    "per-user": { key: "user", slidingWindow: { limit: 1, window: "1m" } },
    mixed: { key: ["ip", "tenant"], slidingWindow: { limit: 1, window: "1m" } },
    "per-ip": { key: "ip", slidingWindow: { limit: 1, window: "1m" } },
  },
  routes: [
    // @ts-expect-error there is no limit of this name
    { name: "a", match: { path: "/a" }, auth: ["users"], respond: {}, rateLimits: ["per-usr"] },
    // @ts-expect-error it counts by the user, and nobody asks who that is
    { name: "b", match: { path: "/b" }, public: true, respond: {}, rateLimits: ["per-user"] },
    // @ts-expect-error the same for one part of a key
    { name: "c", match: { path: "/c" }, public: true, respond: {}, rateLimits: ["mixed"] },
    // @ts-expect-error scopes are somebody's
    { name: "d", match: { path: "/d" }, public: true, respond: {}, authorize: { scopes: ["x"] } },
    { name: "e", match: { path: "/e" }, public: true, respond: {}, rateLimits: ["per-ip"] },
  ],
});

defineGateway({
  version: 1,
  listeners,
  apis: { orders: { versionBy: { header: "X-Api-Version" }, versions: { "1": {}, "2": {} } } },
  routes: [
    // @ts-expect-error there is no API order
    { name: "a", match: { path: "/a" }, api: { name: "order", versions: ["1"] }, public: true, respond: {} },
    // @ts-expect-error it has no version 3
    { name: "b", match: { path: "/b" }, api: { name: "orders", versions: ["3"] }, public: true, respond: {} },
  ],
});

defineGateway({
  version: 1,
  listeners,
  upstreams: { a: { endpoints: ["http://127.0.0.1:1"] } },
  identities: { users: { apiKey: { header: "X-Key" } } },
  routes: [
    // @ts-expect-error who may use it is not said
    { name: "a", match: { path: "/a" }, upstream: "a" },
    // @ts-expect-error everybody, or those whom an identity knows: not both
    { name: "b", match: { path: "/b" }, public: true, auth: ["users"], upstream: "a" },
    // @ts-expect-error nothing answers
    { name: "c", match: { path: "/c" }, public: true },
    // @ts-expect-error two would
    { name: "d", match: { path: "/d" }, public: true, upstream: "a", redirect: { to: "/a" } },
    // @ts-expect-error a key that means nothing
    { name: "e", match: { path: "/e" }, public: true, upstream: "a", timeOut: "5s" },
  ],
});

defineGateway({
  version: 1,
  gateway: { workers: 4, drain: "30s", watch: false, stateDir: "state" },
  admin: { address: "0.0.0.0:9901", token: "${env:ADMIN_TOKEN}", hosts: ["gw.internal"] },
  acme: { directory: "https://acme.example/directory", challenge: "tls-alpn-01" },
  listeners: [
    {
      name: "https",
      address: "127.0.0.1:8443",
      reusePort: true,
      proxyProtocol: { from: ["10.0.0.0/8"] },
      tls: {
        certificates: [
          { cert: "a.pem", key: "a.key", clientAuth: { ca: "ca.pem", crl: ["a.crl", "b.crl"], mode: "required" } },
          { acme: { names: ["www.example.com"] }, clientAuth: { ca: "ca.pem", crl: "a.crl", mode: "optional" } },
          // @ts-expect-error files or an authority, not both
          { cert: "a.pem", key: "a.key", acme: { names: ["www.example.com"] } },
          // @ts-expect-error a certificate without its key
          { cert: "a.pem" },
          // @ts-expect-error nothing at all
          {},
        ],
      },
    },
    {
      name: "old",
      address: "127.0.0.1:8444",
      // @ts-expect-error a version is text, and one of two
      tls: { minVersion: "1.1", certificates: [{ cert: "a.pem", key: "a.key" }] },
    },
  ],
  upstreams: {
    a: { endpoints: ["https://a.internal"], tls: { ca: "ca.pem", serverName: "b.internal", minVersion: "1.3" }, proxyProtocol: "v2" },
    // @ts-expect-error there are two versions
    b: { endpoints: ["https://b.internal"], proxyProtocol: "v3" },
  },
});

const jwt = { issuer: "https://a.example.com/", audience: "api", jwks: { discovery: true } } as const;

defineGateway({
  version: 1,
  gateway: { stateDir: "state", sealKeys: ["${env:SEAL_KEY}"] },
  listeners: [{ name: "http", address: "127.0.0.1:8080", publishKeys: true }],
  internalKeys: { algorithm: "ES256", rotateEvery: "12h", overlap: "30m" },
  database: { postgres: { url: "${env:DATABASE_URL}" } },
  identities: {
    users: { jwt: { ...jwt, algorithms: ["RS256", "EdDSA"], token: { cookie: "token" }, principal: { id: ["email", "sub"] } } },
    keys: { apiKey: { query: "key", trustWithoutStore: "5m" } },
    web: { session: { issuer: "https://a.example.com/", clientId: "web", store: "database", login: "refuse" } },
    staff: { basic: { users: { alice: { password: "${env:ALICE}", roles: ["admin"] } } } },
    signed: { hmac: { keys: { k1: { algorithm: "ed25519", publicKey: "k1.pem" } }, nonce: "required" } },
    outside: { external: { url: "https://b.example.com/check", sendHeaders: ["X-Token"], cacheFor: "off" } },
    inner: { internal: { trust: [{ issuer: "sallyport:edge", jwks: { file: "keys.json" } }], audience: "inner" } },
    // @ts-expect-error no algorithm with a shared secret
    shared: { jwt: { ...jwt, algorithms: ["HS256"] } },
    // @ts-expect-error a key stands in one place
    twice: { apiKey: { header: "X-Key", query: "key" } },
    // @ts-expect-error and in one at least
    nowhere: { apiKey: {} },
    // @ts-expect-error one kind each
    both: { mtls: {}, apiKey: { header: "X-Key" } },
    // @ts-expect-error whom tokens must be for is not said
    unbound: { jwt: { issuer: "https://a.example.com/", jwks: { discovery: true } } },
  },
  upstreams: { a: { endpoints: ["http://127.0.0.1:1"], internalToken: { audience: "a", ttl: "30s", deadline: true } } },
  routes: [
    {
      name: "a",
      match: { path: "/a" },
      auth: { anyOf: ["users", "keys"], optional: true },
      authorize: {
        scopes: ["a"],
        claims: { tid: ["x", "y"], verified: true, sub: "present" },
        times: [{ days: ["mon"], start: "08:00", end: "18:00", zone: "Europe/Berlin" }],
        anyOf: [{ roles: ["a"] }, { not: { from: ["10.0.0.0/8"] } }],
        cedar: { policies: ["a.cedar"] },
        opa: { url: "http://127.0.0.1:8181/v1/data/a", cacheFor: "5s" },
      },
      forwardCredential: true,
      upstream: "a",
    },
    // @ts-expect-error a day has three letters
    { name: "b", match: { path: "/b" }, auth: ["users"], authorize: { times: [{ days: ["monday"] }] }, upstream: "a" },
    // @ts-expect-error nobody's credential was judged
    { name: "c", match: { path: "/c" }, public: true, forwardCredential: true, upstream: "a" },
  ],
});

defineGateway({
  version: 1,
  gateway: { stateDir: "state", loadShedding: { minimum: 10, tolerance: 1.5 } },
  counters: { redis: { sentinel: { master: "counts", nodes: ["redis://10.0.0.1:26379"] }, timeout: "20ms" } },
  listeners: [
    // @ts-expect-error before routing nobody knows which route it will be
    { name: "a", address: "127.0.0.1:8080", rateLimits: ["per-route"] },
    // @ts-expect-error there is no limit of this name, with a cost either
    { name: "b", address: "127.0.0.1:8081", rateLimits: [{ limit: "per-app", cost: 2 }] },
    { name: "c", address: "127.0.0.1:8082", rateLimits: [{ limit: "per-device", cost: 2 }] },
  ],
  identities: { keys: { apiKey: { header: "X-Key" } } },
  rateLimits: {
    "per-route": { key: ["ip", "route"], tokenBucket: { rate: "10/m", burst: 5 } },
    "per-device": { key: [{ header: "X-Device" }, { ip: { v4: 24 } }], slidingWindowLog: { limit: 5, window: "1s" }, dryRun: true },
    "per-org": { key: { claim: "org.id" }, leakyBucket: { rate: "10/s", maxDelay: "1s" } },
    "per-plan": { key: ["plan"], quota: { limit: 10, per: "hour", warnAt: ["80%", "95%"] }, onStoreFailure: "open" },
    tiered: { key: "ip", concurrency: { limit: 5 }, tiers: { by: { claim: "tier" }, of: { gold: { limit: 50 } } } },
    exempting: { key: "ip", fixedWindow: { limit: 5, window: "1m" }, exempt: { from: ["10.0.0.0/8"], roles: ["admin"] } },
    inside: { key: "ip", fixedWindow: { limit: 5, window: "1m" }, exempt: { from: ["10.0.0.0/8"] } },
    costly: { key: "ip", slidingWindow: { limit: 5, window: "1m" }, cost: { responseHeader: "X-Cost" } },
  },
  upstreams: { a: { endpoints: ["http://127.0.0.1:3001"], loadShedding: { maximum: 50 } } },
  routes: [
    {
      name: "a",
      match: { path: "/a" },
      auth: ["keys"],
      upstream: "a",
      rateLimits: ["per-route", { limit: "per-org", cost: 2 }, "per-plan", "tiered", "exempting", "inside", "costly"],
      priority: "critical",
    },
    { name: "b", match: { path: "/b" }, public: true, upstream: "a", rateLimits: ["per-route", { limit: "inside", cost: 2 }] },
    // @ts-expect-error it counts by a claim, and nobody asks who calls
    { name: "c", match: { path: "/c" }, public: true, upstream: "a", rateLimits: ["per-org"] },
    // @ts-expect-error the same for a plan, with a cost
    { name: "d", match: { path: "/d" }, public: true, upstream: "a", rateLimits: [{ limit: "per-plan", cost: 1 }] },
    // @ts-expect-error the same for its tiers
    { name: "e", match: { path: "/e" }, public: true, upstream: "a", rateLimits: ["tiered"] },
    // @ts-expect-error and for whom it exempts
    { name: "f", match: { path: "/f" }, public: true, upstream: "a", rateLimits: ["exempting"] },
    // @ts-expect-error there is no limit of this name
    { name: "g", match: { path: "/g" }, auth: ["keys"], upstream: "a", rateLimits: [{ limit: "per-orga" }] },
    // @ts-expect-error nor such a priority
    { name: "h", match: { path: "/h" }, public: true, upstream: "a", priority: "urgent" },
  ],
});
