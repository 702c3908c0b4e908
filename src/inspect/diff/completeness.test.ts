// No part of a configuration may change unsaid: every leaf of a full one is changed by itself.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { it } from "node:test";
import fc from "fast-check";
import { Secret } from "../../base/index.ts";
import {
  type AcmeConfig,
  type GatewayConfig,
  type ListenerTlsConfig,
  parseConfig,
  type RouteConfig,
  type UpstreamTlsConfig,
} from "../../config/index.ts";
import { diffConfigs } from "./index.ts";

interface Leaf {
  readonly path: string;
  /** The path with every index as `*`, by which leaves of one type are known. */
  readonly shape: string;
  readonly value: unknown;
  /** The same configuration with another value here. */
  put(value: unknown): GatewayConfig;
}

const WORDS: Readonly<Record<string, readonly string[]>> = {
  encodedSlash: ["reject", "keep"],
  duplicateSlashes: ["reject", "merge", "keep"],
  dotSegments: ["reject", "resolve"],
  methodOverride: ["remove", "keep"],
  afterSunset: ["serve", "gone"],
  "errors.upstream": ["problem", "keep"],
  "clientAuth.mode": ["optional", "required"],
  "rateLimits.*.mode": ["exact", "approximate"],
  onStoreFailure: ["closed", "local", "open"],
  store: ["local", "redis", "database"],
  per: ["hour", "day", "month"],
  minVersion: ["TLSv1.2", "TLSv1.3"],
  challenge: ["http-01", "tls-alpn-01"],
  "ask.kind": ["http", "grpc"],
  kind: ["edge", "domain", "bff"],
  "conditions.*.on": ["header", "query", "mediaType"],
  "redirect.query": ["keep", "drop"],
};

const DISCRIMINATOR = /(action|host|rule|cost|by)\.kind$|\.of\.\*\.1\.kind$/;
/** Two that are one entry of a list. */
const PAIR_PLACE = /\.(set|add|fields|status|of)\.\*$/;

/** What there is once, and may be missing. */
const NULLABLE = [
  ...["admin", "admin.token", "admin.tls", "telemetry.accessLog", "gateway.stateDir"],
  ...["counters", "gateway.loadShedding", "counters.ca", "counters.place.url"],
  ...["database", "internalKeys", "acme", "acme.email", "acme.ca", "acme.externalAccount"],
];

const KEY_TEXT = "hunter2 of a key";
const PAIR = { cert: "CERT", certFile: "/a.pem", key: new Secret(KEY_TEXT), keyFile: "/a.key" };
const LISTENER_TLS: ListenerTlsConfig = {
  minVersion: "TLSv1.2",
  certificates: [
    { pair: PAIR, acme: null, clientAuth: null },
    { pair: { ...PAIR, certFile: "/b.pem" }, acme: null, clientAuth: { mode: "required", ca: "CA", caFile: "/ca.pem", crl: ["A", "B"] } },
    { pair: null, acme: { names: ["a.example", "b.example"] }, clientAuth: { mode: "optional", ca: "CA", caFile: "/ca.pem", crl: ["A"] } },
  ],
};
const UPSTREAM_TLS: UpstreamTlsConfig = {
  ...{ ca: "CA", caFile: "/ca.pem", crl: ["A", "B"], serverName: "a.example" },
  ...{ identity: PAIR, minVersion: "TLSv1.3" },
};
const ACME: AcmeConfig = {
  ...{ directory: "https://acme.example/directory", email: "ops@example.com", challenge: "http-01", ca: "CA" },
  ...{ externalAccount: { keyId: "x", hmacKey: new Secret(KEY_TEXT) }, renewBeforeMs: 86_400_000 },
};

