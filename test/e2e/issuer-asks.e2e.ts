// What identities ask an issuer, asked of a real OpenID provider: where its keys are, the keys, and whether a token is good.

import assert from "node:assert/strict";
import { after, describe, it } from "node:test";
import { FakeClock, Secret, systemClock, TimerWheel } from "../../src/base/index.ts";
import { createCalls, createDocuments } from "../../src/calls/index.ts";
import type { IntrospectionIdentity } from "../../src/config/index.ts";
import { createIntrospectionIdentity } from "../../src/identity/introspection/index.ts";
import { createKeySource } from "../../src/identity/keys/index.ts";
import { exchangeOf, tell } from "../../src/identity/mtls/testdata/exchange-double.ts";
import { VerificationBudget } from "../../src/identity/verification-budget.ts";
import { OidcProvider } from "../kit/oidc-provider.ts";

describe("a real issuer", () => {
  // Calls count real time; all else goes by a clock that the test moves.
  const clock = new FakeClock(0, Date.now());
  const wheel = new TimerWheel(clock);
  const calls = createCalls(systemClock);
  const documents = createDocuments(calls, clock);
  const problems: string[] = [];
  const watcher = {
    onAsked: (_: string, what: string, isGood: boolean, detail: string) => {
      if (!isGood) problems.push(`${what}: ${detail}`);
    },
    onLookup: () => undefined,
  };
  const host = { calls, clock, documents, sealKeys: () => Promise.resolve([]), stores: null, watcher, wheel };
  const closers: (() => unknown)[] = [() => calls.close()];
  after(async () => {
    for (const close of closers) await close();
  });

  async function start(): Promise<OidcProvider> {
    const provider = await OidcProvider.start();
    closers.push(() => provider.close());
    return provider;
  }

  function introspect({ issuer, machine }: OidcProvider, more: Partial<IntrospectionIdentity> = {}) {
    const config: IntrospectionIdentity = {
      kind: "introspection",
      name: "legacy",
      headers: null,
      principal: { id: ["sub", "client_id"], tenant: "tenant", roles: "roles", scopes: "scope" },
      url: `${issuer}/token/introspection`,
      clientId: machine.id,
      clientSecret: new Secret(machine.secret),
      clientAuth: "basic",
      issuer,
      audiences: [],
      cacheForMs: 30_000,
      negativeCacheForMs: 5_000,
      timeoutMs: 5_000,
      cachedTokens: 100,
      ca: null,
      ...more,
    };
    const identity = createIntrospectionIdentity(config, host, new VerificationBudget(wheel));
    return (token: string) => identity.identify(exchangeOf({ fields: [["Authorization", `Bearer ${token}`]] }));
  }

  it("says that its tokens are good, until they are revoked and that is noticed", async () => {
    const provider = await start();
    const show = introspect(provider);
    const token = await provider.machineToken("orders:read");
    const principal = await show(token);
    assert.ok(principal !== null && "scopes" in principal, await tell(principal));
    assert.deepEqual([principal.id, principal.scopes, principal.claims["iss"]], ["machine", ["orders:read"], provider.issuer]);
    assert.ok((principal.expiresAtMs ?? 0) > Date.now());
    assert.equal(show(token), principal);
    await provider.revoke(token);
    clock.advance(30_000);
    assert.match(await tell(show(token)), /^SP_AUTH_INVALID: .*not active/);
    assert.match(await tell(show("nobody-s")), /^SP_AUTH_INVALID: .*not active/);
    assert.deepEqual(problems, []);
  });

  it("answers nobody who has not the right secret, which is no fault of the token's", async () => {
    const provider = await start();
    const token = await provider.machineToken();
    const show = introspect(provider, { clientSecret: new Secret("wrong") });
    assert.match(await tell(show(token)), /^SP_AUTH_UNAVAILABLE: .*own credentials \(401\)/);
    assert.equal(problems.splice(0).length, 1);
  });

  it("lets nobody new in while it is away, and who is known goes on", async () => {
    const provider = await start();
    const show = introspect(provider);
    const [known, other] = [await provider.machineToken(), await provider.machineToken()];
    await show(known);
    provider.isAway = true;
    assert.match(await tell(show(other)), /^SP_AUTH_UNAVAILABLE/);
    assert.equal(await tell(show(known)), "machine");
    provider.isAway = false;
    assert.equal(await tell(show(other)), "machine");
    assert.equal(problems.splice(0).length, 1);
  });

  it("is found by its name, and its keys are followed through rotations and an outage", async () => {
    const provider = await start();
    const jwks = { source: { kind: "discovery" }, cacheForMs: 300_000, graceMs: 600_000, ca: null } as const;
    const keys = createKeySource("users", provider.issuer, jwks, host);
    closers.push(() => keys.close());
    await keys.refresh();
    const [first] = provider.kids;
    assert.deepEqual([keys.problem, keys.find(first!).length], ["", 1]);
    for (let round = 0; round < 3; round++) {
      await provider.rotateKeys(1);
      clock.advance(10_000);
      await keys.refresh();
      for (const kid of provider.kids) assert.equal(keys.find(kid).length, 1);
    }
    assert.equal(keys.find(first!).length, 1, "retired, and good for a while");
    const before = provider.asked.filter((path) => path === "/jwks").length;
    assert.equal(before, 4);
    provider.isAway = true;
    clock.advance(10_000);
    await keys.refresh();
    assert.match(keys.problem, /closed the connection/);
    for (const kid of provider.kids) assert.equal(keys.find(kid).length, 1);
    assert.ok(keys.isReady);
  });
});
