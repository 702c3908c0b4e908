import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { CallFailure } from "../../calls/index.ts";
import type { ExternalIdentity } from "../../config/index.ts";
import { Principal } from "../../pipeline/index.ts";
import { type ExchangeParts, exchangeOf, hostOf, tell } from "../mtls/testdata/exchange-double.ts";
import { VerificationBudget } from "../verification-budget.ts";
import { createExternalIdentity } from "./index.ts";

const CONFIG: ExternalIdentity = {
  kind: "external",
  name: "legacy",
  headers: null,
  principal: { id: ["sub", "X-User"], tenant: "tenant", roles: "roles", scopes: "scope" },
  url: "http://127.0.0.1:9000/whoami",
  timeoutMs: 1000,
  sendHeaders: ["X-Session", "Authorization"],
  cacheForMs: 60_000,
  cachedAnswers: 100,
  claimHeaders: ["X-User"],
  ca: null,
};

const JSON_TYPE = { "content-type": "application/json; charset=utf-8" };
const json = (value: unknown, status = 200) => ({ status, headers: JSON_TYPE, body: Buffer.from(JSON.stringify(value)) });
const plain = (status: number, headers: Record<string, string> = {}, body = "") => ({ status, headers, body: Buffer.from(body) });

function legacy(config: Partial<ExternalIdentity> = {}) {
  const host = hostOf();
  const identity = createExternalIdentity({ ...CONFIG, ...config }, host, new VerificationBudget(host.wheel));
  const ask = (session: string, parts: ExchangeParts = {}) => identity.identify(exchangeOf({ ...parts, fields: [["X-Session", session]] }));
  const { made } = host.calls;
  const last = () => made.at(-1)!;
  return { host, identity, ask, made, last };
}

describe("a service that says who calls", () => {
  it("is not asked where none of its fields is there", () => {
    const { identity, made } = legacy();
    assert.equal(identity.identify(exchangeOf({ fields: [["X-Other", "a"]] })), null);
    assert.equal(made.length, 0);
  });

  it("is shown its fields and nothing else while its answers are believed for other requests too", async () => {
    const { identity, last } = legacy();
    const fields = [
      ["x-session", "a"],
      ["X-Session", "b"],
      ["Authorization", "Token t"],
      ["Cookie", "c=1"],
    ] as const;
    const outcome = identity.identify(exchangeOf({ method: "DELETE", target: "/orders/1", fields }));
    const { method, url, headers, body, timeoutMs } = last().call;
    assert.deepEqual([method, url, body, timeoutMs], ["GET", CONFIG.url, null, 1000]);
    assert.deepEqual(headers, { Accept: "application/json", "User-Agent": "sallyport", "X-Session": "a, b", Authorization: "Token t" });
    last().answer(json({ sub: "ann" }));
    assert.equal(await tell(outcome), "ann");
  });

  it("is shown method and URL where each request is asked about, and each is", async () => {
    const { ask, last, made } = legacy({ cacheForMs: 0 });
    for (const method of ["GET", "DELETE", "DELETE"]) {
      const outcome = ask("a", { method, target: "/orders/1?x" });
      assert.equal(last().call.headers["X-Original-Method"], method);
      assert.equal(last().call.headers["X-Original-Url"], "https://api.example.com/orders/1?x");
      last().answer(plain(403));
      assert.match(await tell(outcome), /^SP_AUTH_INVALID/);
    }
    assert.equal(made.length, 3);
  });

  it("is shown a field in place of what the gateway would say there itself", () => {
    const { identity, last } = legacy({ sendHeaders: ["user-agent", "cookie"] });
    const fields = [["User-Agent", "curl"] as const, ["Cookie", "a=1"] as const, ["Cookie", "b=2"] as const];
    identity.identify(exchangeOf({ fields }));
    assert.deepEqual(last().call.headers, { Accept: "application/json", "user-agent": "curl", cookie: "a=1; b=2" });
  });

  it("names the caller by members of its JSON and by fields of its answer", async () => {
    const { ask, last } = legacy({ claimHeaders: ["X-User", "X-Plan"] });
    const outcome = ask("a");
    const claims = { sub: "ann", tenant: "acme", roles: ["admin"], scope: "read write", exp: 1_800_000_000 };
    last().answer({ ...json(claims), headers: { ...JSON_TYPE, "x-plan": "gold" } });
    const principal = await outcome;
    assert.ok(principal instanceof Principal);
    const { id, tenant, roles, scopes, source, expiresAtMs } = principal;
    assert.deepEqual(
      [id, tenant, roles, scopes, source, expiresAtMs],
      ["ann", "acme", ["admin"], ["read", "write"], "external", 1_800_000_000_000],
    );
    assert.deepEqual(principal.claims, { ...claims, "X-Plan": "gold" });
    const next = ask("b");
    last().answer(plain(204, { "x-user": "bob" }));
    assert.equal(await tell(next), "bob");
  });

  it("has its credentials taken out of what upstreams see, but no foreign cookies", () => {
    const { carriers, challenge } = legacy({ sendHeaders: ["X-Session", "Authorization", "Cookie"] }).identity;
    assert.deepEqual(
      carriers.fields.map(({ text }) => text),
      ["X-Session"],
    );
    assert.equal(challenge, null);
  });

  it("is not asked about two lines of Authorization", async () => {
    const { identity, made } = legacy();
    const fields = [["Authorization", "a"] as const, ["authorization", "b"] as const];
    assert.match(await tell(identity.identify(exchangeOf({ fields }))), /^SP_AUTH_INVALID: .*more than one line/);
    assert.equal(made.length, 0);
  });
});

