// Programs that speak HTTP/2, over TLS and in the clear: curl, nghttp, h2load and Chromium must find what they find elsewhere.

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { type Browser, chromium } from "playwright-core";
import { whyNoForge } from "../../src/tls/testdata/certificate-forge.ts";
import { Http2Gateway, type Pair, startOnNode, writePair } from "./http2-gateway.ts";
import { patternDigest } from "./pattern.ts";
import { missing, RUNTIME, run, Stage, tell } from "./processes.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
const UPLOAD_BYTES = 3 * 1024 * 1024;
const REQUESTS = 5000;

describe(`HTTP/2 clients on ${RUNTIME}`, { skip: whyNoForge() }, () => {
  const stage = new Stage();
  let pair: Pair;
  let gateway: Http2Gateway;

  before(async () => {
    pair = writePair(stage);
    const { port } = await startOnNode(stage, "http2-service.ts");
    const [h1, h2] = port.split(" ");
    gateway = await Http2Gateway.start(stage, {
      pair,
      upstreams: {
        h1: { url: `http://127.0.0.1:${h1}`, protocol: "http/1.1", more: "pool: { connections: 256, pending: 256 }" },
        h2: { url: `http://127.0.0.1:${h2}`, protocol: "h2" },
        main: { url: await stage.startService(), protocol: "http/1.1" },
      },
      routes: [
        "  - { name: h1, match: { path: /h1/* }, public: true, upstream: h1, rewrite: { stripPrefix: /h1 } }",
        "  - { name: h2, match: { path: /h2/* }, public: true, upstream: h2, rewrite: { stripPrefix: /h2 } }",
        "  - { name: main, match: { path: /* }, public: true, upstream: main }",
      ],
    });
  });

  after(() => stage.stop());

  describe("curl", { skip: missing("curl") }, () => {
    async function curl(...args: readonly string[]): Promise<string> {
      const { code, out, err } = await run("curl", ["-sS", "--max-time", "20", ...args]);
      assert.equal(code, 0, err);
      return out;
    }

    const WAYS = [
      { title: "with prior knowledge", args: ["--http2-prior-knowledge"], version: "2", isTls: false },
      { title: "over TLS", args: ["--http2"], version: "2", isTls: true },
      { title: "over TLS without HTTP/2", args: ["--http1.1"], version: "1.1", isTls: true },
      // The upgrade from HTTP/1.1 is gone from RFC 9113: it is not taken, and the answer comes in HTTP/1.1.
      { title: "with an upgrade that is not taken", args: ["--http2"], version: "1.1", isTls: false },
    ] as const;

    for (const { title, args, version, isTls } of WAYS) {
      const url = (path: string): string =>
        isTls ? `https://localhost:${gateway.tlsPort}${path}` : `http://127.0.0.1:${gateway.plainPort}${path}`;
      const all = (): string[] => [
        ...args,
        ...(isTls ? ["--cacert", pair.cert, "--resolve", `localhost:${gateway.tlsPort}:127.0.0.1`] : []),
      ];

      it(`gets, heads and posts ${title}`, async () => {
        for (const upstream of ["h1", "h2"]) {
          const told = await curl(...all(), "-w", "\n%{http_version} %{http_code}", url(`/${upstream}/things?a=1`));
          assert.ok(told.endsWith(`\n${version} 200`), told);
          assert.equal(JSON.parse(told.slice(0, told.lastIndexOf("\n"))).url, "/things?a=1");
          assert.match(await curl(...all(), "-I", url(`/${upstream}/status?n=200`)), /^HTTP\/[12.]+ 200 [\s\S]*content-length: 4\r\n/i);
          assert.equal(await curl(...all(), "-d", "name=value", url(`/${upstream}/echo`)), "name=value");
        }
      });

      it(`uploads and downloads ${title}`, async () => {
        for (const upstream of ["h1", "h2"]) {
          const file = `${stage.folder}/download.bin`;
          await curl(...all(), "-o", file, url(`/${upstream}/bytes?n=${UPLOAD_BYTES}`));
          const answer = await curl(...all(), "-T", file, url(`/${upstream}/digest`));
          assert.deepEqual(JSON.parse(answer), { bytes: UPLOAD_BYTES, sha256: patternDigest(UPLOAD_BYTES) });
        }
      });
    }

    // Not in the clear: there some versions of curl fail at any server.
    it("asks for many pages over one connection at once", async () => {
      const urls = Array.from({ length: 50 }, (_, index) => `https://localhost:${gateway.tlsPort}/h2/r${index}`);
      const outputs = urls.flatMap(() => ["-o", "/dev/null"]);
      const args = ["--http2", "-s", "-Z", "--cacert", pair.cert, "--resolve", `localhost:${gateway.tlsPort}:127.0.0.1`];
      const told = await curl(...args, "-w", "%{http_code} %{http_version} %{num_connects}\n", ...outputs, ...urls);
      const lines = told.trim().split("\n");
      assert.equal(lines.filter((line) => line.startsWith("200 2 ")).length, 50, told);
      assert.ok(lines.filter((line) => line.endsWith(" 1")).length < 50, "connections are shared");
    });
  });

  describe("nghttp and h2load", { skip: missing("nghttp", "h2load") }, () => {
    it("nghttp gets a page with padding, weights and trailers of its own", async () => {
      const post = ["-d", pair.cert, "--trailer", "x-sum: 42"];
      const { code, out } = await run("nghttp", ["-v", "-p", "100", "-b", "100", ...post, `http://127.0.0.1:${gateway.plainPort}/h2/echo`]);
      assert.equal(code, 0, out);
      assert.match(out, /:status: 200/);
      assert.match(out, /x-got: 42/);
      assert.match(out, new RegExp(`x-bytes: ${pair.certPem.length}`));
    });

    it("nghttp over TLS", async () => {
      const { code, out } = await run("nghttp", ["-nv", "--no-verify-peer", `https://127.0.0.1:${gateway.tlsPort}/h1/things`]);
      assert.equal(code, 0, out);
      assert.match(out, /The negotiated protocol: h2/);
      assert.match(out, /:status: 200/);
    });

    for (const upstream of ["h1", "h2"]) {
      it(`h2load asks the upstream ${upstream} ${REQUESTS} times without one error`, async () => {
        for (const port of [gateway.plainPort, gateway.tlsPort]) {
          const url = `${port === gateway.tlsPort ? "https" : "http"}://127.0.0.1:${port}/${upstream}/things`;
          const { code, out } = await run("h2load", ["-n", `${REQUESTS}`, "-c", "8", "-m", "32", url]);
          assert.equal(code, 0, out);
          assert.match(out, new RegExp(`${REQUESTS} succeeded, 0 failed, 0 errored, 0 timeout`));
          assert.match(out, new RegExp(`status codes: ${REQUESTS} 2xx`));
          tell(`h2load, upstream ${upstream}, port ${port}: ${/finished in ([^,]+), ([^,]+)/.exec(out)?.[2]}`);
        }
      });
    }
  });

  describe("Chromium", { skip: existsSync(CHROMIUM) ? false : missing("chromium") || `no browser at ${CHROMIUM}` }, () => {
    let browser: Browser;

    before(async () => {
      browser = await chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, "--ignore-certificate-errors"] });
      stage.onStop(() => browser.close());
    });

    it("loads a page over h2, posts, and hears events", async () => {
      const page = await browser.newPage();
      await page.goto(`https://localhost:${gateway.tlsPort}/page-events`).catch(() => {});
      await page.goto(`https://localhost:${gateway.tlsPort}/page`);
      await page.waitForFunction("globalThis.results?.posted && results.events.length === 5", undefined, { timeout: 15_000 });
      assert.equal(await page.evaluate("results.posted"), "posted by a browser");
      const protocols = await page.evaluate(
        "[...performance.getEntriesByType('navigation'), ...performance.getEntriesByType('resource')].map((entry) => entry.nextHopProtocol)",
      );
      assert.ok(Array.isArray(protocols) && protocols.length >= 2);
      assert.deepEqual(new Set(protocols as string[]), new Set(["h2"]));
      await page.close();
    });

    it("fetches 60 things at once and 3 MiB, with the bytes that were sent", async () => {
      const page = await browser.newPage();
      await page.goto(`https://localhost:${gateway.tlsPort}/page`);
      const statuses = await page.evaluate(
        "Promise.all(Array.from({ length: 60 }, (_, i) => fetch((i % 2 ? '/h1' : '/h2') + '/r' + i).then(async (r) => r.status + (await r.json()).url)))",
      );
      assert.deepEqual(
        statuses,
        Array.from({ length: 60 }, (_, index) => `200/r${index}`),
      );
      const digest = await page.evaluate(
        `fetch('/h2/bytes?n=${UPLOAD_BYTES}').then((r) => r.arrayBuffer()).then((b) => crypto.subtle.digest('SHA-256', b)).then((d) => [...new Uint8Array(d)])`,
      );
      assert.equal(Buffer.from(digest as number[]).toString("hex"), patternDigest(UPLOAD_BYTES));
      await page.close();
    });
  });
});
