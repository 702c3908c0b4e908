import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { valuesOf } from "../../../test/kit/index.ts";
import { FakeBrowser, FETCH, NAVIGATION, share, until, Worker } from "../../../test/kit/session-browser.ts";
import { StoreFailure } from "../../stores/index.ts";

const STORES = ["cookie", "database"] as const;

/** Somebody who has logged in, at one worker or at the first of two. */
async function start(config: Parameters<typeof Worker.start>[1] = {}, life: number | null = 300, optional = false) {
  const shared = await share();
  shared.provider.accessTokenLife = life;
  const worker = await Worker.start(shared, config, optional);
  const browser = new FakeBrowser(worker);
  await browser.login(shared.provider);
  return { shared, worker, browser, provider: shared.provider, clock: shared.clock };
}

/** What the upstream got of the last request. */
const tokenOf = ({ stage }: Worker) => valuesOf(stage.server.seen.at(-1)!, "authorization").join();

for (const store of STORES) {
  describe(`a session in the ${store}`, () => {
    it("is opened once, and known without a promise from then on", async () => {
      const { browser, worker } = await start({ store });
      for (let i = 0; i < 3; i++) assert.equal((await browser.send("/x", FETCH)).status, 200);
      assert.deepEqual(worker.lookups, [false, true, true]);
      assert.equal(new Set(worker.stage.ended.slice(-3).map(({ principal }) => principal)).size, 1);
      const { status } = worker.stage.send(`GET /x HTTP/1.1\r\nHost: app.test\r\nCookie: sid=${browser.jar.get("sid")}\r\n\r\n`);
      assert.equal(status, 200, "at once");
      worker.stage.finish();
    });

    it("has its access token refreshed in the last minute, once for all requests that find it so", async () => {
      const { browser, clock, provider, worker } = await start({ store });
      const first = browser.jar.get("sid");
      await browser.send("/x", FETCH);
      const before = tokenOf(worker);
      clock.advance(239_999);
      await browser.send("/x", FETCH);
      assert.equal(tokenOf(worker), before);
      clock.advance(1);
      const gate = Promise.withResolvers<void>();
      provider.gate = gate.promise;
      const answers = Array.from({ length: 5 }, () => browser.begin("/x", FETCH));
      await until(worker.stage, () => provider.count("/token") === 2);
      gate.resolve();
      for (const answer of answers) {
        const { status, cookies, cacheControl } = await answer();
        assert.equal(status, 200);
        // All of them have the older cookie: each is given the new one.
        assert.equal(cookies.length, store === "cookie" ? 1 : 0);
        assert.equal(cacheControl, store === "cookie" ? "no-store" : "");
      }
      assert.equal(provider.count("/token"), 2);
      assert.notEqual(tokenOf(worker), before);
      assert.equal(browser.jar.get("sid") === first, store === "database");
      // What comes late with the older cookie is no reason to refresh again.
      browser.jar.set("sid", first!);
      assert.equal((await browser.send("/x", FETCH)).cookies.length, store === "cookie" ? 1 : 0);
      assert.equal(provider.count("/token"), 2);
      worker.stage.finish();
    });

    it("is refreshed after its access token has ended, and takes what the provider says then", async () => {
      const { browser, clock, provider, worker } = await start({ store });
      provider.claims = { roles: ["reader"] };
      provider.info = { tenant: "south" };
      clock.advance(1_000_000);
      assert.equal((await browser.send("/x", FETCH)).status, 200);
      const principal = worker.stage.ended.at(-1)?.principal;
      assert.deepEqual([principal?.roles, principal?.tenant, principal?.claims["name"]], [["reader"], "south", undefined]);
      worker.stage.finish();
    });

    it("keeps what userinfo said when that can't be asked", async () => {
      const { browser, clock, provider, worker } = await start({ store });
      provider.info = null;
      clock.advance(290_000);
      await browser.send("/x", FETCH);
      assert.equal(worker.stage.ended.at(-1)?.principal?.tenant, "north");
      worker.stage.finish();
    });

    it("goes on with its token while the provider is away, and gets 503 from its end until it is back", async () => {
      const { browser, clock, provider, shared, worker } = await start({ store });
      provider.isAway = true;
      clock.advance(250_000);
      for (let i = 0; i < 4; i++) assert.equal((await browser.send("/x", FETCH)).status, 200);
      assert.equal(provider.count("/token"), 2, "nobody asks again within 5 s");
      assert.equal(shared.asked.filter((each) => each === "refresh false").length, 1);
      clock.advance(60_000);
      const answer = await browser.send("/x");
      assert.deepEqual([answer.status, answer.code, answer.cookies], [503, "SP_AUTH_UNAVAILABLE", []]);
      provider.isAway = false;
      clock.advance(5000);
      assert.equal((await browser.send("/x", FETCH)).status, 200);
      worker.stage.finish();
    });

    it("goes on with its token when its refresh token is refused, and ends with it", async () => {
      const { browser, clock, provider, worker } = await start({ store });
      provider.refreshTokens.clear();
      clock.advance(250_000);
      for (let i = 0; i < 3; i++) assert.equal((await browser.send("/x", FETCH)).status, 200);
      assert.equal(provider.count("/token"), 2, "a refused token is shown once");
      clock.advance(50_000);
      const answer = await browser.send("/x", FETCH);
      assert.deepEqual([answer.status, answer.code], [401, "SP_AUTH_EXPIRED"]);
      worker.stage.finish();
    });

    it("ends when the provider answers with somebody else", async () => {
      const { browser, clock, provider, shared, worker } = await start({ store });
      provider.forged = { sub: "mallory" };
      clock.advance(301_000);
      assert.equal((await browser.send("/x", FETCH)).status, 401);
      assert.ok(shared.asked.includes("refresh false"));
      worker.stage.finish();
    });

    it("ends with its access token where there is nothing to refresh it by", async () => {
      const shared = await share();
      shared.provider.refreshes = false;
      const worker = await Worker.start(shared, { store });
      const browser = new FakeBrowser(worker);
      await browser.login(shared.provider);
      shared.clock.advance(299_999);
      assert.equal((await browser.send("/x", FETCH)).status, 200);
      const { principal } = worker.stage.ended.at(-1)!;
      assert.equal(principal?.expiresAtMs, shared.clock.wall() + 1);
      shared.clock.advance(1);
      assert.equal((await browser.send("/x", FETCH)).status, 401);
      worker.stage.finish();
    });

    it("is not refreshed by every request when its tokens live for seconds", async () => {
      const { browser, clock, provider, worker } = await start({ store }, 9);
      clock.advance(5999);
      await browser.send("/x", FETCH);
      assert.equal(provider.count("/token"), 1);
      clock.advance(1);
      await browser.send("/x", FETCH);
      await browser.send("/x", FETCH);
      assert.equal(provider.count("/token"), 2);
      worker.stage.finish();
    });

    it("ends when nobody used it for so long, and goes on as long as somebody does", async () => {
      const { browser, clock, worker } = await start({ store, idleMs: 80_000 }, null);
      for (let i = 0; i < 10; i++) {
        clock.advance(50_000);
        assert.equal((await browser.send("/x", FETCH)).status, 200);
      }
      clock.advance(80_000);
      const answer = await browser.send("/x", FETCH);
      assert.deepEqual([answer.status, answer.code], [401, "SP_AUTH_EXPIRED"]);
      assert.equal(browser.jar.size, 0, "the browser forgets it");
      worker.stage.finish();
    });

    it("is written at most once in an eighth of its idle time", async () => {
      const { browser, clock, worker } = await start({ store, idleMs: 80_000 }, null);
      const cookies: number[] = [];
      for (let i = 0; i < 21; i++) {
        cookies.push((await browser.send("/x", FETCH)).cookies.length);
        clock.advance(1000);
      }
      assert.equal(cookies.filter((count) => count > 0).length, store === "cookie" ? 2 : 0);
      worker.stage.finish();
    });

    it("ends with its lifetime, however busy", async () => {
      const { browser, clock, worker } = await start({ store, idleMs: 80_000, lifetimeMs: 100_000 }, null);
      clock.advance(50_000);
      await browser.send("/x", FETCH);
      clock.advance(49_999);
      assert.equal((await browser.send("/x", FETCH)).status, 200);
      clock.advance(1);
      assert.equal((await browser.send("/x", FETCH)).status, 401);
      worker.stage.finish();
    });

    it("that has ended leads a person to the login, a script to 401, and is a credential also where none is asked for", async () => {
      const { browser, clock, worker } = await start({ store, idleMs: 1000 }, null, true);
      clock.advance(1000);
      const old = browser.jar.get("sid")!;
      assert.equal((await browser.send("/x", FETCH)).status, 401);
      browser.jar.set("sid", old);
      const answer = await browser.send("/x?a=b", NAVIGATION);
      assert.deepEqual([answer.status, answer.location], [302, "/auth/login?returnTo=%2Fx%3Fa%3Db"]);
      assert.equal(browser.jar.size, 0);
      assert.equal((await browser.send("/x")).status, 200, "nobody, from then on");
      worker.stage.finish();
    });

    for (const [title, value] of [
      ["no sealed text", "x"],
      [
        "a sealed text of other keys",
        "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2R0NNIiwia2lkIjoiQUFBQUFBQUEifQ..AAAAAAAAAAAAAAAA.AAAA.AAAAAAAAAAAAAAAAAAAAAA",
      ],
      ["an id that no store knows", "A".repeat(43)],
      ["empty", ""],
    ] as const) {
      it(`is none when its cookie is ${title}`, async () => {
        const { browser, worker } = await start({ store });
        browser.jar.set("sid", value);
        const answer = await browser.send("/x", FETCH);
        assert.equal(answer.status, 401);
        assert.equal(browser.jar.size, 0);
        if (value !== "") assert.ok(!`${answer.body}${answer.detail}`.includes(value === "x" ? "=x" : value));
        worker.stage.finish();
      });
    }

    it("is none for an identity of another name, issuer or client", async () => {
      const { browser, shared, worker } = await start({ store });
      for (const other of [{ name: "other" }, { issuer: "https://other.test" }, { clientId: "other" }]) {
        browser.worker = await Worker.start(shared, { store, ...other });
        assert.equal((await new FakeBrowser(browser.worker).send("/x", FETCH)).status, 401);
        const copy = new FakeBrowser(browser.worker);
        for (const [name, value] of browser.jar) copy.jar.set(name, value);
        assert.equal((await copy.send("/x", FETCH)).status, 401);
        browser.worker.stage.finish();
      }
      worker.stage.finish();
    });

    it("lets no page of another site change anything", async () => {
      const { browser, worker } = await start({ store });
      for (const fields of [{}, { "Sec-Fetch-Site": "cross-site" }, { Origin: "https://evil.test" }]) {
        assert.equal((await browser.send("/x", fields, "POST")).code, "SP_AUTH_CROSS_SITE");
      }
      const upgrade = {
        Connection: "Upgrade",
        Upgrade: "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
      };
      assert.equal((await browser.send("/x", { ...upgrade, Origin: "https://evil.test" })).code, "SP_AUTH_CROSS_SITE");
      assert.equal(worker.stage.server.seen.length, 0);
      for (const fields of [{ Origin: "http://app.test" }, { "Sec-Fetch-Site": "same-origin" }, { Origin: "https://shop.test" }]) {
        assert.equal((await browser.send("/x", fields, "POST")).status, 200);
      }
      assert.equal((await browser.send("/x", { "Sec-Fetch-Site": "cross-site" })).status, 200, "a link from elsewhere");
      assert.ok(browser.jar.has("sid"));
      worker.stage.finish();
    });

    it("ends by the logout, at the provider too, and its refresh token is given back", async () => {
      const { browser, provider, worker } = await start({ store });
      await browser.send("/x", FETCH);
      const [refreshToken] = provider.refreshTokens.keys();
      const before = browser.jar.get("sid")!;
      const answer = await browser.send("/auth/logout", { ...FETCH }, "POST");
      assert.deepEqual([answer.status, answer.cacheControl], [303, "no-store"]);
      const url = new URL(answer.location);
      assert.equal(url.pathname, "/end");
      assert.equal(url.searchParams.get("post_logout_redirect_uri"), "http://app.test/bye");
      assert.equal((url.searchParams.get("id_token_hint") ?? "").split(".").length, 3);
      assert.equal(browser.jar.size, 0);
      await until(worker.stage, () => provider.revoked.length > 0);
      assert.deepEqual(provider.revoked, [refreshToken]);
      if (store === "database") {
        browser.jar.set("sid", before);
        assert.equal((await browser.send("/x", FETCH)).status, 401);
      }
      worker.stage.finish();
    });

    it("is ended by nobody's page but the site's own", async () => {
      const { browser, worker } = await start({ store });
      const cross = { ...NAVIGATION, "Sec-Fetch-Site": "cross-site" };
      assert.equal((await browser.send("/auth/logout", cross)).code, "SP_AUTH_CROSS_SITE");
      assert.equal((await browser.send("/auth/logout", cross, "POST")).code, "SP_AUTH_CROSS_SITE");
      assert.equal((await browser.send("/auth/logout", { Accept: "text/html" })).code, "SP_AUTH_CROSS_SITE");
      assert.ok(browser.jar.has("sid"));
      assert.equal((await browser.send("/auth/logout", { ...NAVIGATION, "Sec-Fetch-Site": "same-origin" })).status, 303);
      assert.equal((await browser.send("/auth/logout", NAVIGATION)).location, "/bye");
      worker.stage.finish();
    });

    it("ends here also while the provider is away", async () => {
      const { browser, clock, provider, worker } = await start({ store });
      clock.advance(3_600_000 - 1);
      provider.isAway = true;
      clock.advance(1);
      const answer = await browser.send("/auth/logout", FETCH, "POST");
      assert.equal(answer.status, 303);
      assert.equal(browser.jar.size, 0);
      worker.stage.finish();
    });
  });
}

