import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { FakeClock, type Fault, TimerWheel } from "../../base/index.ts";
import type { InternalIdentity } from "../../config/index.ts";
import { Fields, fieldName } from "../../http/index.ts";
import { type Exchange, Principal, REQUEST } from "../../pipeline/index.ts";
import { isTokenProblem, readKey, type SigningKey, signToken, type TokenKey } from "../../tokens/index.ts";
import type { Identity, Outcome } from "../identity.ts";
import type { KeySource } from "../keys/index.ts";
import { VerificationBudget } from "../verification-budget.ts";
import { createInternalIdentity } from "./index.ts";

const EDGE = "sallyport:edge";
const OTHER = "sallyport:other";
const TYPE = { type: "sp-internal+jwt" };
const JWKS = { source: { kind: "discovery" }, cacheForMs: 300_000, graceMs: 600_000, ca: null } as const;
const CONFIG: InternalIdentity = {
  kind: "internal",
  name: "edge",
  headers: null,
  principal: { id: ["sub"], tenant: "tenant", roles: "roles", scopes: "scope" },
  trust: [
    { issuer: EDGE, jwks: JWKS },
    { issuer: OTHER, jwks: JWKS },
  ],
  audiences: ["domain"],
  header: "X-Internal-Token",
};

interface Pair {
  readonly signing: SigningKey;
  readonly public: TokenKey;
}

function makePair(kid: string, algorithm: "EdDSA" | "ES256" = "EdDSA"): Pair {
  const pair = algorithm === "EdDSA" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: "P-256" });
  const key = readKey({ ...pair.publicKey.export({ format: "jwk" }), kid });
  assert.ok(!isTokenProblem(key));
  return { signing: { kid, algorithm, object: pair.privateKey }, public: key };
}

const EDGE_KEY = makePair("e1");
const OTHER_KEY = makePair("o1", "ES256");

class FakeKeys implements KeySource {
  keys: readonly TokenKey[];
  isReady = true;
  problem = "";
  version = 1;
  refreshes = 0;
  isClosed = false;
  next: readonly TokenKey[] | null = null;

  constructor(keys: readonly TokenKey[]) {
    this.keys = keys;
  }

  find(kid: string | null): readonly TokenKey[] {
    return this.keys.filter((key) => key.kid === kid);
  }

  async refresh(): Promise<void> {
    this.refreshes++;
    this.keys = this.next ?? this.keys;
    this.version++;
  }

  isGood(key: TokenKey): boolean {
    return this.keys.includes(key);
  }

  close(): void {
    this.isClosed = true;
  }
}

class Stage {
  readonly clock = new FakeClock(5000);
  readonly wheel = new TimerWheel(this.clock);
  readonly edge = new FakeKeys([EDGE_KEY.public]);
  readonly other = new FakeKeys([OTHER_KEY.public]);
  readonly lookups: boolean[] = [];
  readonly within: number[] = [];
  readonly identity: Identity;

  constructor(config: Partial<InternalIdentity> = {}) {
    const watcher = { onAsked: () => undefined, onLookup: (_: string, isHit: boolean) => void this.lookups.push(isHit) };
    const budget = new VerificationBudget(this.wheel);
    const keysOf = ({ issuer }: { issuer: string }) => (issuer === EDGE ? this.edge : this.other);
    this.identity = createInternalIdentity({ ...CONFIG, ...config }, { clock: this.clock, watcher }, keysOf, budget);
  }

  token(claims: Record<string, unknown> = {}, { signing }: Pair = EDGE_KEY, header = TYPE): string {
    const seconds = Math.floor(this.clock.wall() / 1000);
    return signToken({ iss: EDGE, aud: "domain", iat: seconds, exp: seconds + 60, sub: "alice", ...claims }, header, signing);
  }

  ask(token: string, name = "X-Internal-Token"): Outcome {
    return this.askWith([[name, token]]);
  }

