import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseConfig } from "./index.ts";
import { findAmbiguousPreflights } from "./preflights.ts";

const CORS = "cors: { origins: [https://a.example.com] }";

/** Pairs of names. */
function find(...lines: readonly string[]): string[] {
  const head = "version: 1\nlisteners: [{ name: http, address: 127.0.0.1:1 }]\nupstreams: { a: { endpoints: [http://a] } }\nroutes:\n";
  const text = head + lines.map((line, index) => `  - { name: r${index}, public: true, upstream: a, ${line} }\n`).join("");
  const { config, issues } = parseConfig(text, "f.yaml");
  assert.ok(config !== null, JSON.stringify(issues));
  return findAmbiguousPreflights(config.routes).map(({ route, other }) => `${other.name} ${route.name}`);
}

describe("preflights", () => {
  it("can't tell routes apart that differ in a header's value alone", () => {
    const one = "match: { path: /a, headers: { X-V: '1' } }";
    assert.deepEqual(find(`${one}, ${CORS}`, "match: { path: /a, headers: { X-V: '2' } }"), ["r0 r1"]);
    assert.deepEqual(find(one, `match: { path: /a, headers: { X-V: '2' } }, ${CORS}`), ["r0 r1"]);
    assert.deepEqual(find(`${one}, ${CORS}`, "match: { path: /a }"), ["r0 r1"]);
  });

  it("see through the names of parameters and find one host or path among several", () => {
    const first = `match: { hosts: [x.y, a.b], path: /a/:id, headers: { X-V: '1' } }, ${CORS}`;
    assert.deepEqual(find(first, "match: { hosts: [a.b, c.d], path: /a/:key, headers: { X-V: '2' } }"), ["r0 r1"]);
    assert.deepEqual(find(first, "match: { hosts: [c.d], path: /a/:key, headers: { X-V: '2' } }"), []);
  });

  it("tell by host, path, method and query", () => {
    const get = `match: { path: /a, methods: [GET], headers: { X-V: '1' } }, ${CORS}`;
    assert.deepEqual(find(get, "match: { path: /a, methods: [POST], headers: { X-V: '2' } }"), []);
    assert.deepEqual(find(get, "match: { path: /a, methods: [GET, POST], headers: { X-V: '2' } }"), ["r0 r1"]);
    const query = `match: { path: /a, query: { v: '1' } }, ${CORS}`;
    assert.deepEqual(find(query, "match: { path: /a, query: { v: '2' } }"), []);
  });

  it("are answered alike where `cors` is the same, or nowhere said", () => {
    assert.deepEqual(
      find(`match: { path: /a, headers: { X-V: '1' } }, ${CORS}`, `match: { path: /a, headers: { X-V: '2' } }, ${CORS}`),
      [],
    );
    assert.deepEqual(find("match: { path: /a, headers: { X-V: '1' } }", "match: { path: /a, headers: { X-V: '2' } }"), []);
  });

  it("hear of methods that each route takes, where nothing else is said of them", () => {
    const one = `match: { path: /a, methods: [GET], headers: { X-V: '1' } }, ${CORS}`;
    assert.deepEqual(find(one, `match: { path: /a, methods: [GET, POST], headers: { X-V: '2' } }, ${CORS}`), []);
    const narrow = "cors: { origins: [https://a.example.com], methods: [POST] }";
    assert.deepEqual(find(one, `match: { path: /a, methods: [GET, POST], headers: { X-V: '2' } }, ${narrow}`), ["r0 r1"]);
  });

  it("are told once for each route", () => {
    const route = (value: number, rest: string) => `match: { hosts: [a.b, c.d], path: /a, headers: { X-V: '${value}' } }${rest}`;
    assert.deepEqual(find(route(1, `, ${CORS}`), route(2, ""), route(3, "")), ["r0 r1", "r0 r2"]);
  });
});
