import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock, TimerWheel } from "../../base/index.ts";
import { type Call, CallFailure, FakeCalls, jsonAnswer } from "../../calls/index.ts";
import type { IntrospectionIdentity } from "../../config/index.ts";
import { Principal } from "../../pipeline/index.ts";
import type { Outcome } from "../identity.ts";
import { exchangeOf, secret, tell } from "../mtls/testdata/exchange-double.ts";
import { VerificationBudget } from "../verification-budget.ts";
import { createIntrospectionIdentity } from "./index.ts";

const URL = "https://id.example/introspect";
const SECRET = "p@ss:w+rd é";

const CONFIG: IntrospectionIdentity = {
  kind: "introspection",
  name: "legacy",
  headers: null,
  principal: { id: ["sub", "client_id"], tenant: "tenant", roles: "roles", scopes: "scope" },
  url: URL,
  clientId: "gate way",
  clientSecret: secret(SECRET),
  clientAuth: "basic",
  issuer: null,
  audiences: [],
  cacheForMs: 30_000,
  negativeCacheForMs: 5_000,
  timeoutMs: 2_000,
  cachedTokens: 100,
  ca: "PEM",
};

class Stage {
  readonly clock = new FakeClock(1_000);
  readonly wheel = new TimerWheel(this.clock);
  readonly calls = new FakeCalls();
  readonly asked: { readonly what: string; readonly isGood: boolean; readonly detail: string }[] = [];
  readonly lookups: boolean[] = [];
  readonly budget: VerificationBudget;
  readonly identity;

  constructor(config: Partial<IntrospectionIdentity> = {}, bounds = { verifications: 500, perSecond: 100, addresses: 100 }) {
    const { calls, clock, wheel } = this;
    this.budget = new VerificationBudget(wheel, bounds);
    const watcher = {
      onAsked: (_: string, what: string, isGood: boolean, detail: string) => void this.asked.push({ what, isGood, detail }),
      onLookup: (_: string, isHit: boolean) => void this.lookups.push(isHit),
    };
    const host = {
      calls,
      clock,
      documents: { read: () => Promise.reject(new Error("nothing is read")) },
      sealKeys: () => Promise.resolve([]),
      stores: null,
      watcher,
      wheel,
    };
    this.identity = createIntrospectionIdentity({ ...CONFIG, ...config }, host, this.budget);
    this.answer({ active: true, sub: "ann", scope: "read write", tenant: "acme" });
  }

  answer(value: unknown, status = 200): void {
    this.calls.replyJson(URL, value, status);
  }

  /** Sends a token, once. */
  show(token = "opaque-1", address = "192.0.2.1"): Outcome {
    return this.identity.identify(exchangeOf({ fields: [["Authorization", `Bearer ${token}`]], address }));
  }

  /** By the endpoint's own count. */
  get asks(): number {
    return this.calls.count(URL);
  }

  pass(ms: number): void {
    this.clock.advance(ms);
    this.wheel.touch();
  }

  last(): Call {
    return this.calls.made.at(-1) ?? assert.fail("nothing was called");
  }
}

