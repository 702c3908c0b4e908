// A gate that asks whether anything opens must see what a narrowed route leaves to a looser one.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type GatewayConfig, parseConfig } from "../../config/index.ts";
import { diffConfigs } from "./index.ts";

/** A route that is closed to all but friends, and one beneath it that is not. */
function configure(match: string): GatewayConfig {
  const text = `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
upstreams: { shop: { endpoints: [http://127.0.0.1:3001] } }
routes:
  - { name: closed, match: ${match}, public: true, upstream: shop, maintenance: { allowFrom: [10.0.0.0/8] } }
  - { name: all, match: { path: /* }, public: true, upstream: shop }
`;
  const { config, issues } = parseConfig(text, "/gateway.yaml");
  assert.ok(config !== null, JSON.stringify(issues));
  return config;
}

const NARROWED: readonly (readonly [what: string, before: string, after: string, sentence: string])[] = [
  [
    "a host of two",
    "{ hosts: [a.example.com, b.example.com], path: /x }",
    "{ hosts: [a.example.com], path: /x }",
    "GET http://b.example.com/x went to closed, goes to all now",
  ],
  ["a method of two", "{ path: /x, methods: [GET, POST] }", "{ path: /x, methods: [GET] }", "POST /x went to closed, goes to all now"],
  ["all methods but one", "{ path: /x }", "{ path: /x, methods: [GET] }", "POST /x went to closed, goes to all now"],
  ["what is further below", "{ path: /x/* }", "{ path: '/x/:y' }", "GET /x/x1/x went to closed, goes to all now"],
  [
    "a value of two",
    "{ path: /x, headers: { X-K: { oneOf: [a, b] } } }",
    "{ path: /x, headers: { X-K: a } }",
    "GET /x with X-K: b went to closed, goes to all now",
  ],
  ["requests without the header", "{ path: /x }", "{ path: /x, headers: { X-K: present } }", "GET /x went to closed, goes to all now"],
  ["everything but one host", "{ path: /x }", "{ hosts: [a.example.com], path: /x }", "GET /x went to closed, goes to all now"],
];

describe("a closed route that gives up", () => {
  for (const [what, before, after, sentence] of NARROWED) {
    it(`${what} opens what it leaves to the route beneath it`, () => {
      const { effects, requests } = diffConfigs(configure(before), configure(after));
      assert.ok(effects.some(({ kind }) => kind === "tightens"));
      assert.deepEqual(
        requests.map((moved) => [moved.sentence, moved.opens]),
        [[sentence, true]],
      );
      const back = diffConfigs(configure(after), configure(before)).requests;
      assert.deepEqual(
        back.map(({ opens }) => opens),
        [false],
      );
    });
  }
});