describe("a session in several cookies", () => {
  it("is read, refreshed to a smaller one and ended without leaving a part behind", async () => {
    const shared = await share();
    shared.provider.claims = { groups: "g".repeat(5000) };
    const worker = await Worker.start(shared);
    const browser = new FakeBrowser(worker);
    await browser.login(shared.provider);
    assert.ok(browser.jar.size > 1);
    assert.equal((await browser.send("/x", FETCH)).status, 200);
    shared.provider.claims = {};
    shared.clock.advance(290_000);
    assert.equal((await browser.send("/x", FETCH)).status, 200);
    assert.deepEqual([...browser.jar.keys()], ["sid"]);
    assert.equal((await browser.send("/x", FETCH)).status, 200);
    worker.stage.finish();
  });
});

describe("cookies that nobody has seen", () => {
  it("are looked up for one address until it has shown too many, which keeps no known session out", async () => {
    const { browser, worker } = await start({ store: "database" });
    await browser.send("/x", FETCH);
    const stranger = new FakeBrowser(worker);
    let status = 401;
    for (let i = 0; i < 600 && status === 401; i++) {
      stranger.jar.set("sid", `${i}`.padStart(43, "A"));
      ({ status } = await stranger.send("/x", FETCH));
    }
    assert.equal(status, 429);
    assert.equal((await browser.send("/x", FETCH)).status, 200);
    worker.stage.finish();
  });
});

