import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { valuesOf } from "../../../test/kit/index.ts";
import { get, PolicyStage, type StageOptions } from "../../../test/pipeline/policy-stage.ts";
import type { IdentityConfig, InternalTokenConfig } from "../../config/index.ts";
import type { Signer } from "../../identity/internal-keys/index.ts";
import { CONTINUE, type Policy, Principal, type PrincipalFacts } from "../../pipeline/index.ts";
import { isTokenProblem, readKey, readToken, verifySignature } from "../../tokens/index.ts";
import { compileInternalToken, publishKeys, TOKEN_TYPE } from "./index.ts";

const CONFIG: InternalTokenConfig = { audience: "orders", ttlMs: 60_000, header: "X-Internal-Token", deadline: false };
const { privateKey, publicKey } = generateKeyPairSync("ed25519");
const KEY = readKey(publicKey.export({ format: "jwk" }));

function principal(facts: Partial<PrincipalFacts> = {}): Principal {
  return new Principal({
    identity: "users",
    source: "jwt",
    id: "alice",
    tenant: null,
    roles: [],
    scopes: [],
    claims: {},
    plan: null,
    expiresAtMs: null,
    lines: [],
    ...facts,
  });
}

interface Settings {
  readonly config?: Partial<InternalTokenConfig>;
  readonly upstream?: string;
  readonly identities?: readonly Partial<IdentityConfig>[];
  readonly stage?: StageOptions;
  readonly more?: readonly Policy[];
}

class TokenStage {
  stage!: PolicyStage;
  signer: Signer | null = { kid: "k1", algorithm: "EdDSA", object: privateKey, expiresAtMs: Number.MAX_SAFE_INTEGER };
  caller: Principal | null = null;

  static async create({ config, upstream = "main", identities = [], stage, more = [] }: Settings = {}): Promise<TokenStage> {
    const tokens = new TokenStage();
    const internal = compileInternalToken(
      { name: upstream, internalToken: { ...CONFIG, ...config } },
      {
        keys: { issuer: "https://edge.test", current: () => tokens.signer },
        clock: { now: () => tokens.stage.clock.now(), wall: () => tokens.stage.clock.wall(), schedule: () => assert.fail() },
        identities: identities as readonly IdentityConfig[],
        random: () => 0,
      },
    );
    const authenticate: Policy = {
      name: "test-auth",
      phase: "authenticate",
      request(exchange) {
        exchange.principal = tokens.caller;
        return CONTINUE;
      },
    };
    tokens.stage = await PolicyStage.create({ ...stage, policies: [authenticate, internal as Policy, ...more] });
    return tokens;
  }

  /** The token that the upstream was shown, verified. */
  ask(path = "/x", fields = "", header = "x-internal-token"): Record<string, unknown> & { text: string; kid: string | null } {
    const before = this.stage.server.seen.length;
    this.stage.send(get(path, fields));
    const seen = this.stage.server.seen[before];
    assert.ok(seen !== undefined, "the upstream was asked");
    const [text = "", ...others] = valuesOf(seen, header);
    assert.deepEqual(others, []);
    const token = readToken(text.replace(/^Bearer /, ""));
    assert.ok(!isTokenProblem(token) && !isTokenProblem(KEY));
    assert.ok(verifySignature(token, KEY));
    assert.equal(token.type, TOKEN_TYPE);
    return { ...token.claims, text, kid: token.kid };
  }

  /** Claims without what every token has. */
  said(): Record<string, unknown> {
    const { text: _text, kid: _kid, iss: _iss, aud: _aud, iat: _iat, exp: _exp, ...rest } = this.ask();
    return rest;
  }
}