describe("its answer", () => {
  for (const [answer, outcome] of [
    [plain(401), "SP_AUTH_INVALID: legacy: the service answered 401"],
    [plain(403), "SP_AUTH_INVALID: legacy: the service answered 403"],
    [plain(500), "SP_AUTH_UNAVAILABLE: legacy: the service answered 500"],
    [plain(302, { location: "/login" }), "SP_AUTH_UNAVAILABLE: legacy: the service answered 302"],
    [plain(404), "SP_AUTH_UNAVAILABLE: legacy: the service answered 404"],
    [plain(429), "SP_AUTH_UNAVAILABLE: legacy: the service answered 429"],
    [plain(200), "SP_AUTH_UNAVAILABLE: legacy: of the service's answer: it has no `sub` and no `X-User`"],
    [
      plain(200, { "content-type": "text/html" }, '{"sub":"ann"}'),
      "SP_AUTH_UNAVAILABLE: legacy: of the service's answer: it has no `sub` and no `X-User`",
    ],
    [plain(200, JSON_TYPE, '{"sub":"ann"'), "SP_AUTH_UNAVAILABLE: legacy: the service's answer is JSON, and no object of it"],
    [json(["ann"]), "SP_AUTH_UNAVAILABLE: legacy: the service's answer is JSON, and no object of it"],
    [json({ sub: "ann", exp: "soon" }), "SP_AUTH_UNAVAILABLE: legacy: `exp` of the service's answer is no number of seconds"],
    [json({ sub: "ann", exp: 1 }), "SP_AUTH_EXPIRED: legacy: the service says that it has expired"],
    [json({ sub: { name: "ann" } }), "SP_AUTH_UNAVAILABLE: legacy: of the service's answer: it has no `sub` and no `X-User`"],
    [{ ...json({ sub: "ann" }), headers: { "content-type": "application/vnd.acme.user+json" } }, "ann"],
    [json({ sub: "ann" }, 201), "ann"],
  ] as const) {
    it(`${answer.status} ${Buffer.from(answer.body).toString()} comes to ${outcome}`, async () => {
      const { ask, last, host } = legacy();
      const asked = ask("secret-session");
      last().answer(answer);
      assert.equal(await tell(asked), outcome);
      assert.equal(host.asked[0]?.isGood, !outcome.includes("UNAVAILABLE"));
      assert.ok(!JSON.stringify(host.asked).includes("secret-session"));
    });
  }

  it("that does not come lets nobody in", async () => {
    const { ask, last, host } = legacy();
    const asked = ask("a");
    last().fail(new CallFailure("timeout", "127.0.0.1:9000 did not answer within 1000 ms"));
    assert.equal(await tell(asked), "SP_AUTH_UNAVAILABLE: legacy: 127.0.0.1:9000 did not answer within 1000 ms");
    assert.deepEqual(host.asked, [{ what: "external", isGood: false, detail: "127.0.0.1:9000 did not answer within 1000 ms" }]);
    const next = ask("a");
    last().fail(new Error("a bug that holds a"));
    assert.equal(await tell(next), "SP_AUTH_UNAVAILABLE: legacy: the service can't be asked");
  });

  it("that was lost with its connection is asked for once more, in the time that is left", async () => {
    const { ask, made, host } = legacy();
    const asked = ask("a");
    host.clock.advance(400);
    made[0]?.fail(new CallFailure("broken", "the connection was closed"));
    await new Promise<void>((resolve) => setImmediate(resolve));
    assert.equal(made[1]?.call.timeoutMs, 600);
    made[1]?.answer(json({ sub: "ann" }));
    assert.equal(await tell(asked), "ann");
  });
});

