import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import fc from "fast-check";
import { Secret } from "../base/index.ts";
import { createFakeHost } from "./config-host-fake.ts";
import { formatIssues, type LoadedConfig, parseConfig } from "./index.ts";

const HEAD = 'version: 1\nlisteners: [{ name: http, address: "127.0.0.1:8080" }]\nupstreams: { a: { endpoints: [http://a] } }\n';
const CANARY = "Xk7canaryQ9z";

function route(rest: string): string {
  return `${HEAD}routes: [{ name: r, match: { path: /a/:id }, public: true, upstream: a, ${rest} }]\n`;
}

function setHeader(value: string): string {
  return route(`headers: { request: { set: { X-Key: ${JSON.stringify(value)} } } }`);
}

/** The parts of X-Key, secrets told. */
function readHeader(loaded: LoadedConfig): unknown {
  assert.deepEqual(loaded.issues, []);
  return loaded.config?.routes[0]?.headers.request.set[0]?.[1].map((part) => (part instanceof Secret ? { secret: part.reveal() } : part));
}

function codes(loaded: LoadedConfig): string[] {
  return loaded.issues.map(({ code }) => code);
}

describe("a reference", () => {
  it("stands for a variable or a file, several in one value and with text around", () => {
    const host = createFakeHost({ "/c/k/key": "file-part\n" }, { A: "1" });
    assert.deepEqual(readHeader(parseConfig(setHeader("a ${env:A}-${file:k/key} z"), "/c/g.yaml", host)), [{ secret: "a 1-file-part z" }]);
  });

  it("makes one secret of a header or query value, in which nothing is a template", () => {
    const host = createFakeHost({}, { A: "${param:id}" });
    assert.deepEqual(readHeader(parseConfig(setHeader("${env:A}"), "/c/g.yaml", host)), [{ secret: "${param:id}" }]);
    assert.deepEqual(readHeader(parseConfig(setHeader("$${x} ${env:A}"), "/c/g.yaml", host)), [{ secret: "${x} ${param:id}" }]);
    const query = parseConfig(route('rewrite: { query: { set: { k: "${env:A}" } } }'), "/c/g.yaml", host);
    assert.ok(query.config?.routes[0]?.rewrite.query.set[0]?.[1][0] instanceof Secret);
    const defaults = `${HEAD}defaults: { headers: { response: { add: { X-K: [a, "\${env:A}"] } } } }\nroutes: [{ name: r, match: { path: /a }, public: true, upstream: a }]\n`;
    const [, second] = parseConfig(defaults, "/c/g.yaml", host).config?.routes[0]?.headers.response.add ?? [];
    assert.ok(second?.[1][0] instanceof Secret);
  });

  it("escaped with another dollar is literal text, in templates and elsewhere", () => {
    assert.deepEqual(readHeader(parseConfig(setHeader("$${env:A}"), "/c/g.yaml", createFakeHost())), ["${env:A}"]);
    const { config } = parseConfig(
      `${HEAD}routes: [{ name: r, match: { path: /a }, public: true, respond: { body: "$\${env:A}" } }]\n`,
      "/c/g.yaml",
      createFakeHost(),
    );
    const [action] = config?.routes.map((one) => one.action) ?? [];
    assert.equal(action?.kind === "respond" && new TextDecoder().decode(action.respond.body), "${env:A}");
  });

  it("gives its text to any other value, which is judged as if it stood there", () => {
    const text = HEAD.replace("127.0.0.1:8080", "127.0.0.1:${env:PORT}").replace("http://a", '"${env:URL}"');
    const { config } = parseConfig(text, "/c/g.yaml", createFakeHost({}, { PORT: "81", URL: "http://b:9" }));
    assert.deepEqual(config?.listeners[0]?.address, { host: "127.0.0.1", port: 81 });
    assert.equal(config?.upstreams[0]?.endpoints[0]?.authority, "b:9");
  });

  it("to a variable that is missing or empty, or a file that is no use, is an issue at the value", () => {
    const files = { "/c/nul": "a\0b", "/c/latin": Uint8Array.of(0xe4), "/c/big": "x".repeat(64 * 1024 + 1) };
    const host = createFakeHost(files, { EMPTY: "" });
    for (const name of ["NONE", "EMPTY", "toString"]) {
      const loaded = parseConfig(setHeader(`\${env:${name}}`), "/c/g.yaml", host);
      assert.deepEqual(codes(loaded), ["SP_CONFIG_ENV_MISSING"]);
      assert.equal(loaded.issues[0]?.path, "routes[0].headers.request.set.X-Key");
    }
    for (const name of ["none", "nul", "latin", "big"]) {
      assert.deepEqual(codes(parseConfig(setHeader(`\${file:${name}}`), "/c/g.yaml", host)), ["SP_CONFIG_REFERENCED_FILE"]);
    }
    for (const broken of ["${env:A", "${env:}", "${env:a b}", "${file:}"]) {
      assert.deepEqual(codes(parseConfig(setHeader(broken), "/c/g.yaml", host)), ["SP_CONFIG_BAD_TEMPLATE"], broken);
    }
  });

  it("drops one newline at the end of a file and no more", () => {
    const host = createFakeHost({ "/c/key": "k\n\n" });
    assert.deepEqual(codes(parseConfig(setHeader("${file:key}"), "/c/g.yaml", host)), ["SP_CONFIG_BAD_HEADER"]);
    host.files.set("/c/key", "k\r\n");
    assert.deepEqual(readHeader(parseConfig(setHeader("${file:key}"), "/c/g.yaml", host)), [{ secret: "k" }]);
  });
});