describe("an internal token", () => {
  it("says who calls, for one upstream and for a while", async () => {
    const tokens = await TokenStage.create();
    tokens.caller = principal({ tenant: "acme", roles: ["a", "b"], scopes: ["x", "y"] });
    const { text: _, ...claims } = tokens.ask();
    const iat = Math.floor(tokens.stage.clock.wall() / 1000);
    assert.deepEqual(claims, {
      kid: "k1",
      iss: "https://edge.test",
      aud: "orders",
      iat,
      exp: iat + 60,
      sub: "alice",
      identity: "users",
      source: "jwt",
      tenant: "acme",
      roles: ["a", "b"],
      scope: "x y",
    });
    tokens.stage.finish();
  });

  it("of a request without a principal has no sub", async () => {
    const tokens = await TokenStage.create();
    assert.deepEqual(tokens.said(), {});
    tokens.stage.finish();
  });

  it("shows of the claims those alone that the identity maps to headers", async () => {
    const tokens = await TokenStage.create({
      identities: [
        {
          name: "users",
          headers: [
            ["X-Mail", "email"],
            ["X-City", "address.city"],
            ["X-None", "none"],
          ],
        },
      ],
    });
    const claims = { email: "a@example.com", address: { city: "Oslo", street: "s" }, secret: "s" };
    tokens.caller = principal({ claims });
    assert.deepEqual(tokens.said()["claims"], { email: "a@example.com", "address.city": "Oslo" });
    tokens.caller = principal({ identity: "others", claims });
    assert.equal(tokens.said()["claims"], undefined);
    tokens.stage.finish();
  });

  it("passes on whom another gateway vouched for", async () => {
    const tokens = await TokenStage.create();
    const claims = { identity: "users", source: "session", claims: { email: "a@example.com" }, iss: "other" };
    tokens.caller = principal({ identity: "edge", source: "internal", claims });
    assert.deepEqual(tokens.said(), { sub: "alice", identity: "users", source: "session", claims: { email: "a@example.com" } });
    tokens.stage.finish();
  });

  it("takes the place of whatever the client sent under its name", async () => {
    const tokens = await TokenStage.create();
    assert.equal(tokens.ask("/x", "X-Internal-Token: forged\r\nx-internal-token: forged\r\n")["iss"], "https://edge.test");
    tokens.stage.finish();
  });

  it("in Authorization is a bearer token", async () => {
    const tokens = await TokenStage.create({ config: { header: "Authorization" } });
    assert.match(tokens.ask("/x", "Authorization: Basic eDp5\r\n", "authorization").text, /^Bearer /);
    tokens.stage.finish();
  });

  it("is marked for HPACK where that does not know its name, beside what the client marked, whose list is as it was", async () => {
    const seen: { own: string[] | null; attempt: string[] | null }[] = [];
    const look: Policy = {
      name: "look",
      phase: "cache",
      request(exchange) {
        exchange.head.fields.secrets = ["x-client"];
        return CONTINUE;
      },
      attempt(attempt) {
        seen.push({ own: attempt.exchange.head.fields.secrets, attempt: attempt.fields.secrets });
        return CONTINUE;
      },
    };
    for (const [header, own] of [
      ["X-Internal-Token", []],
      ["Authorization", []],
      ["X-Caller", ["x-caller"]],
    ] as const) {
      const tokens = await TokenStage.create({ config: { header }, more: [look] });
      tokens.ask("/x", "", header.toLowerCase());
      assert.deepEqual(seen.pop(), { own: ["x-client"], attempt: ["x-client", ...own] });
      tokens.stage.finish();
    }
  });

  it("is made once for a principal, and again when less than a third of its life is left", async () => {
    const tokens = await TokenStage.create();
    tokens.caller = principal();
    const first = tokens.ask().text;
    tokens.stage.advance(47_000);
    assert.equal(tokens.ask().text, first);
    tokens.stage.advance(1000);
    const second = tokens.ask();
    assert.notEqual(second.text, first);
    assert.equal(second["exp"], Math.floor(tokens.stage.clock.wall() / 1000) + 60);
    tokens.caller = principal();
    tokens.stage.advance(1000);
    assert.notEqual(tokens.ask().text, second.text);
    tokens.stage.finish();
  });

  it("ends with the caller's credential, though it always has ten seconds", async () => {
    const tokens = await TokenStage.create();
    const nowMs = tokens.stage.clock.wall();
    for (const [leftMs, life] of [
      [30_000, 30],
      [3000, 10],
      [-5000, 10],
      [600_000, 60],
    ] as const) {
      tokens.caller = principal({ expiresAtMs: nowMs + leftMs });
      const { iat, exp } = tokens.ask();
      assert.equal(Number(exp) - Number(iat), life);
    }
    tokens.stage.finish();
  });

  it("never outlives the publication of its key", async () => {
    const tokens = await TokenStage.create();
    tokens.signer = { ...(tokens.signer as Signer), expiresAtMs: tokens.stage.clock.wall() + 7000 };
    const { iat, exp } = tokens.ask();
    assert.equal(Number(exp) - Number(iat), 7);
    tokens.stage.finish();
  });

  it("is made anew when the clock was set back, since it would not be good yet", async () => {
    const tokens = await TokenStage.create();
    const first = tokens.ask();
    tokens.stage.clock.jumpWall(-60_000);
    assert.equal(tokens.ask()["iat"], Number(first["iat"]) - 60);
    tokens.stage.finish();
  });

  it("without a key to sign is 503, and the upstream is not asked", async () => {
    const tokens = await TokenStage.create();
    tokens.signer = null;
    const client = tokens.stage.send(get());
    assert.equal(client.status, 503);
    assert.equal(client.code, "SP_AUTH_UNAVAILABLE");
    assert.deepEqual(tokens.stage.server.seen, []);
    tokens.stage.finish();
  });

  it("that is there already is shown until it ends while no key is there", async () => {
    const tokens = await TokenStage.create();
    const first = tokens.ask().text;
    tokens.signer = null;
    tokens.stage.advance(57_000);
    assert.equal(tokens.ask().text, first);
    tokens.stage.advance(1000);
    assert.equal(tokens.stage.send(get()).status, 503);
    tokens.stage.finish();
  });

  it("that would be longer than 4 KiB is 500, and nothing is left out of it", async () => {
    const tokens = await TokenStage.create();
    tokens.caller = principal({ roles: Array.from({ length: 400 }, (_, index) => `role-${index}`) });
    const client = tokens.stage.send(get());
    assert.equal(client.code, "SP_INTERNAL_TOKEN_TOO_LARGE");
    assert.deepEqual(tokens.stage.server.seen, []);
    tokens.stage.finish();
  });

  it("is not shown to an upstream that it is not for", async () => {
    const tokens = await TokenStage.create({ upstream: "another" });
    tokens.stage.send(get());
    assert.deepEqual(valuesOf(tokens.stage.server.seen[0]!, "x-internal-token"), []);
    tokens.stage.finish();
  });

  it("carries the deadline where that is wanted: the route's, or a sooner one", async () => {
    const sooner: Policy = {
      name: "sooner",
      phase: "limits",
      request(exchange) {
        if (exchange.head.path === "/sooner") exchange.answerWithin(400);
        return CONTINUE;
      },
    };
    const tokens = await TokenStage.create({ config: { deadline: true }, stage: { timeoutMs: 5000 }, more: [sooner] });
    tokens.caller = principal();
    assert.equal(tokens.ask()["dl"], tokens.stage.clock.wall() + 5000);
    assert.equal(tokens.ask("/sooner")["dl"], tokens.stage.clock.wall() + 400);
    tokens.stage.finish();
    const open = await TokenStage.create({ config: { deadline: true } });
    assert.equal("dl" in open.ask(), false);
    open.stage.finish();
  });
});

