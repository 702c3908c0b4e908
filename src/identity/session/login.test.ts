import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { valuesOf } from "../../../test/kit/index.ts";
import { FakeBrowser, FETCH, NAVIGATION, type Shared, share, until, Worker } from "../../../test/kit/session-browser.ts";
import { ISSUER } from "./provider-fake.ts";

async function start(config: Parameters<typeof Worker.start>[1] = {}, optional = false) {
  const shared = await share();
  const worker = await Worker.start(shared, config, optional);
  return { shared, worker, browser: new FakeBrowser(worker), provider: shared.provider };
}

const secretsOf = ({ provider }: Shared) => [...provider.refreshTokens.keys(), "access-", "code-"];

describe("a browser without a session", () => {
  it("is sent to the login and from there to the provider, with PKCE, state and nonce", async () => {
    const { browser, worker } = await start();
    const greeted = await browser.send("/orders?id=7&x=%2F");
    assert.equal(greeted.status, 302);
    assert.equal(greeted.location, `/auth/login?returnTo=${encodeURIComponent("/orders?id=7&x=%2F")}`);
    assert.equal(greeted.cacheControl, "no-store");
    const sent = await browser.send(greeted.location);
    assert.equal(sent.status, 302);
    assert.equal(sent.cacheControl, "no-store");
    const url = new URL(sent.location);
    assert.equal(url.origin + url.pathname, `${ISSUER}/auth`);
    const asked = Object.fromEntries(url.searchParams);
    assert.equal(asked["redirect_uri"], "http://app.test/auth/callback");
    assert.equal(asked["code_challenge_method"], "S256");
    assert.equal(asked["scope"], "openid profile");
    for (const name of ["state", "nonce", "code_challenge"]) assert.ok((asked[name] ?? "").length >= 43);
    assert.match(sent.cookies.join(), /^sid\.login-[\w-]{10}=[\w.-]+; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/);
    assert.equal(worker.stage.server.seen.length, 0);
    worker.stage.finish();
  });

  it("is told 401 where no person could follow a redirect, or the configuration says so", async () => {
    const { browser, worker } = await start();
    assert.equal((await browser.send("/x", FETCH)).code, "SP_AUTH_REQUIRED");
    assert.equal((await browser.send("/x", NAVIGATION, "POST")).code, "SP_AUTH_REQUIRED");
    worker.stage.finish();
    const silent = await start({ redirects: false });
    assert.equal((await silent.browser.send("/x")).code, "SP_AUTH_REQUIRED");
    silent.worker.stage.finish();
  });

  it("is told 503 while the provider is away, and logs in once it is back", async () => {
    const { browser, provider, shared, worker } = await start();
    provider.isAway = true;
    assert.equal((await browser.send("/auth/login")).code, "SP_AUTH_UNAVAILABLE");
    assert.deepEqual(shared.asked, ["discovery false", "login false"]);
    // Who comes in the next moments shares the failure.
    assert.equal((await browser.send("/auth/login")).status, 503);
    assert.equal(provider.count("/.well-known/openid-configuration"), 1);
    provider.isAway = false;
    shared.clock.advance(2000);
    assert.equal((await browser.send("/auth/login")).status, 302);
    worker.stage.finish();
  });
});

