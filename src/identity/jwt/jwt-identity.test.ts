import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { listAttacks } from "../../../test/tokens/attack-cases.ts";
import { AttackKit } from "../../../test/tokens/attack-kit.ts";
import type { Fault } from "../../base/index.ts";
import type { JwtIdentity } from "../../config/index.ts";
import { Principal } from "../../pipeline/index.ts";
import { isTokenProblem, readKeySet, type TokenKey } from "../../tokens/index.ts";
import * as AUTH from "../faults.ts";
import type { Outcome } from "../identity.ts";
import { exchangeOf, JwtStage } from "./jwt-stage.contract.ts";

const NOW = Date.UTC(2026, 5, 1);
const kit = new AttackKit(NOW);
const set = readKeySet(kit.keySetText);
assert.ok(!isTokenProblem(set));
const KEYS = set.keys;
const keyOf = (kid: string): TokenKey => KEYS.find((key) => key.kid === kid)!;

function stageOf(config: Partial<JwtIdentity> = {}): JwtStage {
  const stage = new JwtStage(NOW, config);
  stage.keys.replace(KEYS);
  return stage;
}

function principalOf(outcome: Outcome): Principal {
  assert.ok(outcome instanceof Principal, `${(outcome as Fault | null)?.detail}`);
  return outcome;
}

function assertFault(outcome: Outcome, kind: { readonly code: string }, detail: RegExp): void {
  assert.ok(outcome !== null && !(outcome instanceof Promise) && !(outcome instanceof Principal), `${outcome}`);
  assert.equal(outcome.kind.code, kind.code);
  assert.match(outcome.detail, detail);
}

describe("the identity by tokens", () => {
  it("makes a principal of a good token", () => {
    const principal = principalOf(stageOf().ask(kit.forge()));
    assert.equal(principal.identity, "users");
    assert.equal(principal.source, "jwt");
    assert.equal(principal.id, "alice");
    assert.equal(principal.tenant, "acme");
    assert.deepEqual(principal.roles, ["reader"]);
    assert.equal(principal.expiresAtMs, (kit.nowSeconds + 600) * 1000 + 60_000);
  });

  it("has nothing to say where there is no token", () => {
    const { identity } = stageOf();
    assert.equal(identity.identify(exchangeOf([])), null);
    assert.equal(identity.identify(exchangeOf([["Authorization", "Basic YTpi"]])), null);
  });

  it("refuses a request with two", () => {
    const line = ["Authorization", `Bearer ${kit.forge()}`] as const;
    assertFault(stageOf().identity.identify(exchangeOf([line, line])), AUTH.BAD_CREDENTIAL, /^users: the request has two tokens$/);
  });

  it("leaves bearer tokens of others, and what is no token, to others", () => {
    const stage = stageOf();
    const others = ["opaque", "a.b", "a.b.c", "a.b.c.d", kit.withClaims({ iss: "https://other.example" }), "x".repeat(20_000)];
    for (const text of others) for (let i = 0; i < 2; i++) assert.equal(stage.ask(text), null);
    assert.deepEqual(stage.lookups, []);
    assert.equal(stage.keys.finds, 0);
  });

  it("refuses tokens of others in a place of its own", () => {
    const stage = stageOf({ from: { kind: "header", name: "X-Token" } });
    const ask = (text: string) => stage.identity.identify(exchangeOf([["X-Token", text]]));
    assertFault(ask("opaque"), AUTH.BAD_CREDENTIAL, /three parts/);
    assertFault(ask("a.b.c"), AUTH.BAD_CREDENTIAL, /base64url/);
    assertFault(ask("x".repeat(20_000)), AUTH.BAD_CREDENTIAL, /longer/);
    assertFault(ask(kit.withClaims({ iss: "https://other.example" })), AUTH.BAD_CREDENTIAL, /another issuer/);
    assert.equal(principalOf(ask(kit.forge())).id, "alice");
  });

  it("says where its credentials stand and how to get in", () => {
    const places = [{ kind: "bearer" }, { kind: "header", name: "X-Token" }, { kind: "cookie", name: "token" }] as const;
    const [bearer, header, cookie] = places.map((from) => stageOf({ from }).identity);
    assert.equal(bearer!.challenge, 'Bearer realm="users"');
    assert.deepEqual([header!.challenge, cookie!.challenge], [null, null]);
    assert.deepEqual(bearer!.carriers, { fields: [], cookies: [], parameters: [] });
    assert.deepEqual(
      header!.carriers.fields.map(({ text }) => text),
      ["X-Token"],
    );
    assert.deepEqual(cookie!.carriers.cookies, ["token"]);
  });

  it("closes its keys with itself", () => {
    const stage = stageOf();
    stage.identity.close();
    assert.ok(stage.keys.isClosed);
  });
});