describe("what came from a reference", () => {
  const places = [
    (value: string) => HEAD.replace("127.0.0.1:8080", value),
    (value: string) => HEAD.replace('"127.0.0.1:8080"', `"127.0.0.1:1", trustedProxies: ["${value}", "${value}"]`),
    (value: string) => HEAD.replace("http://a", `"${value}"`),
    (value: string) => HEAD.replace("[http://a]", `["${value}", "${value}"]`),
    (value: string) => `${HEAD}gateway: { kind: "${value}", identityHeaders: ["${value}", "${value}"] }\n`,
    (value: string) => `${HEAD}defaults: { timeout: "${value}", bounds: { body: "${value}" } }\n`,
    (value: string) =>
      route(`timeout: "${value}", rewrite: { stripPrefix: "${value}", host: "${value}", query: { set: { a: "${value}" } } }`),
    (value: string) => route(`cors: { origins: ["${value}", "${value}"], credentials: true }`),
    (value: string) => route(`headers: { request: { set: { X-User-Id: "${value}" }, remove: ["${value}", "${value}"] } }`),
    (value: string) => route(`api: { name: "${value}", versions: ["${value}"] }`),
    (value: string) => route(`lifecycle: { sunset: "${value}" }`),
    (value: string) =>
      `${HEAD}routes: [{ name: "${value}", match: { hosts: ["${value}"], path: "${value}" }, public: true, upstream: "${value}" }]\n`,
    (value: string) =>
      `${HEAD}routes: [${[1, 2].map((n) => `{ name: "${value}${n}", match: { hosts: ["${value}"], path: /a }, public: true, upstream: a }`).join(", ")}]\n`,
    (value: string) =>
      `${HEAD}routes: [{ name: "${value}", match: { path: "/${value}" }, public: true, redirect: { to: "/${value}" } }]\ninvariants: [{ name: i, require: { hosts: ["${value}"] } }]\n`,
  ];
  const forms = ["", " ", "\n", "*.", "http://", "/:", "UPPER.", "1", "x".repeat(70), "{", "?"];

  it("is in no issue, in no excerpt and in no text of one, whatever is wrong with it", () => {
    const property = fc.property(
      fc.constantFrom(...places),
      fc.constantFrom(...forms),
      fc.constantFrom(...forms),
      (place, before, after) => {
        const loaded = parseConfig(place("${env:X}"), "/c/g.yaml", createFakeHost({}, { X: before + CANARY + after }));
        const told = JSON.stringify(loaded.issues) + formatIssues(loaded.issues, { colour: false });
        assert.ok(!told.toLowerCase().includes(CANARY.toLowerCase()), told);
      },
    );
    fc.assert(property, { numRuns: 600 });
  });

  it("is shown as it is written where the schema refuses it", () => {
    const loaded = parseConfig(HEAD.replace("127.0.0.1:8080", "${env:X}"), "/c/g.yaml", createFakeHost({}, { X: CANARY }));
    assert.match(loaded.issues[0]?.message ?? "", /got `\$\{env:X\}`$/);
    assert.deepEqual(codes(loaded), ["SP_CONFIG_BAD_ADDRESS"]);
  });

  it("is in no print of the configuration where it is a header's or a query's value", () => {
    const text = route('headers: { request: { set: { X-K: "${env:X}" } } }, rewrite: { query: { set: { k: "a${env:X}" } } }');
    const { config, issues } = parseConfig(text, "/c/g.yaml", createFakeHost({}, { X: CANARY }));
    assert.deepEqual(issues, []);
    assert.ok(!(JSON.stringify(config) + inspect(config, { depth: 20, showHidden: true })).includes(CANARY));
  });
});

describe("the file of an answer", () => {
  const text = `${HEAD}routes: [{ name: r, match: { path: /a }, public: true, respond: { file: pages/off.html } }]\n`;

  it("is read at load, with a type by its name", () => {
    const loaded = parseConfig(text, "/c/g.yaml", createFakeHost({ "/c/pages/off.html": "<p>${param:id}" }));
    const action = loaded.config?.routes[0]?.action;
    assert.ok(action?.kind === "respond");
    assert.equal(new TextDecoder().decode(action.respond.body), "<p>${param:id}");
    assert.equal(action.respond.contentType, "text/html; charset=utf-8");
    assert.deepEqual(loaded.files, ["/c/g.yaml", "/c/pages/off.html"]);
  });

  it("that is missing or too large is an issue", () => {
    assert.deepEqual(codes(parseConfig(text, "/c/g.yaml", createFakeHost())), ["SP_CONFIG_REFERENCED_FILE"]);
    const host = createFakeHost({ "/c/pages/off.html": new Uint8Array(1024 * 1024 + 1) });
    assert.deepEqual(codes(parseConfig(text, "/c/g.yaml", host)), ["SP_CONFIG_REFERENCED_FILE"]);
  });
});
