import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Secret } from "../../base/index.ts";
import { type AuthorizeConfig, type GatewayConfig, type IdentityConfig, parseConfig, type RouteAuth } from "../../config/index.ts";
import { diffConfigs } from "./index.ts";

const principal = { id: ["sub"], tenant: "tenant", roles: "roles", scopes: "scope" };
const common = { name: "one", headers: [["X-User-Id", "sub"]] as const, principal };
const jwks = { source: { kind: "url", url: "https://a.example.com/keys" } as const, cacheForMs: 1, graceMs: 2, ca: "CA" };
const holder = { tenant: "t", roles: ["r"], scopes: ["s"] };

const IDENTITIES: readonly IdentityConfig[] = [
  {
    ...{ kind: "jwt", ...common, issuer: "i", audiences: ["a", "b"], algorithms: ["RS256", "EdDSA"], jwks, from: { kind: "bearer" } },
    ...{ clockSkewMs: 1, requireExpiry: true, required: ["a", "b"], types: ["a", "b"], cachedTokens: 1 },
  },
  {
    ...{ kind: "introspection", ...common, url: "u", clientId: "c", clientSecret: new Secret("hunter2"), clientAuth: "basic", issuer: "i" },
    ...{ audiences: ["a", "b"], cacheForMs: 1, negativeCacheForMs: 1, timeoutMs: 1, cachedTokens: 1, ca: "CA" },
  },
  { kind: "apiKey", ...common, from: { kind: "header", name: "X-Key" }, trustWithoutStoreMs: 1, cachedKeys: 1 },
  { kind: "mtls", ...common, ids: ["a", "b"] },
  {
    ...{
      kind: "session",
      ...common,
      issuer: "i",
      clientId: "c",
      clientSecret: new Secret("hunter2"),
      scopes: ["openid", "b"],
      cookie: "s",
    },
    ...{ store: "cookie", path: "/a", idleMs: 1, lifetimeMs: 1, hosts: ["a", "b"], afterLogout: "/", redirects: true, ca: "CA" },
  },
  { kind: "basic", ...common, realm: "r", users: [{ name: "alice", password: new Secret("hunter2"), ...holder }] },
  {
    ...{ kind: "hmac", ...common, components: ["a", "b"], maxAgeMs: 1, requireNonce: false },
    keys: [{ id: "k", algorithm: "hmac-sha256", key: new Secret("hunter2"), owner: "o", ...holder }],
  },
  {
    ...{ kind: "external", ...common, url: "u", timeoutMs: 1, sendHeaders: ["a", "b"], cacheForMs: 1, cachedAnswers: 1 },
    ...{ claimHeaders: ["a", "b"], ca: "CA" },
  },
  { kind: "internal", ...common, trust: [{ issuer: "i", jwks }], audiences: ["a", "b"], header: "X-T" },
];

const { config: read } = parseConfig(
  `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
upstreams: { a: { endpoints: [http://127.0.0.1:3001] } }
routes: [{ name: r, match: { path: /* }, public: true, upstream: a }]`,
  "/gateway.yaml",
);
assert.ok(read !== null);
const plain: GatewayConfig = read;

function withIdentity(identity: IdentityConfig): GatewayConfig {
  return { ...plain, identities: [identity] };
}

function withRoute(auth: RouteAuth | null, authorize: AuthorizeConfig | null): GatewayConfig {
  return { ...plain, routes: plain.routes.map((route) => ({ ...route, auth, authorize })) };
}

function say(before: GatewayConfig, after: GatewayConfig): string[] {
  return diffConfigs(before, after).effects.map(({ kind, sentence }) => `${kind}: ${sentence}`);
}

/** Other values of the same type. */
function listOthers(value: unknown): unknown[] {
  if (value instanceof Secret) return [new Secret("hunter2 of another")];
  if (typeof value === "boolean") return [!value];
  if (typeof value === "number") return [value + 1000, 0];
  if (typeof value === "string") return [`${value}-new`];
  if (Array.isArray(value)) {
    const changed = value.flatMap((item, at) => listOthers(item).map((other) => value.with(at, other)));
    return [...value.map((_item, at) => value.toSpliced(at, 1)), value.toReversed(), ...changed].filter(
      (other) => JSON.stringify(other) !== JSON.stringify(value) || value.some((item) => JSON.stringify(item).includes("***")),
    );
  }
  return Object.entries(value as object).flatMap(([key, held]) => {
    if (key === "name" || key === "kind") return [];
    return listOthers(held).map((other) => ({ ...(value as object), [key]: other }));
  });
}