describe("what the configuration asks of tokens", () => {
  it("is an algorithm of its list, before any key is looked for", () => {
    const stage = stageOf({ algorithms: ["ES256"] });
    assertFault(stage.ask(kit.forge()), AUTH.BAD_CREDENTIAL, /algorithm is not allowed/);
    assert.equal(stage.keys.finds, 0);
    principalOf(stage.ask(kit.forge({ header: { alg: "ES256", kid: "p256" }, signer: kit.signerOf("ES256") })));
  });

  it("is a type of its list", () => {
    const stage = stageOf({ types: ["at+jwt"] });
    assertFault(stage.ask(kit.forge()), AUTH.BAD_CREDENTIAL, /typ/);
    assertFault(stage.ask(kit.withHeader({ typ: "JWT" })), AUTH.BAD_CREDENTIAL, /typ/);
    principalOf(stage.ask(kit.withHeader({ typ: "at+JWT" })));
  });

  it("is each required claim, also within others", () => {
    const stage = stageOf({ required: ["realm_access.roles"] });
    assertFault(stage.ask(kit.forge()), AUTH.BAD_CREDENTIAL, /realm_access\.roles/);
    assertFault(stage.ask(kit.withClaims({ realm_access: { roles: null } })), AUTH.BAD_CREDENTIAL, /realm_access\.roles/);
    principalOf(stage.ask(kit.withClaims({ realm_access: { roles: [] } })));
  });

  it("is an end, unless it says otherwise", () => {
    const token = kit.withClaims({ exp: undefined });
    assertFault(stageOf().ask(token), AUTH.BAD_CREDENTIAL, /no exp/);
    const stage = stageOf({ requireExpiry: false });
    assert.equal(principalOf(stage.ask(token)).expiresAtMs, null);
    stage.pass(1e12);
    assert.equal(principalOf(stage.ask(token)).id, "alice");
  });

  it("is somebody", () => {
    assertFault(stageOf().ask(kit.withClaims({ sub: undefined })), AUTH.BAD_CREDENTIAL, /no `sub`/);
  });
});

describe("a token that was verified", () => {
  it("is not verified again, and is the same principal", () => {
    const stage = stageOf();
    const token = kit.forge();
    const first = stage.ask(token);
    const { finds } = stage.keys;
    assert.equal(stage.ask(token), first);
    assert.equal(stage.keys.finds, finds);
    assert.deepEqual(stage.lookups, [false, true]);
  });

  it("is one text: another with the same claims is verified", () => {
    const stage = stageOf();
    const first = principalOf(stage.ask(kit.forge({ header: { alg: "PS256", kid: "rsa" }, signer: kit.signerOf("PS256") })));
    assert.notEqual(principalOf(stage.ask(kit.forge({ header: { alg: "PS256", kid: "rsa" }, signer: kit.signerOf("PS256") }))), first);
  });

  it("does not lend its principal to one with another signature or payload", () => {
    const stage = stageOf();
    const token = kit.forge();
    principalOf(stage.ask(token));
    assertFault(stage.ask(`${token.slice(0, -4)}AAAA`), AUTH.BAD_CREDENTIAL, /signature/);
    const [header, , signature] = token.split(".");
    const other = kit.withClaims({ sub: "admin" }).split(".")[1];
    assertFault(stage.ask(`${header}.${other}.${signature}`), AUTH.BAD_CREDENTIAL, /signature/);
  });

  it("is good until its exp and the skew have passed, to the millisecond", () => {
    const stage = stageOf();
    const token = kit.forge();
    stage.ask(token);
    stage.pass(659_999);
    principalOf(stage.ask(token));
    stage.pass(1);
    assertFault(stage.ask(token), AUTH.EXPIRED, /expired/);
  });

  it("is good no longer when its key is not, also when the set has another of that name", async () => {
    const stage = stageOf();
    const token = kit.forge();
    stage.ask(token);
    stage.keys.replace([{ ...keyOf("p256"), kid: "rsa" }]);
    const outcome = await stage.ask(token);
    assertFault(outcome, AUTH.BAD_CREDENTIAL, /no key/);
    // The key is back: it has to be verified again, since nothing was kept of it.
    stage.keys.replace(KEYS);
    principalOf(stage.ask(token));
    assert.deepEqual(stage.lookups, [false, false, false]);
  });

  it("stays known when other keys come and go", () => {
    const stage = stageOf();
    const token = kit.forge();
    const first = stage.ask(token);
    stage.keys.replace([keyOf("rsa"), keyOf("p384")]);
    assert.equal(stage.ask(token), first);
  });

  it("is known to the identity that verified it alone", () => {
    const stage = stageOf();
    const token = kit.forge();
    stage.ask(token);
    const strict = stage.create({ name: "strict", audiences: ["billing-api"] });
    assertFault(strict.identify(exchangeOf([["Authorization", `Bearer ${token}`]])), AUTH.BAD_CREDENTIAL, /^strict: .*audience/);
  });

  it("is remembered in bounds", () => {
    const stage = stageOf({ cachedTokens: 2 });
    const tokens = ["a", "b", "c", "d"].map((sub) => kit.withClaims({ sub }));
    for (const token of tokens) principalOf(stage.ask(token));
    stage.lookups.length = 0;
    for (const token of tokens) principalOf(stage.ask(token));
    assert.ok(stage.lookups.filter((isHit) => isHit).length <= 2);
  });
});