for (const store of ["cookie", "database"] as const) {
  describe(`a login, kept in the ${store}`, () => {
    it("leads to the page that was asked for, and the upstream learns who it is", async () => {
      const { browser, provider, shared, worker } = await start({ store });
      const back = await browser.login(provider, "/orders?id=7");
      assert.deepEqual([back.status, back.location, back.cacheControl], [303, "/orders?id=7", "no-store"]);
      assert.deepEqual([...browser.jar.keys()], ["sid"]);
      assert.equal((await browser.send("/orders?id=7")).status, 200);
      const principal = worker.stage.ended.at(-1)?.principal;
      assert.equal(principal?.id, "alice");
      assert.equal(principal?.source, "session");
      assert.equal(principal?.tenant, "north");
      assert.deepEqual(principal?.roles, ["admin"]);
      assert.deepEqual(principal?.scopes, ["openid", "profile"]);
      assert.deepEqual(Object.keys(principal?.claims ?? {}).sort(), ["name", "roles", "scope", "sub", "tenant"]);
      const seen = worker.stage.server.seen[0]!;
      assert.deepEqual(valuesOf(seen, "cookie"), []);
      assert.match(valuesOf(seen, "authorization").join(), /^Bearer access-\d+$/);
      assert.deepEqual(shared.asked.slice(0, 3), ["discovery true", "userinfo true", "login true"]);
      worker.stage.finish();
    });

    it("puts nothing of it in sight: not in the cookie, not in an answer, not in the store", async () => {
      const { browser, provider, shared, worker } = await start({ store });
      const back = await browser.login(provider, "/x");
      const record = await shared.stores.sessions.removeOf("web", "alice");
      assert.equal(record, store === "database" ? 1 : 0);
      const shown = JSON.stringify([back, ...browser.jar]);
      for (const secret of secretsOf(shared)) assert.ok(!shown.includes(secret), secret);
      if (store === "database") assert.match(browser.jar.get("sid") ?? "", /^[\w-]{43}$/);
      worker.stage.finish();
    });

    it("begins another session each time, and the one before is no more where the store can say so", async () => {
      const { browser, provider, shared, worker } = await start({ store });
      await browser.login(provider);
      const first = browser.jar.get("sid")!;
      await browser.send("/x");
      await browser.login(provider);
      assert.notEqual(browser.jar.get("sid"), first);
      browser.jar.set("sid", first);
      // What a store has of a session is looked up again every few seconds.
      shared.clock.advance(5000);
      assert.equal((await browser.send("/x", FETCH)).status, store === "database" ? 401 : 200);
      worker.stage.finish();
    });

    it("goes on when the provider has just changed its keys, and so do refreshes", async () => {
      const { browser, provider, shared, worker } = await start({ store });
      await browser.login(provider);
      await provider.rotateKeys();
      shared.clock.advance(250_000);
      assert.equal((await browser.send("/x", FETCH)).status, 200);
      assert.ok(shared.asked.includes("refresh true"));
      assert.equal((await browser.login(provider)).status, 303);
      worker.stage.finish();
    });

    it("takes no session of somebody else's making along", async () => {
      const { browser, provider, worker } = await start({ store });
      browser.jar.set("sid", "planted");
      await browser.login(provider);
      assert.notEqual(browser.jar.get("sid"), "planted");
      assert.equal((await browser.send("/x", FETCH)).status, 200);
      worker.stage.finish();
    });

    it("works in several tabs at once", async () => {
      const { browser, provider, worker } = await start({ store });
      const one = await browser.send("/auth/login?returnTo=/one");
      const two = await browser.send("/auth/login?returnTo=/two");
      assert.equal((await browser.send(`/auth/callback${provider.login(one.location)}`)).location, "/one");
      assert.equal((await browser.send(`/auth/callback${provider.login(two.location)}`)).location, "/two");
      assert.deepEqual([...browser.jar.keys()], ["sid"]);
      assert.equal((await browser.send("/x", FETCH)).status, 200);
      worker.stage.finish();
    });
  });
}