describe("keys on a listener", () => {
  async function keysStage(jwks: string | null): Promise<PolicyStage> {
    const normalise: Policy = {
      name: "normalise",
      phase: "normalise",
      request({ head }) {
        head.path = head.target;
        return CONTINUE;
      },
    };
    return PolicyStage.create({ listenerPolicies: [normalise, publishKeys({ publicJwks: () => jwks, cacheForSeconds: 300 })] });
  }

  it("are shown at their path, with how long they may be kept", async () => {
    const stage = await keysStage('{"keys":[]}');
    const response = stage.send(get("/.well-known/jwks.json")).response();
    assert.equal(response.body, '{"keys":[]}');
    assert.deepEqual(valuesOf(response, "cache-control"), ["public, max-age=300"]);
    assert.deepEqual(valuesOf(response, "content-type"), ["application/json"]);
    assert.deepEqual(stage.server.seen, []);
    stage.finish();
  });

  it("leave other paths and methods to the routes", async () => {
    const stage = await keysStage('{"keys":[]}');
    for (const path of ["/", "/.well-known/jwks.json/x", "/.well-known/"]) assert.match(stage.send(get(path)).response().body, /^GET /);
    stage.finish();
  });

  it("are 503 until they are known", async () => {
    const stage = await keysStage(null);
    assert.equal(stage.send(get("/.well-known/jwks.json")).status, 503);
    stage.finish();
  });
});