describe("a token that its issuer is asked about", () => {
  it("is a principal with what the issuer says", async () => {
    const stage = new Stage();
    const principal = await stage.show();
    assert.ok(principal instanceof Principal);
    const { expiresAtMs, id, identity, scopes, source, tenant } = principal;
    assert.deepEqual(
      [id, identity, source, tenant, scopes, expiresAtMs],
      ["ann", "legacy", "introspection", "acme", ["read", "write"], null],
    );
    assert.deepEqual(stage.asked, [{ what: "introspection", isGood: true, detail: "" }]);
    assert.equal(stage.identity.challenge, 'Bearer realm="legacy"');
  });

  it("is none where there is none, and is claimed before anybody is asked when it is malformed", () => {
    const { calls, identity } = new Stage();
    assert.equal(identity.identify(exchangeOf()), null);
    assert.equal(identity.identify(exchangeOf({ fields: [["Authorization", "Basic YTpi"]] })), null);
    const refused = identity.identify(exchangeOf({ fields: [["Authorization", "Bearer a b"]] }));
    assert.ok(refused !== null && "kind" in refused);
    assert.equal(refused.kind.code, "SP_AUTH_INVALID");
    assert.equal(calls.made.length, 0);
  });

  it("is asked about in a form, by who says who it is", async () => {
    const stage = new Stage();
    await stage.show("a+b/c==");
    const { body, ca, headers, maxBytes, method, timeoutMs } = stage.last();
    assert.deepEqual([method, ca, timeoutMs, maxBytes], ["POST", "PEM", 2_000, 65_536]);
    assert.equal(headers["Content-Type"], "application/x-www-form-urlencoded");
    assert.equal(body, "token=a%2Bb%2Fc%3D%3D&token_type_hint=access_token");
    // RFC 6749 2.3.1: each half is encoded as in a form, before base64.
    const pair = Buffer.from((headers["Authorization"] ?? "").slice("Basic ".length), "base64").toString();
    assert.equal(pair, "gate+way:p%40ss%3Aw%2Brd+%C3%A9");
  });

  it("is asked about with the secret in the form, where that is configured", async () => {
    const stage = new Stage({ clientAuth: "post" });
    await stage.show("t");
    const { body, headers } = stage.last();
    assert.equal(headers["Authorization"], undefined);
    assert.deepEqual(Object.fromEntries(new URLSearchParams(body ?? "")), {
      token: "t",
      token_type_hint: "access_token",
      client_id: "gate way",
      client_secret: SECRET,
    });
  });

  it("is asked about once for all who show it at once, and at once known after that", async () => {
    const stage = new Stage();
    stage.calls.hold(URL);
    const shown = Array.from({ length: 100 }, () => stage.show());
    stage.calls.release(URL);
    const principals = await Promise.all(shown);
    assert.equal(new Set(principals).size, 1);
    assert.equal(stage.show(), principals[0]);
    assert.equal(stage.asks, 1);
    assert.deepEqual([stage.lookups.length, stage.lookups.filter(Boolean).length], [101, 1]);
  });

  it("is asked about again when that is over", async () => {
    const stage = new Stage();
    const first = await stage.show();
    stage.pass(29_999);
    assert.equal(stage.show(), first);
    stage.pass(1);
    assert.ok(stage.show() instanceof Promise);
    assert.equal(stage.asks, 2);
  });

  it("is never believed past its end, whatever clocks do", async () => {
    const stage = new Stage();
    stage.answer({ active: true, sub: "ann", exp: Math.floor(stage.clock.wall() / 1000) + 10 });
    assert.ok((await stage.show()) instanceof Principal);
    stage.clock.jumpWall(60_000);
    assert.equal(await tell(stage.show()), "SP_AUTH_EXPIRED: legacy: the token has expired");
    stage.clock.jumpWall(-60_000);
    stage.pass(9_000);
    assert.equal(await tell(stage.show()), "ann");
    stage.pass(1_000);
    assert.ok(stage.show() instanceof Promise);
  });

  it("is not remembered where that is off", async () => {
    const stage = new Stage({ cacheForMs: 0, negativeCacheForMs: 0 });
    await stage.show();
    await stage.show();
    stage.answer({ active: false });
    await stage.show();
    await stage.show();
    assert.equal(stage.asks, 4);
  });

  it("that is bad is bad for a short time, and asked about again", async () => {
    const stage = new Stage();
    stage.answer({ active: false });
    const bad = "SP_AUTH_INVALID: legacy: the issuer says that the token is not active";
    assert.equal(await tell(stage.show()), bad);
    stage.answer({ active: true, sub: "ann" });
    stage.pass(4_999);
    const known = stage.show();
    assert.ok(!(known instanceof Promise));
    assert.equal(await tell(known), bad);
    stage.pass(1);
    assert.equal(await tell(stage.show()), "ann");
    assert.equal(stage.asks, 2);
  });

  it("of nobody is bad", async () => {
    const stage = new Stage();
    stage.answer({ active: true, sub: { name: "ann" } });
    assert.equal(await tell(stage.show()), "SP_AUTH_INVALID: legacy: of the token: it has no `sub` and no `client_id`");
  });

  it("lets nobody in while the issuer can't be asked, which is told and not remembered", async () => {
    const stage = new Stage();
    for (const [reply, detail] of [
      [new CallFailure("connect", "nobody is there"), "nobody is there"],
      [new CallFailure("timeout", "no answer"), "no answer"],
      [new CallFailure("too-large", "too much"), "too much"],
      [jsonAnswer({ active: true }, 500), "the endpoint answered 500"],
      [jsonAnswer({ active: true }, 401), "the endpoint does not take the gateway's own credentials (401)"],
      [jsonAnswer([]), "the endpoint's answer is no JSON object"],
      [jsonAnswer({ active: "true" }), "`active` of the endpoint's answer is neither true nor false"],
    ] as const) {
      stage.calls.reply(URL, reply);
      assert.equal(await tell(stage.show()), `SP_AUTH_UNAVAILABLE: legacy: ${detail}`);
      assert.deepEqual(stage.asked.at(-1), { what: "introspection", isGood: false, detail });
    }
    stage.answer({ active: true, sub: "ann" });
    assert.equal(await tell(stage.show()), "ann");
  });

  it("that is known is good while the issuer can't be asked", async () => {
    const stage = new Stage();
    await stage.show();
    stage.calls.refuse(URL);
    assert.equal(await tell(stage.show()), "ann");
  });

  it("is asked about once more, within its time, when the connection had been closed", async () => {
    const stage = new Stage();
    let count = 0;
    stage.calls.reply(URL, () => {
      if (count++ > 0) return jsonAnswer({ active: true, sub: "ann" });
      stage.clock.advance(500);
      return new CallFailure("broken", "closed");
    });
    assert.equal(await tell(stage.show()), "ann");
    assert.deepEqual(
      stage.calls.made.map(({ timeoutMs }) => timeoutMs),
      [2_000, 1_500],
    );
    stage.calls.reply(URL, new CallFailure("broken", "closed"));
    assert.equal(await tell(stage.show("another")), "SP_AUTH_UNAVAILABLE: legacy: closed");
    assert.equal(stage.asks, 4);
  });

  it("stands in no detail, and neither does the secret", async () => {
    const stage = new Stage();
    for (const reply of [jsonAnswer({ active: false }), jsonAnswer({}, 500), new CallFailure("connect", "nobody is there")]) {
      stage.calls.reply(URL, reply);
      assert.doesNotMatch(await tell(stage.show("s3cret-token")), /s3cret|p@ss/);
    }
    assert.doesNotMatch(JSON.stringify(stage.asked), /s3cret|p@ss/);
  });
});