describe("a way back from the provider that is not good", () => {
  it("is 400 when this browser began no such login", async () => {
    const { browser, provider, shared, worker } = await start();
    const { location } = await browser.send("/auth/login");
    const query = provider.login(location);
    const other = new FakeBrowser(worker);
    const answer = await other.send(`/auth/callback${query}`);
    assert.deepEqual([answer.status, answer.code], [400, "SP_AUTH_LOGIN_FAILED"]);
    assert.equal(other.jar.size, 0);
    assert.equal(provider.count("/token"), 0);
    for (const secret of secretsOf(shared)) assert.ok(!answer.body.includes(secret) && !answer.detail.includes(secret));
    worker.stage.finish();
  });

  for (const [title, change] of [
    ["without a state", (query: URLSearchParams) => query.delete("state")],
    ["with another state", (query) => query.set("state", `${"A".repeat(43)}`)],
    ["with the state twice", (query) => query.append("state", query.get("state") ?? "")],
    ["with a state that only begins so", (query) => query.set("state", `${(query.get("state") ?? "").slice(0, 20)}${"A".repeat(23)}`)],
    ["of another issuer", (query) => query.set("iss", "https://evil.test")],
    ["without its issuer", (query) => query.delete("iss")],
    ["with a code that the provider never gave", (query) => query.set("code", "guessed-code")],
    ["with an error", (query) => query.set("error", "access_denied")],
    ["with an error that is none", (query) => query.set("error", "<script>secret</script>")],
    ["without anything", (query) => query.delete("code")],
  ] as [string, (query: URLSearchParams) => void][]) {
    it(`is 400 ${title}, raises no alarm and says nothing of what came`, async () => {
      const { browser, provider, shared, worker } = await start();
      const { location } = await browser.send("/auth/login");
      const query = new URLSearchParams(provider.login(location));
      change(query);
      const answer = await browser.send(`/auth/callback?${query}`);
      assert.deepEqual([answer.status, answer.code], [400, "SP_AUTH_LOGIN_FAILED"], answer.detail);
      assert.ok(!browser.jar.has("sid"));
      const said = `${answer.body}${answer.detail}${shared.details.join()}`;
      for (const secret of ["code-", "guessed", "script", query.get("state") || "none"]) assert.ok(!said.includes(secret), said);
      assert.deepEqual(shared.asked, ["discovery true"]);
      worker.stage.finish();
    });
  }

  it("is 429 for one address that comes back with codes all the time: the provider is asked of so many", async () => {
    const { browser, provider, worker } = await start();
    const { location } = await browser.send("/auth/login");
    const query = new URLSearchParams(provider.login(location));
    query.set("code", "guessed");
    const codes = new Map<string, number>();
    for (let count = 0; count < 520; count++) {
      const { code } = await browser.send(`/auth/callback?${query}`);
      codes.set(code, (codes.get(code) ?? 0) + 1);
    }
    assert.deepEqual(Object.fromEntries(codes), { SP_AUTH_LOGIN_FAILED: 500, SP_AUTH_TOO_MANY: 20 });
    assert.equal(provider.count("/token"), 500);
    worker.stage.finish();
  });

  it("is 400 for a code that was used before, also with the cookies of then", async () => {
    const { browser, provider, worker } = await start();
    const { location } = await browser.send("/auth/login");
    const before = [...browser.jar];
    const query = provider.login(location);
    assert.equal((await browser.send(`/auth/callback${query}`)).status, 303);
    assert.equal((await browser.send(`/auth/callback${query}`)).status, 400);
    const thief = new FakeBrowser(worker);
    for (const [name, value] of before) thief.jar.set(name, value);
    const answer = await thief.send(`/auth/callback${query}`);
    assert.deepEqual([answer.status, answer.detail], [400, "web: the provider says invalid_grant"]);
    worker.stage.finish();
  });

  it("is 400 ten minutes later", async () => {
    const { browser, provider, shared, worker } = await start();
    const { location } = await browser.send("/auth/login");
    shared.clock.advance(600_000);
    assert.equal((await browser.send(`/auth/callback${provider.login(location)}`)).status, 400);
    worker.stage.finish();
  });

  it("is 400 on another host", async () => {
    const { browser, provider, worker } = await start();
    const { location } = await browser.send("/auth/login");
    const answer = await browser.send(`/auth/callback${provider.login(location)}`, { ...NAVIGATION, Host: "other.test" });
    assert.deepEqual([answer.status, answer.detail], [400, "web: it came back to another host"]);
    worker.stage.finish();
  });

  for (const [title, forged] of [
    ["for another client", { aud: "other" }],
    ["of another issuer", { iss: "https://evil.test" }],
    ["with another nonce", { nonce: "another" }],
    ["without a nonce", { nonce: undefined }],
    ["that has expired", { exp: 1000 }],
    ["about nobody", { sub: undefined }],
  ] as [string, Record<string, unknown>][]) {
    it(`is 400 when the id token is one ${title}`, async () => {
      const { browser, provider, shared, worker } = await start();
      provider.forged = forged;
      const answer = await browser.login(provider);
      assert.deepEqual([answer.status, answer.code], [400, "SP_AUTH_LOGIN_FAILED"], answer.detail);
      assert.ok(!browser.jar.has("sid"));
      assert.ok(shared.asked.includes("login false"), "the operator hears of it");
      worker.stage.finish();
    });
  }

  it("is 400 when the id token is signed by none of the provider's keys", async () => {
    const { browser, provider, worker } = await start();
    const other = await share();
    const { location } = await browser.send("/auth/login");
    const query = provider.login(location);
    const { call } = provider;
    provider.call = (asked) => (asked.url.endsWith("/jwks") ? other.provider.call(asked) : call.call(provider, asked));
    const answer = await browser.send(`/auth/callback${query}`);
    assert.deepEqual([answer.status, answer.code], [400, "SP_AUTH_LOGIN_FAILED"], answer.detail);
    worker.stage.finish();
  });

  it("is 400 when what the provider says makes nobody, or more than cookies hold", async () => {
    const { browser, provider, worker } = await start({ principal: { id: ["employee"], tenant: "t", roles: "r", scopes: "s" } });
    assert.match((await browser.login(provider)).detail, /no `employee`/);
    worker.stage.finish();
    const large = await start();
    large.provider.claims = { groups: "x".repeat(20_000) };
    const answer = await large.browser.login(large.provider);
    assert.deepEqual([answer.status, answer.detail], [400, "web: it is too large for cookies: `store: database` keeps larger ones"]);
    large.worker.stage.finish();
  });

  it("is 503 when the provider is gone by then", async () => {
    const { browser, provider, worker } = await start();
    const { location } = await browser.send("/auth/login");
    provider.isAway = true;
    assert.equal((await browser.send(`/auth/callback${provider.login(location)}`)).code, "SP_AUTH_UNAVAILABLE");
    worker.stage.finish();
  });
});

