import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes, scryptSync } from "node:crypto";
import { describe, it } from "node:test";
import { type ConfigHost, type GatewayConfig, type IdentityConfig, type Issue, resolveInput } from "./index.ts";

const ROOT = "/etc/sallyport";
const SEAL_KEY = randomBytes(32).toString("base64url");
const LOOPBACK = { discovery: true as const };

interface Parts {
  readonly identities: object;
  readonly auth?: readonly string[];
  readonly gateway?: object;
  readonly rest?: object;
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Readonly<Record<string, string>>;
}

function load({ identities, auth = Object.keys(identities), gateway, rest, env = {}, files = {} }: Parts) {
  const host: ConfigHost = {
    env: { SEAL_KEY, SECRET: randomBytes(12).toString("hex"), ...env },
    nowMs: Date.UTC(2026, 0, 1),
    lastGood: null,
    readFile: (path) => Buffer.from(files[path.replace(`${ROOT}/`, "")] ?? ""),
    listFolder: () => [],
  };
  const value = {
    version: 1,
    gateway: { stateDir: "state", ...gateway },
    listeners: [{ name: "http", address: "127.0.0.1:8080" }],
    identities,
    upstreams: { a: { endpoints: ["http://127.0.0.1:3000"] } },
    routes: [{ name: "r", match: { path: "/*" }, auth, upstream: "a" }],
    ...rest,
  };
  return resolveInput(value, `${ROOT}/gateway.yaml`, host);
}

function codes(issues: readonly Issue[]): string[] {
  return issues.map(({ code }) => code);
}

function configOf(parts: Parts): GatewayConfig {
  const { config, issues } = load(parts);
  assert.deepEqual(issues, []);
  assert.ok(config !== null);
  return config;
}

function identityOf<Kind extends IdentityConfig["kind"]>(kind: Kind, parts: Parts): Extract<IdentityConfig, { kind: Kind }> {
  const found = configOf(parts).identities.find((identity) => identity.kind === kind);
  return found as Extract<IdentityConfig, { kind: Kind }>;
}

function toHash(password: string): string {
  const salt = randomBytes(16);
  const hash = scryptSync(password, salt, 32, { N: 2 ** 15, r: 8, p: 3, maxmem: 2 ** 27 });
  const text = (bytes: Buffer) => bytes.toString("base64").replace(/=+$/, "");
  return `$scrypt$ln=15,r=8,p=3$${text(salt)}$${text(hash)}`;
}

const jwt = (more: object = {}) => ({ jwt: { issuer: "https://a.example.com/", audience: "api", jwks: LOOPBACK, ...more } });
const introspection = { introspection: { url: "https://a.example.com/i", clientId: "gw", clientSecret: `\${env:SECRET}` } };

describe("secrets of identities", () => {
  it("are hidden in what comes of the configuration, and are there for who needs them", () => {
    const hash = toHash(randomBytes(8).toString("hex"));
    const staff = { basic: { users: { alice: { password: `\${env:HASH}`, roles: ["admin"] } } } };
    const basic = identityOf("basic", { identities: { staff }, env: { HASH: hash } });
    assert.equal(basic.realm, "staff");
    assert.deepEqual(basic.principal, { id: ["name"], tenant: "tenant", roles: "roles", scopes: "scopes" });
    assert.equal(basic.users[0]?.password.reveal(), hash);
    assert.ok(!JSON.stringify(basic).includes(hash));
  });

  it("that are written out are refused, and none of it is told", () => {
    const secret = randomBytes(16).toString("hex");
    for (const identities of [
      { a: { introspection: { ...introspection.introspection, clientSecret: secret } } },
      { a: { session: { issuer: "https://a.example.com/", clientId: "w", clientSecret: secret } } },
      { a: { basic: { users: { alice: { password: secret } } } } },
      { a: { hmac: { keys: { k: { algorithm: "hmac-sha256", secret } } } } },
    ]) {
      const { issues } = load({ identities });
      assert.deepEqual(codes(issues), ["SP_CONFIG_LITERAL_SECRET"]);
      assert.ok(!JSON.stringify(issues).includes(secret));
    }
  });

  it("of no use are refused, and none of it is told", () => {
    const weak = randomBytes(8).toString("hex");
    const identities = { a: { hmac: { keys: { k: { algorithm: "hmac-sha256", secret: `\${env:WEAK}` } } } } };
    const { issues } = load({ identities, env: { WEAK: weak } });
    assert.deepEqual(codes(issues), ["SP_CONFIG_CREDENTIAL"]);
    assert.match(issues[0]?.message ?? "", /it has 16 bytes/);
    assert.ok(!JSON.stringify(issues).includes(weak));
  });
});