describe("two workers of one store", () => {
  it("show a refresh token once, whoever of them finds that it is time", async () => {
    const { browser, clock, provider, shared, worker } = await start({ store: "database" });
    const other = await Worker.start(shared, { store: "database" });
    clock.advance(250_000);
    const gate = Promise.withResolvers<void>();
    provider.gate = gate.promise;
    const first = browser.begin("/x", FETCH);
    await until(worker.stage, () => provider.count("/token") === 2);
    browser.worker = other;
    // The token is still good: nobody waits.
    assert.equal((await browser.send("/x", FETCH)).status, 200);
    gate.resolve();
    assert.equal((await first()).status, 200);
    clock.advance(151);
    assert.equal((await browser.send("/x", FETCH)).status, 200);
    assert.equal(tokenOf(other), tokenOf(worker));
    assert.equal(provider.count("/token"), 2);
    worker.stage.finish();
    other.stage.finish();
  });

  it("wait for each other when the token has ended", async () => {
    const { browser, clock, provider, shared, worker } = await start({ store: "database" });
    const other = await Worker.start(shared, { store: "database" });
    clock.advance(400_000);
    const gate = Promise.withResolvers<void>();
    provider.gate = gate.promise;
    const first = browser.begin("/x", FETCH);
    await until(worker.stage, () => provider.count("/token") === 2);
    browser.worker = other;
    const second = browser.begin("/x", FETCH);
    await until(other.stage, () => clock.pendingCalls > 0);
    gate.resolve();
    assert.equal((await first()).status, 200);
    clock.advance(150);
    assert.equal((await second()).status, 200);
    assert.equal(provider.count("/token"), 2);
    worker.stage.finish();
    other.stage.finish();
  });

  it("take over from one that died while it refreshed", async () => {
    const { browser, clock, provider, shared, worker } = await start({ store: "database" });
    clock.advance(400_000);
    provider.gate = new Promise(() => undefined);
    browser.begin("/x", FETCH);
    await until(worker.stage, () => provider.count("/token") === 2);
    provider.gate = null;
    const other = await Worker.start(shared, { store: "database" });
    browser.worker = other;
    clock.advance(15_000);
    assert.equal((await browser.send("/x", FETCH)).status, 200);
    worker.stage.finish();
    other.stage.finish();
  });

  it("know within 5 s that the other has ended a session, or somebody all of one person's", async () => {
    const { browser, clock, shared, worker } = await start({ store: "database" });
    assert.equal((await browser.send("/x", FETCH)).status, 200);
    assert.equal(await shared.stores.sessions.removeOf("web", "alice"), 1);
    clock.advance(4999);
    assert.equal((await browser.send("/x", FETCH)).status, 200);
    clock.advance(1);
    assert.equal((await browser.send("/x", FETCH)).code, "SP_AUTH_EXPIRED");
    worker.stage.finish();
  });

  it("let nobody in while the store can't be asked, and forget nobody for it", async () => {
    const { browser, clock, shared, worker } = await start({ store: "database" });
    const { sessions } = shared.stores;
    const { find } = sessions;
    Object.assign(sessions, { find: () => Promise.reject(new StoreFailure("the store is away")) });
    clock.advance(5000);
    const answer = await browser.send("/x");
    assert.deepEqual([answer.code, answer.cookies], ["SP_AUTH_UNAVAILABLE", []]);
    assert.equal((await browser.send("/auth/logout", FETCH, "POST")).status, 503);
    assert.equal(shared.asked.at(-1), "sessions false");
    Object.assign(sessions, { find });
    assert.equal((await browser.send("/x", FETCH)).status, 200);
    worker.stage.finish();
  });

  it("clear away what has ended when somebody logs in", async () => {
    const { browser, clock, provider, shared, worker } = await start({ store: "database", idleMs: 1000 }, null);
    clock.advance(700_000);
    browser.jar.clear();
    await browser.login(provider);
    assert.equal(await shared.stores.sessions.removeOf("web", "alice"), 1);
    worker.stage.finish();
  });
});