const INTERNAL_KEYS = { issuer: "sallyport:edge", algorithm: "EdDSA", rotateEveryMs: 86_400_000, overlapMs: 3_600_000 } as const;
const RULE = { scopes: ["a", "b"], roles: ["x", "y"], claims: [], from: ["10.0.0.0/8"], times: [], anyOf: [], allOf: [], not: null };
/** Identities are in compare-identity.test.ts. */
const ACCESS: Pick<RouteConfig, "auth" | "authorize"> = {
  auth: { identities: ["users", "keys"], optional: false },
  authorize: {
    rule: {
      ...RULE,
      claims: [
        { claim: "tid", oneOf: null },
        { claim: "x", oneOf: ["y", "z"] },
      ],
      not: RULE,
    },
    cedar: { policies: [{ file: "/a.cedar", text: "" }], entities: "[]", schema: "", action: "read" },
    opa: { url: "http://127.0.0.1:8181", timeoutMs: 1000, cacheForMs: 1000, cachedAnswers: 10, sendHeaders: ["X-A", "X-B"], ca: "CA" },
  },
};

const TIER = ["fresh", { kind: "quota", limit: 7, per: "hour", timeZone: "UTC" }] as const;
/** Beside those of the file. */
const LIMIT: GatewayConfig["rateLimits"][number] = {
  name: "tiered",
  key: [{ kind: "claim", name: "org" }],
  rule: { kind: "quota", limit: 100, per: "day", timeZone: "UTC" },
  cost: { kind: "constant", units: 2 },
  tiers: { by: { kind: "claim", name: "tier" }, of: [TIER, ["gold", { kind: "tokenBucket", ratePerMs: 0.5, burst: 2 }]] },
  exempt: { from: ["10.0.0.0/8"], users: ["root", "ada"], roles: ["admin"], plans: ["internal"] },
  ...{ dryRun: false, store: "database", mode: "exact", onStoreFailure: "local", warnAt: [0.5, 0.9] },
};
const SENTINEL = { kind: "sentinel", urls: [new Secret(KEY_TEXT)], master: "m", url: new Secret(KEY_TEXT) } as const;

const NEW_PAIR = ["X-New", ["new"]] as const;
const NEW_ITEMS: Readonly<Record<string, unknown>> = {
  claims: { claim: "new", oneOf: ["new"] },
  times: { days: [1], startMinute: 0, endMinute: 60, zone: "UTC" },
  anyOf: { ...RULE, roles: ["new"] },
  allOf: { ...RULE, roles: ["new"] },
  policies: { file: "/new.cedar", text: "" },
  certificates: { pair: { ...PAIR, certFile: "/new.pem" }, acme: null, clientAuth: null },
  conditions: { on: "header", name: "X-New", absent: false, values: ["new"] },
  key: { kind: "tenant" },
  warnAt: 0.99,
  of: ["new", { kind: "concurrency", limit: 1 }],
  urls: new Secret(KEY_TEXT),
  endpoints: { address: { host: "127.0.0.9", port: 9 }, authority: "127.0.0.9:9", weight: 1 },
  set: NEW_PAIR,
  add: NEW_PAIR,
  fields: ["X-New", "new"],
  status: [499, 400],
};

/** What the file lacks, or has only as null: each must have a value somewhere, so that null can become one. */
function createFullConfig(): GatewayConfig {
  const file = join(import.meta.dirname, "../../config/testdata/full.in.txt");
  const { config, issues } = parseConfig(readFileSync(file, "utf8"), "/gateway.yaml");
  assert.ok(config !== null, JSON.stringify(issues.filter(({ severity }) => severity === "error")));
  const [first, ...routes] = config.routes;
  assert.ok(first !== undefined);
  const { request } = first.headers;
  const secret = [...request.set, ["X-Key", ["Bearer ", new Secret("hunter2")]] as const];
  const match = { ...first.match, conditions: [{ on: "query", name: "a", absent: true, values: ["1", "2"] }] as const };
  const team = { ...first, ...ACCESS, team: "shop", match, headers: { ...first.headers, request: { ...request, set: secret } } };
  const [catalog] = config.upstreams;
  const [listener] = config.listeners;
  assert.ok(catalog !== undefined && listener !== undefined && config.admin !== null);
  const tls = { ...UPSTREAM_TLS, ca: null, caFile: null, serverName: null, identity: null };
  const upstreams = [
    { ...catalog, proxyProtocol: null, tls, internalToken: { audience: "a", ttlMs: 60_000, header: "X-Token", deadline: false } },
    { ...catalog, name: "other", tls: UPSTREAM_TLS, timeouts: { ...catalog.timeouts, betweenBytesMs: 5000 } },
    { ...catalog, name: "clear", tls: null, health: { active: null } },
  ];
  const listeners = [...config.listeners, { ...listener, name: "tls", tls: LISTENER_TLS }];
  const kept = { database: { kind: "sqlite", path: "/a.db" }, internalKeys: INTERNAL_KEYS } as const;
  const { counters } = config;
  assert.ok(counters !== null);
  const limits = { counters: { ...counters, place: SENTINEL, ca: "CA" }, rateLimits: [...config.rateLimits, LIMIT] };
  return {
    ...config,
    ...kept,
    ...limits,
    admin: { ...config.admin, tls: LISTENER_TLS },
    acme: ACME,
    listeners,
    upstreams,
    routes: [team, ...routes],
  };
}