describe("a token that is not good", () => {
  it("is judged anew each time", () => {
    const stage = stageOf();
    const token = kit.forge({ signer: kit.signerOf("RS256", kit.attackerRsa) });
    for (let i = 0; i < 3; i++) assertFault(stage.ask(token), AUTH.BAD_CREDENTIAL, /signature/);
    const early = kit.withClaims({ nbf: kit.nowSeconds + 120 });
    assertFault(stage.ask(early), AUTH.BAD_CREDENTIAL, /yet to come/);
    stage.pass(60_000);
    principalOf(stage.ask(early));
  });

  it("is told by a detail that holds no part of it", () => {
    const stage = stageOf();
    for (const { token } of listAttacks(kit)) {
      const outcome = stage.ask(token);
      if (outcome === null || outcome instanceof Promise || outcome instanceof Principal) continue;
      for (const part of token.split(".")) if (part.length > 8) assert.ok(!outcome.detail.includes(part));
      assert.doesNotMatch(outcome.detail, /alice|admin|attacker/);
    }
  });
});

describe("keys that are not there", () => {
  it("are asked for once before a token is refused that names one", async () => {
    const stage = stageOf();
    const coming = stage.ask(kit.withHeader({ kid: "unknown" }));
    assert.ok(coming instanceof Promise);
    assertFault(await coming, AUTH.BAD_CREDENTIAL, /no key/);
    assert.equal(stage.keys.refreshes, 1);
  });

  it("let the token in that made them be asked for, and it is known from then on", async () => {
    const stage = stageOf();
    stage.keys.replace([keyOf("p256")]);
    stage.keys.next = KEYS;
    const token = kit.forge();
    const principal = principalOf(await stage.ask(token));
    assert.equal(stage.ask(token), principal);
    assert.equal(stage.keys.refreshes, 1);
  });

  it("are asked for where a token names none and no key fits it", async () => {
    const stage = stageOf();
    stage.keys.replace([keyOf("p256")]);
    stage.keys.next = KEYS;
    principalOf(await stage.ask(kit.forge({ header: { alg: "RS256" } })));
  });

  it("are asked for where a token names none and none of those that fit signed it, and tried when there are others", async () => {
    const stage = stageOf();
    const nameless = (key: TokenKey): TokenKey => ({ ...key, kid: null });
    const token = kit.forge({ header: { alg: "ES256" }, signer: kit.signerOf("ES256") });
    const twin = readKeySet(JSON.stringify({ keys: [kit.attackerEc.jwk] }));
    assert.ok(!isTokenProblem(twin));
    stage.keys.replace(twin.keys);
    assertFault(await stage.ask(token), AUTH.BAD_CREDENTIAL, /signature/);
    stage.keys.next = [nameless(keyOf("p256"))];
    principalOf(await stage.ask(token));
  });

  it("were never there: nobody can be judged, which is no fault of the caller's", async () => {
    const stage = new JwtStage(NOW);
    stage.keys.isReady = false;
    stage.keys.problem = "connection refused";
    const outcome = await stage.ask(kit.forge());
    assertFault(outcome, AUTH.UNAVAILABLE, /^users: .*connection refused/);
  });

  it("do not let a token in that expires while they come", async () => {
    const stage = stageOf();
    stage.keys.replace([]);
    stage.keys.next = KEYS;
    stage.keys.onRefresh = () => {
      stage.pass(700_000);
      return Promise.resolve();
    };
    assertFault(await stage.ask(kit.forge()), AUTH.EXPIRED, /expired/);
  });

  it("are tried four at most for a token that names none", () => {
    const stage = stageOf();
    const strangers = Array.from({ length: 5 }, () => kit.attackerEc.jwk).map((jwk, i) => ({ ...jwk, kid: `${i}` }));
    const read = readKeySet(JSON.stringify({ keys: strangers }));
    assert.ok(!isTokenProblem(read));
    // An ambiguous set is not one key: they differ in name alone.
    assert.equal(read.keys.length, 5);
    stage.keys.replace([...read.keys, keyOf("p256")]);
    const token = kit.forge({ header: { alg: "ES256" }, signer: kit.signerOf("ES256") });
    assert.ok(stage.ask(token) instanceof Promise);
    stage.keys.replace([...read.keys.slice(0, 3), keyOf("p256")]);
    principalOf(stage.ask(token));
  });
});