describe("keys of request signatures", () => {
  const publicKey = generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }).toString();
  const key = (more: object) => ({ a: { hmac: { keys: { k: { algorithm: "ed25519", publicKey: "k.pem", ...more } } } } });

  it("are read from their files", () => {
    const hmac = identityOf("hmac", { identities: key({}), files: { "k.pem": publicKey } });
    assert.equal(hmac.keys[0]?.key.reveal(), publicKey);
    assert.equal(hmac.keys[0]?.owner, "k");
  });

  it("are judged by what the file holds", () => {
    const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 }).publicKey.export({ type: "spki", format: "pem" }).toString();
    assert.deepEqual(codes(load({ identities: key({}), files: { "k.pem": rsa } }).issues), ["SP_CONFIG_CREDENTIAL"]);
  });
});

describe("identities of one route", () => {
  it("are told apart by issuer, by place and by kind", () => {
    const rest = { listeners: [{ name: "http", address: "127.0.0.1:8080" }] };
    const identities = {
      a: jwt(),
      b: jwt({ issuer: "https://b.example.com/" }),
      c: jwt({ token: { header: "X-Token" } }),
      d: jwt({ token: { cookie: "token" } }),
      e: introspection,
      f: { apiKey: { header: "X-Key" } },
      g: { apiKey: { query: "X-Key" } },
    };
    assert.deepEqual(load({ identities, rest }).issues, []);
  });

  for (const [what, identities] of [
    ["tokens of one issuer", { a: jwt(), b: jwt({ audience: "other" }) }],
    ["tokens of one issuer in one header", { a: jwt({ token: { header: "X-T" } }), b: jwt({ token: { header: "x-t" } }) }],
    ["two introspections", { a: introspection, b: introspection }],
    ["keys in one header", { a: { apiKey: { header: "X-Key" } }, b: { apiKey: { header: "x-key" } } }],
    [
      "internal tokens and others in one header",
      {
        a: { internal: { trust: [{ issuer: "https://a.example.com/", jwks: LOOPBACK }], audience: "x" } },
        b: jwt({ token: { header: "X-Internal-Token" } }),
      },
    ],
  ] as const) {
    it(`are refused where nothing tells them apart: ${what}`, () => {
      assert.deepEqual(codes(load({ identities }).issues), ["SP_CONFIG_IDENTITY"]);
    });
  }

  it("may be alike on different routes", () => {
    const route = (name: string) => ({ name, match: { path: `/${name}` }, auth: [name], upstream: "a" });
    const identities = { a: jwt(), b: jwt({ audience: "other" }) };
    assert.deepEqual(load({ identities, rest: { routes: [route("a"), route("b")] } }).issues, []);
  });
});

describe("what must be kept", () => {
  const session = { session: { issuer: "https://a.example.com/", clientId: "web" } };

  it("lies in the database that is named, or in a file of the gateway's folder", () => {
    const identities = { a: { apiKey: { header: "X-Key" } } };
    assert.deepEqual(configOf({ identities }).database, { kind: "sqlite", path: `${ROOT}/state/sallyport.db` });
    const rest = { database: { sqlite: { path: "keys.db" } } };
    assert.deepEqual(configOf({ identities, rest }).database, { kind: "sqlite", path: `${ROOT}/keys.db` });
  });

  it("is nothing where cookies are sealed by keys of the configuration", () => {
    const gateway = { stateDir: undefined, sealKeys: [`\${env:SEAL_KEY}`] };
    const { database, gateway: section } = configOf({ identities: { web: session }, gateway });
    assert.equal(database, null);
    assert.equal(section.sealKeys[0]?.reveal(), SEAL_KEY);
  });

  it("needs a place", () => {
    const none = { stateDir: undefined };
    assert.deepEqual(codes(load({ identities: { web: session }, gateway: none }).issues), ["SP_CONFIG_DATABASE"]);
    const stored = { web: { session: { ...session.session, store: "database" } } };
    const sealed = { ...none, sealKeys: [`\${env:SEAL_KEY}`] };
    assert.deepEqual(codes(load({ identities: stored, gateway: sealed }).issues), ["SP_CONFIG_DATABASE"]);
  });
});