function listLeaves(root: GatewayConfig): Leaf[] {
  const leaves: Leaf[] = [];
  const visit = (value: unknown, path: readonly (string | number)[], put: (value: unknown) => unknown) => {
    const shape = path.map((key) => (typeof key === "number" ? "*" : key)).join(".");
    leaves.push({ path: path.join("."), shape, value, put: (other) => put(other) as GatewayConfig });
    if (Array.isArray(value)) {
      for (const [at, inner] of value.entries()) visit(inner, [...path, at], (other) => put(value.with(at, other)));
    } else if (typeof value === "object" && value !== null && !(value instanceof Secret) && !(value instanceof Uint8Array)) {
      for (const [key, inner] of Object.entries(value)) visit(inner, [...path, key], (other) => put({ ...value, [key]: other }));
    }
  };
  visit(root, [], (value) => value);
  return leaves;
}

/** Values that the leaf could have instead. */
function listOthers({ shape, value }: Leaf, found: ReadonlyMap<string, readonly unknown[]>): unknown[] {
  const last = shape.split(".").at(-1) ?? "";
  const words = Object.entries(WORDS).find(([end]) => `.${shape}`.endsWith(`.${end}`))?.[1];
  const elsewhere = found.get(shape) ?? [];
  const isVoid = (one: unknown) => one === null || one === undefined;
  const voids: unknown[] = isVoid(value) ? [] : elsewhere.filter(isVoid).slice(0, 1);
  if (isVoid(value)) {
    const values: unknown[] = elsewhere.filter((one) => !isVoid(one)).slice(0, 2);
    if (value === undefined && elsewhere.includes(null)) values.push(null);
    return values;
  }
  // What a discriminator discriminates goes with it: the whole is exchanged for one of another kind.
  if (DISCRIMINATOR.test(shape)) return [];
  if (/(\*\.action|rewrite\.host|\.address|accessLog\.to|rateLimits\.\*\.(rule|cost))$/.test(shape)) {
    return [...elsewhere.filter((one) => JSON.stringify(one) !== JSON.stringify(value)), ...voids];
  }
  if (/cors\.(origins|headers)$/.test(shape)) {
    const kinds = elsewhere.filter((one) => Array.isArray(one) !== Array.isArray(value));
    if (value === "*") return kinds.length > 0 ? kinds : [["new"]];
    voids.push(...kinds.slice(0, 1), "*");
  }
  if (typeof value === "string") return [...(words?.filter((word) => word !== value) ?? [`${value}x`]), ...voids];
  if (typeof value === "number") return [value + 1, Math.max(1, value - 1), ...voids].filter((other) => other !== value);
  if (typeof value === "boolean") return [!value, ...voids];
  if (value instanceof Secret) return [new Secret(`${value.reveal()}x`), "told"];
  if (value instanceof Uint8Array) return [new Uint8Array([...value, 33]), value.map((byte) => byte + 1)];
  if (!Array.isArray(value)) return voids;
  const [first] = value;
  const isUse = typeof first === "object" && "limit" in first;
  const more =
    NEW_ITEMS[last] ??
    (isUse ? { limit: "fresh", cost: null } : typeof first === "object" && "name" in first ? { ...first, name: "fresh" } : "new");
  const isPair = PAIR_PLACE.test(shape);
  const fewer = value.map((_item, at) => value.toSpliced(at, 1));
  return isPair ? [] : [[...value, more], ...fewer, ...voids];
}

