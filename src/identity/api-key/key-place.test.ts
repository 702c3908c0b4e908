import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { ApiKeyIdentity } from "../../config/index.ts";
import { exchangeOf } from "../mtls/testdata/exchange-double.ts";
import { createKeyPlace } from "./key-place.ts";

type From = ApiKeyIdentity["from"];
const HEADER: From = { kind: "header", name: "X-Api-Key" };
const QUERY: From = { kind: "query", name: "api_key" };
const COOKIE: From = { kind: "cookie", name: "key" };

function read(from: From, parts: Parameters<typeof exchangeOf>[0]): string | null {
  const found = createKeyPlace(from).read(exchangeOf(parts));
  return found === null || typeof found === "string" ? found : found.detail;
}

describe("the place of a key", () => {
  it("is a field by any spelling of its case", () => {
    assert.equal(read(HEADER, { fields: [["x-api-KEY", "k"]] }), "k");
    assert.equal(read(HEADER, { fields: [["X-Api-Key", ""]] }), "");
    assert.equal(read(HEADER, { fields: [["X-Other", "k"]] }), null);
    assert.equal(
      read(HEADER, {
        fields: [
          ["X-Api-Key", "a"],
          ["x-api-key", "a"],
        ],
      }),
      "there is more than one line of X-Api-Key",
    );
  });

  for (const [target, found] of [
    ["/?api_key=k", "k"],
    ["/?a=1&api_key=k&b=2", "k"],
    ["/?%61pi%5fkey=k", "k"],
    ["/?api_key=k%41", "k%41"],
    ["/?api_key=a=b", "a=b"],
    ["/?api_key", ""],
    ["/?api_key=", ""],
    ["/?api_key&a=1", ""],
    ["/?API_KEY=k", null],
    ["/?xapi_key=k", null],
    ["/?", null],
    ["/", null],
    ["/?&&a", null],
    ["/?api_key=a&api_key=a", "the query has more than one api_key"],
    ["/?api_key&%61pi_key=a", "the query has more than one api_key"],
  ] as const) {
    it(`is a parameter of the query as services read it: ${target}`, () => assert.equal(read(QUERY, { target }), found));
  }

  for (const [line, found] of [
    ["key=k", "k"],
    ["a=1; key=k; b=2", "k"],
    ["a=1;key = k ;b=2", "k"],
    ["key", ""],
    ["key=a=b", "a=b"],
    ["xkey=k; keyx=k", null],
    ["\u00a0key=k; key\u00a0=k", null],
    ["", null],
    ["key=a; key=b", "there is more than one cookie key"],
  ] as const) {
    it(`is a cookie: ${line}`, () => assert.equal(read(COOKIE, { fields: [["Cookie", line]] }), found));
  }

  it("is looked for in all lines of cookies", () => {
    assert.equal(
      read(COOKIE, {
        fields: [
          ["Cookie", "a=1"],
          ["Cookie", "key=k"],
        ],
      }),
      "k",
    );
    assert.equal(
      read(COOKIE, {
        fields: [
          ["Cookie", "key=k"],
          ["Cookie", "key=k"],
        ],
      }),
      "there is more than one cookie key",
    );
  });

  it("is told to who hides it from upstreams, and for a field to clients", () => {
    const told = (from: From) => {
      const place = createKeyPlace(from);
      const { fields, cookies, parameters } = place.carriers;
      return [fields.map(({ text }) => text), cookies, parameters, place.challenge("partners")];
    };
    assert.deepEqual(told(HEADER), [["X-Api-Key"], [], [], 'ApiKey realm="partners", header="X-Api-Key"']);
    assert.deepEqual(told({ kind: "header", name: "Authorization" })[0], []);
    assert.deepEqual(told(QUERY), [[], [], ["api_key"], null]);
    assert.deepEqual(told(COOKIE), [[], ["key"], [], null]);
  });
});
