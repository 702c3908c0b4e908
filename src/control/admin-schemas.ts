// JSON Schema (2020-12) of what the admin address answers. Types of the same things stand in control-plane.ts; a test sends every page's
// answer through these.

const TEXT = { type: "string" } as const;
const TIME = { type: "string", format: "date-time" } as const;
const COUNT = { type: "integer", minimum: 0 } as const;
const FLAG = { type: "boolean" } as const;
const TEXTS = { type: "array", items: TEXT } as const;
const OPEN = { type: "object" } as const;

type Schema = Readonly<Record<string, unknown>>;

const LAST_RELOAD = orNull(map({ at: TIME, cause: TEXT, outcome: oneOf("applied", "unchanged", "refused", "impossible") }));
const WORKER = map({
  slot: COUNT,
  pid: COUNT,
  state: oneOf("starting", "serving", "draining"),
  startedAt: TIME,
  crashes: COUNT,
  connections: COUNT,
  generations: TEXTS,
  storesAway: list(map({ name: TEXT, reason: TEXT })),
});
const CERTIFICATE = map({ usedBy: TEXT, names: TEXTS, notAfter: orNull(TIME), fingerprint: TEXT });
const ENDPOINT = map({ address: TEXT, weight: { type: "number" }, healthy: orNull(FLAG) });
const UPSTREAM = map({
  name: TEXT,
  protocol: oneOf("http/1.1", "h2"),
  endpoints: list(ENDPOINT),
  open: COUNT,
  idle: COUNT,
  pending: COUNT,
  streams: COUNT,
});
const ISSUE = map(
  { code: TEXT, severity: oneOf("error", "warning"), file: TEXT, line: COUNT, column: COUNT, path: TEXT, message: TEXT },
  { hint: TEXT },
);
const GENERATION = { generation: TEXT, previousGeneration: orNull(TEXT), isRolledBack: FLAG, isDegraded: FLAG, lastReload: LAST_RELOAD };
const API_KEY = map({
  id: TEXT,
  prefix: TEXT,
  state: oneOf("good", "expired", "revoked"),
  identity: TEXT,
  owner: TEXT,
  tenant: orNull(TEXT),
  roles: TEXTS,
  scopes: TEXTS,
  plan: orNull(TEXT),
  note: orNull(TEXT),
  createdAt: TIME,
  expiresAt: orNull(TIME),
  revokedAt: orNull(TIME),
  replacedBy: orNull(TEXT),
});
const QUOTA = map({ limit: TEXT, key: TEXT, period: TEXT, used: COUNT, units: COUNT, remaining: COUNT, endsAt: TIME, updatedAt: TIME });
const LISTENER = map({ name: TEXT, address: TEXT });
const IDENTITY = map({ name: TEXT, kind: TEXT });
const RATE_LIMIT = map({
  name: TEXT,
  counts: TEXT,
  key: TEXTS,
  store: oneOf("local", "redis", "database"),
  mode: orNull(oneOf("exact", "approximate")),
  onStoreFailure: orNull(oneOf("open", "closed", "local")),
  dryRun: FLAG,
});
const ROUTE = map({
  name: TEXT,
  team: orNull(TEXT),
  public: FLAG,
  identities: TEXTS,
  rateLimits: TEXTS,
  action: TEXT,
  upstream: orNull(TEXT),
  hosts: TEXTS,
  paths: TEXTS,
  methods: TEXTS,
});

export const ADMIN_SCHEMAS: Readonly<Record<string, Schema>> = {
  Health: map({ status: oneOf("ok", "ready", "unready", "starting", "draining"), generation: TEXT }),
  Config: map({
    generation: TEXT,
    startedAt: TIME,
    version: orNull(TEXT),
    gateway: map({ name: TEXT, kind: TEXT }),
    degraded: FLAG,
    teams: list(map({ name: orNull(TEXT), state: oneOf("good", "kept", "missing") })),
    listeners: list(LISTENER),
    identities: list(IDENTITY),
    rateLimits: list(RATE_LIMIT),
    routes: list(ROUTE),
  }),
  GatewayStatus: map({
    name: TEXT,
    version: orNull(TEXT),
    runtime: TEXT,
    pid: COUNT,
    startedAt: TIME,
    state: oneOf("starting", "serving", "draining"),
    ...GENERATION,
    workers: list(WORKER),
    certificates: list(CERTIFICATE),
  }),
  Workers: map({ workers: list(WORKER) }),
  Upstreams: map({ upstreams: list(UPSTREAM) }),
  Generation: map(GENERATION),
  Certificates: map({ certificates: list(CERTIFICATE) }),
  ReloadOutcome: map({ outcome: oneOf("applied", "unchanged"), generation: TEXT, issues: list(ISSUE) }),
  ApiKey: API_KEY,
  ApiKeys: map({ keys: list(API_KEY) }),
  IssuedKey: map({ key: TEXT, record: API_KEY, replaces: orNull(API_KEY) }),
  NewApiKey: map(
    { owner: TEXT },
    {
      identity: orNull(TEXT),
      tenant: orNull(TEXT),
      roles: orNull(TEXTS),
      scopes: orNull(TEXTS),
      plan: orNull(TEXT),
      note: orNull(TEXT),
      expires: { ...orNull(TEXT), description: "A time such as `2027-01-31T12:00:00Z`, or a duration such as `90d`; never when left out." },
    },
  ),
  KeyRotation: map({}, { overlap: { ...orNull(TEXT), description: "How long both keys are good: `24h` when left out." } }),
  Quotas: map({ quotas: list(QUOTA) }),
  QuotaReset: map({ limit: TEXT, key: orNull(TEXT), count: COUNT }),
  NewQuotaReset: map(
    { limit: TEXT },
    {
      key: { ...TEXT, description: "A key as `GET /quotas` has it. Either this or `allKeys`." },
      allKeys: { const: true, description: "The counters of every key." },
    },
  ),
  Jwks: map({ keys: list(OPEN) }),
  Endpoints: map({ endpoints: list(map({ method: oneOf("GET", "POST"), path: TEXT, summary: TEXT })) }),
  OpenApi: OPEN,
};

/** RFC 9457. `issues` and `generation` stand behind a refused change. */
export const PROBLEM_SCHEMA: Schema = map(
  { type: TEXT, title: TEXT, status: COUNT, code: TEXT, requestId: TEXT },
  { detail: TEXT, generation: TEXT, issues: list(ISSUE) },
);

function map(required: Readonly<Record<string, Schema>>, optional: Readonly<Record<string, Schema>> = {}): Schema {
  return { type: "object", required: Object.keys(required), properties: { ...required, ...optional }, additionalProperties: false };
}

function list(items: Schema): Schema {
  return { type: "array", items };
}

function oneOf(...values: readonly string[]): Schema {
  return { enum: values };
}

function orNull(schema: Schema): Schema {
  return { anyOf: [schema, { type: "null" }] };
}