const count = (before: GatewayConfig, after: GatewayConfig) => {
  const { effects } = diffConfigs(before, after);
  const of = (kind: string) => effects.filter((effect) => effect.kind === kind).length;
  return {
    total: effects.length,
    loosens: of("loosens"),
    tightens: of("tightens"),
    changes: of("changes"),
    adds: of("adds"),
    removes: of("removes"),
    text: JSON.stringify(effects),
  };
};

/** Equal in all parts and the same in none; structuredClone would lose the secrets. */
function copy<Value>(value: Value): Value {
  if (value instanceof Secret) return new Secret(value.reveal()) as Value;
  if (value instanceof Uint8Array) return value.slice() as Value;
  if (Array.isArray(value)) return value.map(copy) as Value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, copy(inner)])) as Value;
}

type Counted = ReturnType<typeof count>;

function isMirrored(there: Counted, back: Counted): boolean {
  const isSwapped = there.loosens === back.tightens && there.tightens === back.loosens && there.changes === back.changes;
  return isSwapped && there.adds === back.removes && there.removes === back.adds;
}

it("says something of every leaf that changes, the opposite of its way back, and never a secret", () => {
  const config = createFullConfig();
  const leaves = listLeaves(config);
  const found = new Map<string, unknown[]>();
  for (const shape of NULLABLE) found.set(shape, [null]);
  for (const { shape, value } of leaves) found.set(shape, [...(found.get(shape) ?? []), value]);
  const [unsaid, lopsided, unchanged]: string[][] = [[], [], []];
  let tried = 0;
  for (const leaf of leaves) {
    const others = listOthers(leaf, found);
    const isLeaf = typeof leaf.value !== "object" || leaf.value === null || Array.isArray(leaf.value);
    // Rules end somewhere.
    const isInnermost = /\.not\.not$/.test(leaf.shape);
    const isDiscriminator = isInnermost || DISCRIMINATOR.test(leaf.shape) || PAIR_PLACE.test(leaf.shape);
    if (others.length === 0 && isLeaf && !isDiscriminator) unchanged?.push(leaf.path);
    for (const other of others) {
      tried++;
      const changed = leaf.put(other);
      const [there, back] = [count(config, changed), count(changed, config)];
      const what = `${leaf.path}: ${JSON.stringify(leaf.value)} becomes ${JSON.stringify(other)}`.slice(0, 300);
      if (there.total === 0) unsaid?.push(what);
      if (!isMirrored(there, back)) lopsided?.push(what);
      assert.equal(`${there.text}${back.text}`.includes("hunter2"), false, what);
    }
  }
  assert.deepEqual({ unsaid, lopsided, unchanged }, { unsaid: [], lopsided: [], unchanged: [] });
  assert.ok(tried > 500, `${tried} changes`);
});

it("says the opposite of the way back of several changes at once, and nothing where they lead nowhere", () => {
  const config = createFullConfig();
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.nat(), fc.nat()), { minLength: 2, maxLength: 6 }), (picks) => {
      let changed = config;
      for (const [which, whither] of picks) {
        const leaves = listLeaves(changed);
        const found = Map.groupBy(leaves, ({ shape }) => shape);
        const leaf = leaves[which % leaves.length];
        assert.ok(leaf !== undefined);
        const others = listOthers(leaf, new Map([...found].map(([shape, all]) => [shape, all.map(({ value }) => value)])));
        if (others.length > 0) changed = leaf.put(others[whither % others.length]);
      }
      const [there, back] = [count(config, changed), count(changed, config)];
      assert.ok(isMirrored(there, back), `${there.text} and back ${back.text}`);
      assert.equal(count(changed, copy(changed)).total, 0);
      assert.equal(`${there.text}${back.text}`.includes("hunter2"), false);
    }),
    { numRuns: 200 },
  );
});

it("says nothing of a configuration that is read twice", () => {
  const { effects, requests, summary } = diffConfigs(createFullConfig(), createFullConfig());
  assert.deepEqual({ effects, requests, summary }, { effects: [], requests: [], summary: [] });
});