describe("the budget of verifications", () => {
  const bad = kit.forge({ signer: kit.signerOf("RS256", kit.attackerRsa) });

  it("stops an address that sends bad ones, says when to come again, and stops no other", () => {
    const stage = stageOf();
    for (let i = 0; i < 500; i++) assertFault(stage.ask(bad), AUTH.BAD_CREDENTIAL, /signature/);
    const outcome = stage.ask(bad) as Fault;
    assert.equal(outcome.kind.code, AUTH.TOO_MANY.code);
    assert.equal(outcome.told?.retryAfterSeconds, 1);
    assertFault(stage.ask(kit.forge()), AUTH.TOO_MANY, /^$/);
    principalOf(stage.ask(kit.forge(), "192.0.2.2"));
    stage.pass(1000);
    principalOf(stage.ask(kit.forge()));
  });

  it("is not asked about tokens that are known", () => {
    const stage = stageOf();
    const token = kit.forge();
    const first = stage.ask(token);
    while (stage.budget.spend("192.0.2.1") === 0);
    assert.equal(stage.ask(token), first);
  });

  it("is not spent on names that no key has", async () => {
    const stage = stageOf();
    const unknown = kit.withHeader({ kid: "unknown" });
    for (let i = 0; i < 600; i++) assertFault(await stage.ask(unknown), AUTH.BAD_CREDENTIAL, /no key/);
    principalOf(stage.ask(kit.forge()));
  });

  it("is spent once on a token that names no key, where the keys are the same after another reading", async () => {
    const stage = stageOf();
    const nameless = kit.forge({ header: { alg: "ES256" }, signer: kit.signerOf("ES256", kit.attackerEc) });
    stage.keys.replace([keyOf("p256")]);
    for (let i = 0; i < 500; i++) assertFault(await stage.ask(nameless), AUTH.BAD_CREDENTIAL, /signature/);
    assertFault(await stage.ask(nameless), AUTH.TOO_MANY, /^$/);
  });

  it("is not given back for one that was signed and is not good", () => {
    const stage = stageOf();
    const expired = kit.withClaims({ exp: kit.nowSeconds - 3600 });
    for (let i = 0; i < 500; i++) assertFault(stage.ask(expired), AUTH.EXPIRED, /expired/);
    assertFault(stage.ask(expired), AUTH.TOO_MANY, /^$/);
  });
});

describe("the attack table, asked of the identity", () => {
  for (const { name, token, expected } of listAttacks(kit)) {
    it(`${name} is ${expected}`, async () => {
      const outcome = await stageOf().ask(token);
      if (expected === "good") principalOf(outcome);
      else if (outcome === null) assert.ok(["malformed", "issuer", "algorithm"].includes(expected));
      else if (expected === "issuer" || expected === "malformed") assert.fail("nobody takes it");
      else assertFault(outcome, expected === "expired" ? AUTH.EXPIRED : AUTH.BAD_CREDENTIAL, /^users: /);
    });
  }
});
