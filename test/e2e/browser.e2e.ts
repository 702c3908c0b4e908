// A real browser through the gateway: a page that posts, listens to events and speaks WebSocket.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { type Browser, chromium } from "playwright-core";
import { type GatewayProcess, missing, RUNTIME, Stage, tell } from "./processes.ts";

const CHROMIUM = "/usr/bin/chromium";
// Without network beyond this machine, what a browser does in the background only fails.
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const MORE_FLAGS = ["--disable-component-update", "--disable-sync"];

const skip = existsSync(CHROMIUM) ? false : missing("chromium") || `no browser at ${CHROMIUM}`;

/** An API on another origin than the page: what `origin` may do there, and nobody else. */
function apiYaml(upstream: string, origin: string): string {
  return `version: 1
admin: off
listeners: [{ name: api, address: "127.0.0.1:0" }]
upstreams:
  main: { endpoints: ["${upstream}"] }
  gone: { endpoints: ["http://127.0.0.1:1"] }
defaults:
  cors: { origins: ["${origin}"], methods: [GET, PUT], headers: [X-Token, Content-Type], exposeHeaders: [X-Request-Id], credentials: true, maxAge: 1m }
routes:
  - { name: api, match: { path: /* }, public: true, upstream: main }
  - { name: gone, match: { path: /gone }, public: true, upstream: gone }
telemetry: { accessLog: off }
`;
}

/** What the page's fetch comes to: a status, a body and a field that is not safelisted; or that it may not know. */
const FETCH = `async ([url, init]) => {
  try {
    const response = await fetch(url, init);
    return { status: response.status, body: await response.text(), hasId: response.headers.get("x-request-id") !== null };
  } catch (error) {
    return String(error.name);
  }
}`;

describe(`a browser on ${RUNTIME}`, { skip }, () => {
  const stage = new Stage();
  let gateway: GatewayProcess;
  let api: GatewayProcess;
  let browser: Browser;

  before(async () => {
    const service = await stage.startService();
    gateway = await stage.startGateway({ upstream: service });
    api = await stage.startConfigured(apiYaml(service, gateway.url));
    browser = await chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, ...MORE_FLAGS] });
    stage.onStop(() => browser.close());
  });

  after(() => stage.stop());

  it("loads a page, posts, hears events and has its messages echoed", async () => {
    const startedMs = performance.now();
    const page = await browser.newPage();
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(String(error)));
    await page.goto(`${gateway.url}/page`);
    assert.equal(await page.title(), "through");
    const done = "globalThis.results?.posted && results.events.length === 5 && results.closed";
    await page.waitForFunction(done, undefined, { timeout: 15_000 });
    const results = await page.evaluate("globalThis.results");
    assert.deepEqual(results, {
      posted: "posted by a browser",
      events: ["event 0", "event 1", "event 2", "event 3", "event 4"],
      messages: ["one", "two"],
      closed: 1000,
    });
    assert.deepEqual(errors, []);
    tell(`browser: page, POST, 5 events and a WebSocket within ${(performance.now() - startedMs).toFixed(0)} ms`);
  });

  it("shows a problem of the gateway as what it is", async () => {
    const page = await browser.newPage();
    const response = await page.goto(`${gateway.url}/%zz`);
    assert.equal(response?.status(), 400);
    const screenshot = await page.screenshot({ path: join(stage.folder, "problem.png") });
    assert.ok(screenshot.length > 0);
  });

  it("lets a page of an allowed origin read another origin's answers, with a preflight, with credentials, and faults too", async () => {
    const page = await browser.newPage();
    await page.goto(`${gateway.url}/page`);
    const fetchFrom = (path: string, init: object) => page.evaluate(`(${FETCH})(${JSON.stringify([api.url + path, init])})`);
    const put = { method: "PUT", headers: { "X-Token": "1", "Content-Type": "application/json" }, body: "{}", credentials: "include" };
    assert.deepEqual(await fetchFrom("/echo", put), { status: 200, body: "{}", hasId: true });
    const gone = (await fetchFrom("/gone", {})) as { status: number; body: string };
    assert.equal(gone.status, 502);
    assert.equal((JSON.parse(gone.body) as { code: string }).code, "SP_UPSTREAM_CONNECT_FAILED");
    // Neither this method nor this header is allowed.
    assert.equal(await fetchFrom("/echo", { method: "DELETE" }), "TypeError");
    assert.equal(await fetchFrom("/echo", { method: "PUT", body: "{}", headers: { "X-Other": "1" } }), "TypeError");
    await page.close();
  });

  it("tells a page of another origin nothing, with or without a preflight", async () => {
    const page = await browser.newPage();
    // The same server under another name is another origin.
    await page.goto(`http://localhost:${gateway.port}/page`);
    const fetchFrom = (path: string, init: object) => page.evaluate(`(${FETCH})(${JSON.stringify([api.url + path, init])})`);
    for (const init of [{}, { credentials: "include" }, { method: "PUT", body: "{}", headers: { "X-Token": "1" } }]) {
      assert.equal(await fetchFrom("/echo", init), "TypeError");
    }
    await page.close();
  });
});