  askWith(lines: readonly (readonly [string, string])[]): Outcome {
    const fields = new Fields("");
    for (const [name, value] of lines) fields.add(fieldName(name), value);
    const exchange = {
      head: { fields },
      clientAddress: "192.0.2.1",
      stage: REQUEST,
      startedMs: this.clock.now() - 20,
      runtime: { wheel: { nowMs: this.clock.now() } },
      answerWithin: (delayMs: number) => void this.within.push(delayMs),
    };
    return this.identity.identify(exchange as unknown as Exchange);
  }
}

function principalOf(outcome: Outcome | Principal): Principal {
  assert.ok(outcome instanceof Principal, `${(outcome as Fault | null)?.detail}`);
  return outcome;
}

function codeOf(outcome: Outcome): string | null {
  assert.ok(!(outcome instanceof Principal) && !(outcome instanceof Promise));
  return outcome === null ? null : outcome.kind.code;
}

describe("the identity by another gateway's tokens", () => {
  it("is who the other gateway identified, with what it shows of the claims by the names that they had there", () => {
    const stage = new Stage({
      headers: [
        ["X-Mail", "email"],
        ["X-Who", "identity"],
      ],
    });
    const token = stage.token({
      identity: "users",
      source: "session",
      tenant: "acme",
      roles: ["a", "b"],
      scope: "x y",
      claims: { email: "a@example.com", sub: "mallory", iss: "mallory" },
    });
    const principal = principalOf(stage.ask(token));
    assert.deepEqual([principal.identity, principal.source, principal.id, principal.tenant], ["edge", "internal", "alice", "acme"]);
    assert.deepEqual(
      [principal.roles, principal.scopes],
      [
        ["a", "b"],
        ["x", "y"],
      ],
    );
    assert.equal(principal.claims["iss"], EDGE);
    assert.deepEqual(
      principal.lines.map(({ name, value }) => `${name.text}: ${value}`),
      ["X-Mail: a@example.com", "X-Who: users"],
    );
  });

  it("has no tenant, roles or scopes but those that the other gateway says it has: claims of those names may mean anything", () => {
    const shown = { tenant: "acme", roles: ["admin"], scope: "all", identity: "admins", dl: 1 };
    const principal = principalOf(new Stage().ask(new Stage().token({ claims: shown })));
    assert.deepEqual([principal.tenant, principal.roles, principal.scopes], [null, [], []]);
    assert.deepEqual([principal.claims["identity"], principal.claims["dl"]], [undefined, undefined]);
    assert.deepEqual(principal.claims["claims"], shown);
  });

  it("tells gateways apart by issuer, each with its own keys", () => {
    const stage = new Stage();
    assert.equal(principalOf(stage.ask(stage.token({ iss: OTHER }, OTHER_KEY))).id, "alice");
    const wrong = makePair("e1", "ES256");
    for (const token of [stage.token({}, { ...OTHER_KEY, signing: { ...OTHER_KEY.signing, kid: "e1" } }), stage.token({}, wrong)]) {
      assert.equal(codeOf(stage.ask(token)), "SP_AUTH_INVALID");
    }
  });

  it("is nobody's where the token has no sub: such a request has no credential", () => {
    const stage = new Stage();
    const token = stage.token({ sub: undefined });
    assert.equal(stage.ask(token), null);
    assert.equal(stage.ask(token), null);
    assert.deepEqual(stage.lookups, [false, true]);
    assert.equal(codeOf(stage.ask(stage.token({ sub: undefined }, makePair("e1")))), "SP_AUTH_INVALID");
  });

  it("verifies a token once", () => {
    const stage = new Stage();
    const token = stage.token();
    assert.equal(stage.ask(token), stage.ask(token));
    assert.deepEqual(stage.lookups, [false, true]);
    stage.edge.keys = [];
    assert.ok(stage.ask(token) instanceof Promise, "its key is gone");
  });

  for (const [what, code, make] of [
    ["one that has expired", "SP_AUTH_EXPIRED", (stage) => stage.token({ exp: Math.floor(stage.clock.wall() / 1000) - 5 })],
    ["one for another audience", "SP_AUTH_INVALID", (stage) => stage.token({ aud: "billing" })],
    ["one of another kind", "SP_AUTH_INVALID", (stage) => stage.token({}, EDGE_KEY, { type: "JWT" })],
    ["one without exp", "SP_AUTH_INVALID", (stage) => stage.token({ exp: undefined })],
    ["one of an issuer that nobody trusts", "SP_AUTH_INVALID", (stage) => stage.token({ iss: "sallyport:stranger" })],
    ["no JWT", "SP_AUTH_INVALID", () => "abc"],
    ["a huge one", "SP_AUTH_INVALID", () => "a".repeat(20_000)],
  ] as const satisfies readonly (readonly [string, string, (stage: Stage) => string])[]) {
    it(`refuses ${what}: ${code}`, () => {
      const stage = new Stage();
      const token = make(stage);
      for (let i = 0; i < 2; i++) assert.equal(codeOf(stage.ask(token)), code);
    });
  }

  it("refuses two tokens, and one that is cut anywhere", () => {
    const stage = new Stage();
    const token = stage.token();
    assert.equal(
      codeOf(
        stage.askWith([
          ["X-Internal-Token", token],
          ["x-internal-token", token],
        ]),
      ),
      "SP_AUTH_INVALID",
    );
    for (let at = 1; at < token.length; at++) assert.equal(codeOf(stage.ask(token.slice(0, at))), "SP_AUTH_INVALID", `at ${at}`);
  });

  it("in Authorization leaves other bearer tokens to other identities", () => {
    const stage = new Stage({ header: "authorization" });
    assert.equal(principalOf(stage.ask(`Bearer ${stage.token()}`, "Authorization")).id, "alice");
    for (const value of ["Bearer opaque", `Bearer ${stage.token({ iss: "https://id.example.com" })}`, "Basic eDp5"]) {
      assert.equal(stage.ask(value, "Authorization"), null);
    }
    assert.deepEqual(stage.identity.carriers.fields, []);
    assert.equal(stage.identity.challenge, 'Bearer realm="edge"');
  });

  it("reads the keys once more for a kid that is new", async () => {
    const stage = new Stage();
    const next = makePair("e2");
    stage.edge.next = [EDGE_KEY.public, next.public];
    assert.equal(principalOf(await (stage.ask(stage.token({}, next)) as Promise<Principal>)).id, "alice");
    assert.equal(stage.edge.refreshes, 1);
    const unknown = await stage.ask(stage.token({}, makePair("e3")));
    assert.equal(codeOf(unknown), "SP_AUTH_INVALID");
  });

  it("can't say anything while the keys were never there", async () => {
    const stage = new Stage();
    stage.edge.keys = [];
    stage.edge.isReady = false;
    assert.equal(codeOf(await stage.ask(stage.token())), "SP_AUTH_UNAVAILABLE");
  });

  it("shortens the exchange to the deadline that the token carries, known or new", () => {
    const stage = new Stage();
    const token = stage.token({ dl: stage.clock.wall() + 400 });
    principalOf(stage.ask(token));
    stage.clock.advance(100);
    principalOf(stage.ask(token));
    assert.deepEqual(stage.within, [420, 320]);
    stage.clock.advance(300);
    assert.equal(codeOf(stage.ask(token)), "SP_EXCHANGE_DEADLINE");
    stage.ask(stage.token({ sub: undefined, dl: stage.clock.wall() + 50 }));
    assert.deepEqual(stage.within, [420, 320, 70]);
  });

  it("takes its token away from what upstreams see, and closes its keys with itself", () => {
    const stage = new Stage();
    assert.deepEqual(
      stage.identity.carriers.fields.map(({ text }) => text),
      ["X-Internal-Token"],
    );
    stage.identity.close();
    assert.deepEqual([stage.edge.isClosed, stage.other.isClosed], [true, true]);
  });
});