describe("two workers with sealed cookies", () => {
  it("leave the browser its cookie when the other one has refreshed it", async () => {
    const { browser, clock, provider, shared, worker } = await start();
    const other = await Worker.start(shared);
    clock.advance(310_000);
    const late = new FakeBrowser(other);
    for (const [name, value] of browser.jar) late.jar.set(name, value);
    assert.equal((await browser.send("/x", FETCH)).status, 200);
    const answer = await late.send("/x", FETCH);
    assert.deepEqual([answer.status, answer.cookies], [401, []]);
    assert.equal(provider.count("/token"), 3);
    browser.worker = other;
    assert.equal((await browser.send("/x", FETCH)).status, 200);
    worker.stage.finish();
    other.stage.finish();
  });

  it("believe the newer cookie, whatever they know of the older one", async () => {
    const { browser, clock, provider, shared, worker } = await start();
    const other = await Worker.start(shared);
    clock.advance(250_000);
    const late = new FakeBrowser(other);
    for (const [name, value] of browser.jar) late.jar.set(name, value);
    assert.equal((await browser.send("/x", FETCH)).status, 200);
    const answer = await late.send("/x", FETCH);
    assert.deepEqual([answer.status, answer.cookies], [200, []]);
    browser.worker = other;
    clock.advance(60_000);
    assert.equal((await browser.send("/x", FETCH)).status, 200);
    assert.equal(tokenOf(other), tokenOf(worker));
    assert.equal(provider.count("/token"), 3);
    worker.stage.finish();
    other.stage.finish();
  });
});