describe("the difference of identities", () => {
  for (const identity of IDENTITIES) {
    it(`says something of each part of one of the kind ${identity.kind}, and never a secret`, () => {
      const before = withIdentity(identity);
      let tried = 0;
      for (const other of listOthers(identity) as IdentityConfig[]) {
        const said = say(before, withIdentity(other));
        // The order of what is only counted says nothing.
        if (said.length === 0) assert.equal(toLetters(other), toLetters(identity), JSON.stringify(other));
        assert.ok(!said.join().includes("hunter2"));
        tried++;
      }
      assert.ok(tried >= 6, `${tried} changes`);
      assert.deepEqual(say(before, withIdentity(structuredCloneOf(identity))), []);
    });
  }

  it("tells what is new, what is gone and what has become another kind", () => {
    const [jwt, introspection] = IDENTITIES;
    assert.ok(jwt !== undefined && introspection !== undefined);
    assert.deepEqual(say(plain, withIdentity(jwt)), ["adds: the identity one is new, of the kind jwt"]);
    assert.deepEqual(say(withIdentity(jwt), plain), ["removes: the identity one is gone"]);
    assert.deepEqual(say(withIdentity(jwt), withIdentity(introspection)), [
      "changes: the identity one is of another kind: jwt becomes introspection",
    ]);
  });

  it("takes more audiences for looser, and a longer skew as well", () => {
    const [jwt] = IDENTITIES;
    assert.ok(jwt?.kind === "jwt");
    assert.deepEqual(say(withIdentity(jwt), withIdentity({ ...jwt, audiences: ["a", "b", "c"], clockSkewMs: 2 })), [
      "loosens: the identity one takes more audiences: c",
      "loosens: the identity one widens its care for clocks that differ: 1ms becomes 2ms",
    ]);
    assert.deepEqual(say(withIdentity(jwt), withIdentity({ ...jwt, required: ["a"] })), [
      "loosens: the identity one no longer asks for the claim b",
    ]);
  });
});

describe("the difference of who may use a route", () => {
  const users = { identities: ["users"], optional: false };
  const rule = { scopes: ["a"], roles: ["x"], claims: [], from: ["10.0.0.0/8"], times: [], anyOf: [], allOf: [], not: null };

  it("is looser where it becomes public, and stricter the other way", () => {
    assert.deepEqual(say(withRoute(users, null), withRoute(null, null)), ["loosens: r becomes public"]);
    assert.deepEqual(say(withRoute(null, null), withRoute(users, null)), ["tightens: r is no longer public: users may use it"]);
  });

  it("is looser with more identities, and where a credential may be left out", () => {
    assert.deepEqual(say(withRoute(users, null), withRoute({ identities: ["users", "keys"], optional: true }, null)), [
      "loosens: r takes more identities: keys",
      "loosens: r lets callers in without a credential",
    ]);
  });

  it("is stricter with a rule, with a scope more, and with a network less", () => {
    const asked = { rule, cedar: null, opa: null };
    assert.deepEqual(say(withRoute(users, null), withRoute(users, asked)), ["tightens: r asks for more than who calls: `authorize`"]);
    const stricter = { ...asked, rule: { ...rule, scopes: ["a", "b"], from: ["10.1.0.0/16"] } };
    assert.deepEqual(
      say(withRoute(users, asked), withRoute(users, stricter)).filter((sentence) => sentence.startsWith("loosens")),
      [],
    );
    assert.ok(say(withRoute(users, asked), withRoute(users, stricter)).includes("tightens: r asks for the scope b"));
    assert.deepEqual(say(withRoute(users, asked), withRoute(users, { ...asked, rule: { ...rule, roles: [] } })), [
      "loosens: r takes any role",
    ]);
  });

  it("says of a new route whom it is for", () => {
    const none = { ...plain, routes: [] };
    assert.match(say(none, withRoute(users, null))[0] ?? "", /^adds: r is new, for users, /);
    assert.equal(diffConfigs(none, withRoute(users, null)).effects[0]?.opens, false);
    assert.equal(diffConfigs(none, withRoute({ ...users, optional: true }, null)).effects[0]?.opens, true);
  });
});

function toLetters(value: unknown): string {
  return [...JSON.stringify(value)].sort().join("");
}

/** Equal and another; structuredClone would lose the secrets. */
function structuredCloneOf<Value>(value: Value): Value {
  if (value instanceof Secret) return new Secret(value.reveal()) as Value;
  if (Array.isArray(value)) return value.map(structuredCloneOf) as Value;
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, structuredCloneOf(held)])) as Value;
}