describe("what is known of its answers", () => {
  it("is believed as long as the configuration says, at once and without a promise", async () => {
    const { ask, last, made, host } = legacy();
    const asked = ask("a");
    last().answer(json({ sub: "ann" }));
    const principal = await asked;
    host.clock.advance(59_999);
    assert.equal(ask("a", { method: "DELETE", target: "/other" }), principal);
    host.clock.advance(1);
    assert.ok(ask("a") instanceof Promise);
    assert.equal(made.length, 2);
    assert.deepEqual(host.lookups, [false, true, false]);
  });

  it("is never believed past the time that the answer itself gives", async () => {
    const { ask, last, host } = legacy();
    const asked = ask("a");
    last().answer(json({ sub: "ann", exp: host.clock.wall() / 1000 + 10 }));
    await asked;
    host.clock.advance(9_999);
    assert.ok(ask("a") instanceof Principal);
    host.clock.advance(1);
    assert.ok(ask("a") instanceof Promise);
  });

  it("is a second for a no, and nothing for a service that can't be asked", async () => {
    const { ask, last, made, host } = legacy();
    let asked = ask("a");
    last().answer(plain(401));
    await asked;
    host.clock.advance(999);
    assert.match(await tell(ask("a")), /^SP_AUTH_INVALID/);
    assert.equal(made.length, 1);
    host.clock.advance(1);
    asked = ask("a");
    last().answer(plain(500));
    await asked;
    ask("a");
    assert.equal(made.length, 3);
  });

  it("is of the very values, in their very fields", async () => {
    const { identity, last, made } = legacy({ sendHeaders: ["X-A", "X-B"] });
    const shown = [
      [["X-A", "1"]],
      [["X-B", "1"]],
      [
        ["X-A", "1"],
        ["X-B", ""],
      ],
      [["X-A", "1\n-"]],
      [
        ["X-A", ""],
        ["X-B", "1"],
      ],
    ] as const;
    for (const fields of shown) {
      const asked = identity.identify(exchangeOf({ fields }));
      last().answer(json({ sub: "ann" }));
      await asked;
    }
    assert.equal(made.length, shown.length);
  });

  it("is one question for all who ask the same meanwhile, and 64 of different ones at once", async () => {
    const { ask, made } = legacy();
    const same = [ask("0"), ask("0"), ask("0")];
    assert.equal(made.length, 1);
    const others = Array.from({ length: 63 }, (_, i) => ask(`${i + 1}`));
    assert.equal(made.length, 64);
    assert.match(await tell(ask("64")), /^SP_AUTH_UNAVAILABLE: .* 64 requests are being asked about/);
    for (const { answer } of made) answer(json({ sub: "ann" }));
    assert.equal(new Set(await Promise.all(same)).size, 1);
    await Promise.all(others);
    assert.ok(ask("64") instanceof Promise);
  });

  it("is kept for as many callers as the configuration says", async () => {
    const { ask, last, made } = legacy({ cachedAnswers: 1 });
    for (const session of ["a", "b", "a"]) {
      const asked = ask(session);
      last().answer(json({ sub: session }));
      assert.equal(await tell(asked), session);
    }
    assert.equal(made.length, 3);
  });

  it("costs the budget of a client only where it was no good", async () => {
    const host = hostOf();
    const budget = new VerificationBudget(host.wheel, { verifications: 1, perSecond: 0.1, addresses: 9 });
    const identity = createExternalIdentity(CONFIG, host, budget);
    const ask = (session: string, address = "192.0.2.1") => identity.identify(exchangeOf({ address, fields: [["X-Session", session]] }));
    const refused = ask("a");
    host.calls.made[0]?.answer(plain(401));
    assert.match(await tell(refused), /^SP_AUTH_INVALID/);
    const bounded = await ask("b");
    assert.ok(bounded !== null && "told" in bounded);
    assert.equal(bounded.kind.code, "SP_AUTH_TOO_MANY");
    assert.equal(bounded.told?.retryAfterSeconds, 10);
    assert.equal(host.calls.made.length, 1);
    assert.ok(ask("b", "192.0.2.2") instanceof Promise);
  });

  it("costs nobody's budget while the service is in trouble", async () => {
    const host = hostOf();
    const budget = new VerificationBudget(host.wheel, { verifications: 2, perSecond: 0.1, addresses: 9 });
    const identity = createExternalIdentity(CONFIG, host, budget);
    for (let count = 0; count < 8; count++) {
      const asked = identity.identify(exchangeOf({ fields: [["X-Session", `${count}`]] }));
      const call = host.calls.made.at(-1);
      if (count % 2 === 0) call?.answer(plain(500));
      else call?.fail(new CallFailure("timeout", "nothing came"));
      assert.match(await tell(asked), /^SP_AUTH_UNAVAILABLE/);
    }
  });

  it("is nothing more once the identity is closed", async () => {
    const { identity, ask, last } = legacy();
    const asked = ask("a");
    identity.close();
    last().answer(json({ sub: "ann" }));
    assert.equal(await tell(asked), "ann");
    assert.ok(ask("a") instanceof Promise);
  });
});