describe("a flood of tokens that nobody knows", () => {
  it("is asked about 64 at once, whoever sends them, and what is known goes on", async () => {
    const stage = new Stage();
    const known = await stage.show("known");
    stage.answer({ active: false });
    stage.calls.hold(URL);
    const shown = Array.from({ length: 1_000 }, (_, index) => stage.show(`random-${index}`, `198.51.100.${index % 250}`));
    assert.equal(stage.asks, 1 + 64);
    assert.equal(await tell(shown[64]!), "SP_AUTH_UNAVAILABLE: legacy: 64 tokens are being asked about already");
    assert.deepEqual(stage.asked.at(-1), { what: "introspection", isGood: false, detail: "64 tokens are being asked about already" });
    assert.equal(stage.show("known"), known);
    stage.calls.release(URL);
    assert.match(await tell(shown[63]!), /SP_AUTH_INVALID/);
    assert.match(await tell(stage.show("random-64")), /SP_AUTH_INVALID/);
  });

  it("of one address is bounded in time, and nobody else pays for it", async () => {
    const stage = new Stage({}, { verifications: 5, perSecond: 1, addresses: 100 });
    stage.answer({ active: false });
    for (let index = 0; index < 5; index++) assert.match(await tell(stage.show(`random-${index}`)), /SP_AUTH_INVALID/);
    for (let index = 5; index < 100; index++) {
      const refused = stage.show(`random-${index}`);
      assert.ok(refused !== null && "kind" in refused);
      assert.deepEqual([refused.kind.code, refused.told], ["SP_AUTH_TOO_MANY", { detail: null, retryAfterSeconds: 1 }]);
    }
    assert.equal(stage.asks, 5);
    stage.answer({ active: true, sub: "ann" });
    assert.equal(await tell(stage.show("good", "192.0.2.2")), "ann");
    stage.pass(1_000);
    assert.equal(await tell(stage.show("good-too")), "ann");
  });

  it("is counted against nobody while the issuer can't be asked", async () => {
    const stage = new Stage({}, { verifications: 5, perSecond: 1, addresses: 100 });
    stage.answer({}, 500);
    for (let index = 0; index < 15; index++) assert.match(await tell(stage.show(`any-${index}`)), /SP_AUTH_UNAVAILABLE/);
    stage.calls.refuse(URL);
    for (let index = 15; index < 30; index++) assert.match(await tell(stage.show(`any-${index}`)), /SP_AUTH_UNAVAILABLE/);
  });

  it("does not count good ones as it counts bad ones", async () => {
    const stage = new Stage({}, { verifications: 5, perSecond: 1, addresses: 100 });
    for (let index = 0; index < 30; index++) assert.equal(await tell(stage.show(`good-${index}`)), "ann");
  });

  it("leaves those that are in use known, and fills no memory", async () => {
    const stage = new Stage({}, { verifications: 1e6, perSecond: 100, addresses: 100 });
    const known = await stage.show("known");
    for (let index = 0; index < 1_000; index++) {
      await stage.show(`once-${index}`);
      assert.equal(stage.show("known"), known);
    }
    assert.equal(stage.asks, 1_001);
  });
});
