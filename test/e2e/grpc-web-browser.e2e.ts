// The gRPC-Web client of the protocol's own authors, in a page of a real browser, against a grpc-js server: in binary and in text, over both
// versions of HTTP, from the same origin and from another.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, describe, it } from "node:test";
import { type Browser, chromium, type Page } from "playwright-core";
import { whyNoForge } from "../../src/tls/testdata/certificate-forge.ts";
import { Http2Gateway, startOnNode, writePair } from "./http2-gateway.ts";
import { missing, RUNTIME, Stage } from "./processes.ts";

const CHROMIUM = "/usr/bin/chromium";
const FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"];
/** As a script of a page: it is a module of CommonJS. */
const CLIENT = `globalThis.grpcWeb = (() => { const module = { exports: {} }; const exports = module.exports;
${readFileSync(createRequire(import.meta.url).resolve("grpc-web"), "utf8")}
return module.exports; })();`;

/** One call from a page: what came, message by message, and how it ended. */
const CALL = `async ([origin, method, format, message, metadata, isStream]) => {
  const { GrpcWebClientBase, MethodDescriptor } = globalThis.grpcWeb;
  const encode = (text) => new TextEncoder().encode(text);
  const decode = (bytes) => new TextDecoder().decode(bytes);
  const client = new GrpcWebClientBase({ format });
  const path = "/test.Suite/" + method;
  const descriptor = new MethodDescriptor(path, isStream ? "server_streaming" : "unary", String, String, encode, decode);
  const seen = { messages: [], head: null, status: null, error: null };
  await new Promise((resolve) => {
    const failed = (error) => { seen.error = { code: error.code, message: error.message, metadata: error.metadata }; resolve(); };
    const call = isStream
      ? client.serverStreaming(origin + path, message, metadata, descriptor)
      : client.rpcCall(origin + path, message, metadata, descriptor, (error, reply) => {
          if (error) failed(error);
          else { seen.messages.push(reply); resolve(); }
        });
    if (isStream) {
      call.on("data", (reply) => seen.messages.push(reply.length));
      call.on("error", failed);
      call.on("end", resolve);
    }
    call.on("metadata", (head) => { seen.head = head; });
    call.on("status", (status) => { seen.status = { code: status.code, metadata: status.metadata }; });
  });
  return seen;
}`;

interface Seen {
  readonly messages: readonly (string | number)[];
  readonly head: Readonly<Record<string, string>> | null;
  readonly status: { readonly code: number; readonly metadata?: Readonly<Record<string, string>> } | null;
  readonly error: { readonly code: number; readonly message: string } | null;
}

const skip = (existsSync(CHROMIUM) ? false : missing("chromium") || `no browser at ${CHROMIUM}`) || whyNoForge();

describe(`gRPC-Web in a browser on ${RUNTIME}`, { skip }, () => {
  const stage = new Stage();
  let gateway: Http2Gateway;
  let browser: Browser;

  before(async () => {
    const { port } = await startOnNode(stage, "grpc-service.ts");
    const cors = 'cors: { origins: ["*"], methods: [POST], headers: [x-mine] }';
    gateway = await Http2Gateway.start(stage, {
      pair: writePair(stage),
      upstreams: {
        suite: { url: `http://127.0.0.1:${port}`, protocol: "h2" },
        gone: { url: "http://127.0.0.1:1", protocol: "h2" },
        page: { url: await stage.startService(), protocol: "http/1.1" },
      },
      routes: [
        `  - { name: suite, match: { path: /test.Suite/* }, public: true, upstream: suite, grpcWeb: true, timeout: 5s, ${cors} }`,
        `  - { name: gone, match: { path: /test.Suite/Gone }, public: true, upstream: gone, grpcWeb: true, ${cors} }`,
        "  - { name: page, match: { path: /* }, public: true, upstream: page }",
      ],
    });
    browser = await chromium.launch({ executablePath: CHROMIUM, args: [...FLAGS, "--ignore-certificate-errors"] });
    stage.onStop(() => browser.close());
  });

  after(() => stage.stop());

  const ORIGINS = [
    { title: "over HTTP/1.1", origin: () => `http://localhost:${gateway.plainPort}`, from: null },
    { title: "over HTTP/2", origin: () => `https://localhost:${gateway.tlsPort}`, from: null },
    {
      title: "from another origin",
      origin: () => `https://localhost:${gateway.tlsPort}`,
      from: () => `http://localhost:${gateway.plainPort}`,
    },
  ];

  for (const { title, origin, from } of ORIGINS) {
    for (const format of ["binary", "text"]) {
      describe(`${title}, ${format}`, () => {
        let page: Page;

        before(async () => {
          page = await browser.newPage();
          await page.goto(`${(from ?? origin)()}/things`);
          await page.addScriptTag({ content: CLIENT });
        });
        after(() => page.close());

        async function call(
          method: string,
          message: string,
          metadata: Readonly<Record<string, string>> = {},
          isStream = false,
        ): Promise<Seen> {
          return (await page.evaluate(`(${CALL})(${JSON.stringify([origin(), method, format, message, metadata, isStream])})`)) as Seen;
        }

        it("a call is answered, with its trailers", async () => {
          const seen = await call("Echo", "hello – from a page", { "x-mine": "yes" });
          assert.equal(seen.error, null);
          assert.deepEqual(seen.messages, ["hello – from a page"]);
          assert.equal(seen.status?.code, 0);
          assert.equal(seen.status?.metadata?.["x-bytes"], "21");
        });

        it("an error is told with its status and message", async () => {
          const seen = await call("Echo", "", { "x-mine": "yes" });
          assert.equal(seen.error, null);
          const failed = await call("Unknown", "x");
          assert.equal(failed.error?.code, 12);
        });

        it("a fault of the gateway is a status as well", async () => {
          const seen = await call("Gone", "x");
          assert.equal(seen.error?.code, 14, JSON.stringify(seen));
          assert.match(seen.error?.message ?? "", /SP_UPSTREAM_CONNECT_FAILED/);
        });

        if (format === "text") {
          it("a stream comes message by message", async () => {
            const seen = await call("Download", "200 1000", {}, true);
            assert.equal(seen.error, null);
            assert.equal(seen.messages.length, 200);
            assert.equal(seen.status?.code ?? 0, 0);
          });
        }
      });
    }
  }
});