describe("headers that tell who calls", () => {
  const trusted = { internal: { trust: [{ issuer: "sallyport:edge", jwks: { url: "https://edge.example.com/keys" } }], audience: "a" } };
  const headersOf = (parts: Parts) => configOf(parts).gateway.identityHeaders;

  it("are those of the gateway, of its identities and of its tokens, in one spelling each", () => {
    const upstreams = { a: { endpoints: ["http://127.0.0.1:3000"], internalToken: { audience: "a", header: "X-Caller" } } };
    const identities = { users: jwt({ headers: { "x-org": "org", "X-Email": "email" } }) };
    assert.deepEqual(headersOf({ identities, gateway: { identityHeaders: ["X-Org"] }, rest: { upstreams } }), [
      "X-Org",
      "X-Email",
      "X-Caller",
    ]);
  });

  it("hold the defaults where an identity maps nothing", () => {
    const gateway = { identityHeaders: ["X-Org"] };
    assert.deepEqual(headersOf({ identities: { users: jwt() }, gateway }), ["X-Org", "X-User-Id", "X-User-Roles", "X-Tenant-Id"]);
  });

  it("leave out the one that an identity reads a token from", () => {
    const upstreams = { a: { endpoints: ["http://127.0.0.1:3000"], internalToken: { audience: "a" } } };
    assert.ok(headersOf({ identities: { users: jwt() }, rest: { upstreams } }).includes("X-Internal-Token"));
    assert.ok(!headersOf({ identities: { inner: trusted }, rest: { upstreams } }).includes("X-Internal-Token"));
  });

  it("leave out what clients show their own credentials in, where a token of ours takes its place", () => {
    const tokenIn = (header: string) => ({ a: { endpoints: ["http://127.0.0.1:3000"], internalToken: { audience: "a", header } } });
    const identities = { users: jwt(), keys: { apiKey: { header: "X-Api-Key" } } };
    for (const header of ["Authorization", "x-api-key"]) {
      const names = headersOf({ identities, rest: { upstreams: tokenIn(header) } });
      assert.deepEqual(names, ["X-User-Id", "X-User-Roles", "X-Tenant-Id"], header);
    }
  });

  it("are those that tell who calls, though an identity reads them", () => {
    const inner = (header: string) => ({ inner: { internal: { ...trusted.internal, header } }, users: jwt({ headers: { X_Who: "sub" } }) });
    assert.deepEqual(codes(load({ identities: inner("X-Who") }).issues), ["SP_CONFIG_HEADER_REFUSED"]);
    assert.deepEqual(codes(load({ identities: inner("X-Edge"), gateway: { identityHeaders: ["X-Edge"] } }).issues), []);
  });

  it("hold no credential of a client: nobody would ever see it", () => {
    const external = (...sendHeaders: string[]) => ({ external: { url: "https://a.example/who", sendHeaders } });
    for (const [identity, gateway, path] of [
      [{ apiKey: { header: "x_org" } }, {}, "identities.other.apiKey.header"],
      [{ apiKey: { header: "X-User-Id" } }, {}, "identities.other.apiKey.header"],
      [jwt({ token: { header: "X-Org" } }), {}, "identities.other.jwt.token.header"],
      [external("Cookie", "X-Kept"), { identityHeaders: ["X-Kept"] }, "identities.other.external.sendHeaders[1]"],
      [external("X-Good"), { identityHeaders: ["X-A", "Authorization"] }, "gateway.identityHeaders[1]"],
      [external("X-Good"), { identityHeaders: ["cookie"] }, "gateway.identityHeaders[0]"],
    ] as const) {
      const identities = { users: jwt({ headers: { "X-Org": "org" } }), other: identity };
      const { issues } = load({ identities, gateway });
      assert.deepEqual(
        issues.map((issue) => [issue.code, issue.path]),
        [["SP_CONFIG_HEADER_REFUSED", path]],
      );
    }
  });

  it("take no cookies from clients for a token's sake", () => {
    const upstreams = { a: { endpoints: ["http://127.0.0.1:3000"], internalToken: { audience: "a", header: "cookie" } } };
    const { issues } = load({ identities: { users: jwt() }, rest: { upstreams } });
    assert.deepEqual(
      issues.map(({ code, path }) => [code, path]),
      [["SP_CONFIG_HEADER_REFUSED", "upstreams.a.internalToken.header"]],
    );
  });

  it("can't be set by routes, whoever maps them", () => {
    const route = { name: "r", match: { path: "/*" }, auth: ["inner", "users"], upstream: "a" };
    const edited = { ...route, headers: { request: { set: { x_email: "a", "X-Internal-Token": "b" } } } };
    const identities = { inner: trusted, users: jwt({ headers: { "X-Email": "email" } }) };
    assert.deepEqual(codes(load({ identities, rest: { routes: [edited] } }).issues), [
      "SP_CONFIG_HEADER_REFUSED",
      "SP_CONFIG_HEADER_REFUSED",
    ]);
  });
});

describe("parts of a principal", () => {
  it("come from the claims that are mapped to the headers of old, or from those that are named", () => {
    const headers = { "x-user-id": "email", "X-Tenant-Id": "org.id" };
    assert.deepEqual(identityOf("jwt", { identities: { a: jwt({ headers }) } }).principal, {
      id: ["email"],
      tenant: "org.id",
      roles: "roles",
      scopes: "scope",
    });
    const principal = { id: "oid", tenant: "tid", roles: "groups", scopes: "scp" };
    assert.deepEqual(identityOf("jwt", { identities: { a: jwt({ headers, principal }) } }).principal, { ...principal, id: ["oid"] });
  });
});
