// Logins of people with a real browser at a real provider, through the gateway as it runs, with two workers. The same wherever sessions are
// kept; each store has a file of its own that runs it.

import assert from "node:assert/strict";
import { existsSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Browser, type BrowserContext, chromium, type Page } from "playwright-core";
import { OidcProvider } from "../kit/oidc-provider.ts";
import { type GatewayProcess, missing, RUNTIME, Stage } from "./processes.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update"];
const skip = existsSync(CHROMIUM) ? false : missing("chromium") || `no browser at ${CHROMIUM}`;

interface Seen {
  readonly url: string;
  readonly method: string;
  readonly user: string;
  readonly roles: string;
  readonly tenant: string;
  readonly authorization: string;
  readonly cookie: string;
}

/** Pages, and what the service saw of the request for each. */
async function startService(stage: Stage): Promise<string> {
  const server = createServer((request, response) => {
    response.setHeader("Content-Type", request.url?.startsWith("/api") === true ? "application/json" : "text/html");
    const seen = JSON.stringify(describeRequest(request));
    response.end(request.url?.startsWith("/api") === true ? seen : `<!doctype html><title>${request.url}</title><pre>${seen}</pre>`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  stage.onStop(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function describeRequest({ headers, method, url }: IncomingMessage): Seen {
  const one = (name: string) => String(headers[name] ?? "");
  const [user, roles, tenant] = [one("x-user-id"), one("x-user-roles"), one("x-tenant-id")];
  return { url: url ?? "", method: method ?? "", user, roles, tenant, authorization: one("authorization"), cookie: one("cookie") };
}

function yaml(stage: Stage, provider: OidcProvider, upstream: string, store: string, cookie: string): string {
  writeFileSync(join(stage.folder, "secret"), provider.web.secret);
  return `version: 1
gateway: { name: e2e, workers: 2, watch: false }
admin: off
database: { sqlite: { path: "./${store}.db" } }
listeners: [{ name: main, address: "127.0.0.1:0" }]
identities:
  web:
    session:
      issuer: ${provider.issuer}
      clientId: web
      clientSecret: "\${file:secret}"
      scopes: [openid, profile]
      cookie: ${cookie}
      store: ${store}
      path: /auth
      afterLogout: /bye
      principal: { tenant: tenant }
upstreams:
  main: { endpoints: ["${upstream}"] }
routes:
  - { name: bye, match: { path: /bye }, public: true, upstream: main }
  - { name: app, match: { path: /* }, auth: [web], forwardCredential: true, upstream: main }
telemetry: { accessLog: { to: stdout } }
`;
}

export function suite(store: "cookie" | "database", cookie: string): void {
  describe(`a browser's session in the ${store}, on ${RUNTIME}`, { skip }, () => {
    const stage = new Stage();
    let provider: OidcProvider;
    let gateway: GatewayProcess;
    let service: string;
    let browser: Browser;
    let context: BrowserContext;

    before(async () => {
      provider = await OidcProvider.start({ accessTokenSeconds: 3 });
      stage.onStop(() => provider.close());
      service = await startService(stage);
      gateway = await stage.startConfigured(yaml(stage, provider, service, store, cookie));
      await provider.allow({ redirectUris: [`${gateway.url}/auth/callback`], afterLogoutUris: [`${gateway.url}/bye`] });
      browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
      stage.onStop(() => browser.close());
      context = await browser.newContext();
    });

    after(() => stage.stop());

    const seenBy = async (page: Page) => JSON.parse((await page.textContent("pre")) ?? "") as Seen;
    const cookiesOf = async (from: BrowserContext) =>
      (await from.cookies(gateway.url)).map(({ name }) => name).filter((name) => name.startsWith(cookie));

    async function login(page: Page, path: string, name: string): Promise<void> {
      await page.goto(gateway.url + path);
      assert.equal(await page.title(), "Log in");
      await page.fill("input[name=login]:not([type=hidden])", name);
      await page.click("button:not([id])");
      await page.waitForURL(`${gateway.url}/**`);
    }

    it("is begun by a page that needs it, and leads back to that page", async () => {
      const page = await context.newPage();
      await login(page, "/orders?id=7&next=//x", "alice");
      assert.equal(page.url(), `${gateway.url}/orders?id=7&next=//x`);
      const seen = await seenBy(page);
      assert.deepEqual([seen.user, seen.roles, seen.tenant], ["alice", "admin,editor", "north"]);
      // The provider's own cookies, since a host is one whatever its ports; none of the gateway's.
      assert.ok(!seen.cookie.includes(cookie));
      assert.match(seen.authorization, /^Bearer [\w-]{20,}$/);
      const [kept] = (await context.cookies(gateway.url)).filter(({ name }) => name.startsWith(cookie));
      assert.deepEqual([kept?.httpOnly, kept?.sameSite, kept?.path, kept?.secure], [true, "Lax", "/", cookie.startsWith("__Host-")]);
      assert.ok(!JSON.stringify(await context.cookies(gateway.url)).includes(seen.authorization.slice(7)));
      await page.close();
    });

    it("is refreshed again and again while its page asks", async () => {
      const page = await context.newPage();
      await page.goto(`${gateway.url}/page`);
      const ask = () =>
        page.evaluate("fetch('/api/me').then(async (answer) => [answer.status, await answer.json()])") as Promise<[number, Seen]>;
      const tokens = new Set<string>();
      const deadline = performance.now() + 12_000;
      while (tokens.size < 3 && performance.now() < deadline) {
        const [status, seen] = await ask();
        assert.deepEqual([status, seen.user], [200, "alice"]);
        tokens.add(seen.authorization);
        await page.waitForTimeout(50);
      }
      assert.equal(tokens.size, 3, gateway.err);
      await page.close();
    });

    it("lets its own pages change something, and no page of another origin", async () => {
      const page = await context.newPage();
      await page.goto(`${gateway.url}/page`);
      const status = (init: string) => page.evaluate(`fetch('${gateway.url}/api/change', ${init}).then(({ status }) => status, () => 0)`);
      assert.equal(await status("{ method: 'POST', body: 'x' }"), 200);
      // The same site, since a site has no port: the cookie comes along.
      await page.goto(`${service}/evil`);
      await page.setContent(`<form method="post" action="${gateway.url}/api/change"><button>Win</button></form>`);
      const [request] = await Promise.all([page.waitForResponse(`${gateway.url}/api/change`), page.click("button")]);
      assert.equal(request.status(), 403);
      assert.equal(((await request.json()) as { code: string }).code, "SP_AUTH_CROSS_SITE");
      await page.goto(`${service}/evil`);
      assert.equal(await status("{ method: 'POST', body: 'x', credentials: 'include', mode: 'no-cors' }"), 0);
      await page.setContent(`<a href="${gateway.url}/auth/logout">Win</a>`);
      const [answer] = await Promise.all([page.waitForResponse(`${gateway.url}/auth/logout`), page.click("a")]);
      assert.equal(answer.status(), 403);
      assert.ok((await cookiesOf(context)).length > 0);
      await page.close();
    });

    it("ends at the gateway and at the provider", async () => {
      const page = await context.newPage();
      await page.goto(`${gateway.url}/page`);
      await page.setContent(`<form method="post" action="/auth/logout"><button>Out</button></form>`);
      await page.click("button");
      await page.waitForURL(`${provider.issuer}/**`);
      await page.click("button");
      await page.waitForURL(`${gateway.url}/bye**`);
      assert.deepEqual(await cookiesOf(context), []);
      await page.goto(`${gateway.url}/page`);
      assert.equal(await page.title(), "Log in");
      await page.close();
    });

    it("is begun in two tabs at once, also when the provider has just changed its keys", async () => {
      await provider.rotateKeys();
      const two = await browser.newContext();
      const [one, other] = [await two.newPage(), await two.newPage()];
      await one.goto(`${gateway.url}/one`);
      await other.goto(`${gateway.url}/other`);
      for (const [page, path] of [
        [other, "/other"],
        [one, "/one"],
      ] as const) {
        await page.fill("input[name=login]:not([type=hidden])", "bob");
        await page.click("button:not([id])");
        await page.waitForURL(gateway.url + path);
        assert.equal((await seenBy(page)).user, "bob");
      }
      assert.deepEqual(await cookiesOf(two), [cookie]);
      await two.close();
    });

    it("is none when the person says no", async () => {
      const nobody = await browser.newContext();
      const page = await nobody.newPage();
      await page.goto(`${gateway.url}/page`);
      await page.click("#no");
      await page.waitForURL(`${gateway.url}/auth/callback**`);
      assert.equal((JSON.parse((await page.textContent("pre")) ?? "") as { code: string }).code, "SP_AUTH_LOGIN_FAILED");
      await nobody.close();
    });

    it("leaves no token, code or state in what the gateway wrote", async () => {
      const text = gateway.out + gateway.err;
      assert.match(text, /\/auth\/callback/);
      assert.doesNotMatch(text, /code=|state=|Bearer |eyJ/);
    });
  });
}
