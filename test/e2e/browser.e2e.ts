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

describe(`a browser on ${RUNTIME}`, { skip }, () => {
  const stage = new Stage();
  let gateway: GatewayProcess;
  let browser: Browser;

  before(async () => {
    gateway = await stage.startGateway({ upstream: await stage.startService() });
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
});