describe("a provider that does not take the gateway for its client", () => {
  it("is the operator's to mend: 503 at a login, with words that name the secret and hold none of it", async () => {
    const { browser, provider, shared, worker } = await start();
    const { location } = await browser.send("/auth/login");
    provider.refusesClient = true;
    const answer = await browser.send(`/auth/callback${provider.login(location)}`);
    assert.deepEqual([answer.status, answer.code], [503, "SP_AUTH_UNAVAILABLE"]);
    assert.match(answer.detail, /does not take the gateway's `clientId` and `clientSecret`/);
    assert.deepEqual(shared.asked.at(-1), "login false");
    assert.ok(!`${answer.detail}${shared.details.join()}`.includes("free text"));
    worker.stage.finish();
  });
});

describe("the login page", () => {
  it("leads to no other site, and to one of the hosts that are named", async () => {
    const { browser, provider, worker } = await start();
    for (const returnTo of ["//evil.test", "https://evil.test/", "/\\evil.test", "javascript:alert(1)"]) {
      const answer = await browser.send(`/auth/login?returnTo=${encodeURIComponent(returnTo)}`);
      assert.equal(answer.code, "SP_AUTH_LOGIN_FAILED", returnTo);
    }
    assert.equal((await browser.send("/auth/login?returnTo=/a&returnTo=/b")).status, 400);
    assert.equal((await browser.login(provider, "https://shop.test/cart")).location, "https://shop.test/cart");
    worker.stage.finish();
  });

  it("is there for GET alone, and for no client that names no host", async () => {
    const { browser, worker } = await start();
    assert.equal((await browser.send("/auth/login", FETCH, "POST")).code, "SP_AUTH_REQUIRED");
    const client = worker.stage.send("GET /auth/login HTTP/1.0\r\n\r\n");
    await until(worker.stage, () => client.status !== 0);
    assert.equal(client.status, 400);
    worker.stage.finish();
  });

  it("lets no browser gather more than six logins that it began", async () => {
    const { browser, worker } = await start();
    for (let tab = 0; tab < 20; tab++) await browser.send("/auth/login");
    assert.equal(browser.jar.size, 6);
    worker.stage.finish();
  });

  it("asks for Secure cookies where the name demands it, and comes back over the scheme that was used", async () => {
    const { browser, provider, worker } = await start({ cookie: "__Host-sid" });
    const sent = await browser.send("/auth/login");
    const back = await browser.send(`/auth/callback${provider.login(sent.location)}`);
    for (const cookie of [...sent.cookies, ...back.cookies]) assert.match(cookie, /; Path=\/; HttpOnly; SameSite=Lax; Secure$/);
    worker.stage.finish();
  });
});
