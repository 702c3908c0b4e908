import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { QueryEdits as Config } from "../../config/index.ts";
import type { Exchange } from "../../pipeline/index.ts";
import { compileQueryEdits } from "./query-edits.ts";

const NONE: Config = { keepOnly: null, remove: [], set: [] };
const PATTERN = { text: "/u/:id/*", segments: ["u", null], params: [{ name: "id", segment: 1 }], hasTail: true };

function edit(config: Partial<Config>, query: string, routedPath = "/u/7/x"): string {
  const head = { method: "GET", host: "a.test", query };
  const exchange = { pattern: PATTERN, routedPath, clientAddress: "2001:db8::1", clientScheme: "http", requestId: "r-1", head };
  const edits = compileQueryEdits({ ...NONE, ...config }) ?? assert.fail("edits nothing");
  edits.apply(exchange as unknown as Exchange);
  return head.query;
}

describe("query parameters to remove", () => {
  const remove = ["api_key"];
  for (const [from, to] of [
    ["", ""],
    ["?", ""],
    ["?api_key=1", ""],
    ["?api_key", ""],
    ["?api_key=", ""],
    ["?%61pi_key=1", ""],
    ["?%61%70%69%5F%6b%65%79=1&a", "?a"],
    ["?a=1&api_key=2&b=3&api_key=4", "?a=1&b=3"],
    ["?api_key=1&api_key=2", ""],
    ["?a=api_key&api_keys=1&Api_Key=2&xapi_key&api_ke", "?a=api_key&api_keys=1&Api_Key=2&xapi_key&api_ke"],
    ["?b=%7e&&a==b&%zz=%&c=%E4", "?b=%7e&&a==b&%zz=%&c=%E4"],
    ["?&a&", "?&a&"],
    ["?api%5Fkey%3D=1&api_key%=2&api_key%2=3", "?api%5Fkey%3D=1&api_key%=2&api_key%2=3"],
    ["?a=1;api_key=2", "?a=1;api_key=2"],
    ["??api_key=1", "??api_key=1"],
  ] as const) {
    it(`leave ${to || "nothing"} of ${from || "nothing"}`, () => assert.equal(edit({ remove }, from), to));
  }

  it("may hold what only an escape can say, and a space that is written as a plus", () => {
    assert.equal(edit({ remove: ["a&b", "ü", "x y", "p+q"] }, "?a%26b=1&%c3%BC=2&x+y=3&x%20y=4&p+q=5&p%2Bq=6&a=7"), "?a=7");
  });
});

describe("query parameters to keep", () => {
  it("are all that is left, in the bytes and the order in which they came", () => {
    const keepOnly = ["b", "a"];
    assert.equal(edit({ keepOnly }, "?x=1&%61=%7e&y&b=2;3&a&c=&&"), "?%61=%7e&b=2;3&a");
    assert.equal(edit({ keepOnly }, "?x=1"), "");
    assert.equal(edit({ keepOnly: [] }, "?x=1&y"), "");
    assert.equal(edit({ keepOnly, remove: ["a"] }, "?a&b&c"), "?b");
  });
});

describe("query parameters to set", () => {
  const set = (name: string, ...value: Config["set"][number][1]) => ({ set: [[name, value] as const] });

  it("replace every one of the name and stand at the end", () => {
    assert.equal(edit(set("v", "2"), "?v=1&a=b&%76=3"), "?a=b&v=2");
    assert.equal(edit(set("v", "2"), ""), "?v=2");
    assert.equal(edit(set("v", "2"), "?"), "?v=2");
    assert.equal(edit({ ...set("v", "2"), keepOnly: [] }, "?v=1&a"), "?v=2");
    assert.equal(edit(set("v", ""), "?a"), "?a&v=");
  });

  it("are percent-encoded as text, a % in it too", () => {
    assert.equal(edit(set("a b&ü", "50% of a+b=c&d#e;f g"), ""), "?a%20b%26%C3%BC=50%25%20of%20a%2Bb%3Dc%26d%23e%3Bf%20g");
    assert.equal(edit(set("who", { request: "client" }, "@", { request: "host" }), ""), "?who=2001:db8::1@a.test");
  });

  it("keep the escapes that a path has already", () => {
    assert.equal(edit(set("id", { param: "id" }), "", "/u/a%20b%26c&d=e+f;g"), "?id=a%20b%26c%26d%3De%2Bf%3Bg");
    assert.equal(edit(set("of", { request: "path" }, "?", { param: "*" }), "", "/u/1/a//b"), "?of=/u/1/a//b?a//b");
  });
});

describe("an edited query", () => {
  it("holds what it is to hold when it is read as forms are, and nothing that ends a request line", () => {
    const name = fc.constantFrom("a", "b", "%61", "%62", "c", "a+b", "a%20b", "", "=", "%", "%6");
    const query = fc
      .array(fc.tuple(name, fc.constantFrom("", "=1", "=%26", "=+", "==", "=a")), { maxLength: 6 })
      .map((parts) => (parts.length === 0 ? "" : `?${parts.map((pair) => pair.join("")).join("&")}`));
    const names = fc.subarray(["a", "b", "c", "a b", ""]).map((all) => all.filter((each) => each !== ""));
    const tail = fc.string({ unit: fc.constantFrom("a", "/", "&", "=", "+", ";", "%23", "%26", "@", "'", "[", "|", "!") });
    fc.assert(
      fc.property(query, fc.option(names), names, tail, (text, keepOnly, remove, rest) => {
        const edited = edit({ keepOnly, remove, set: [["v", ["x ", { param: "*" }]]] }, text, `/u/1/${rest}`);
        assert.match(edited, /^\?[!-"$-~]+$/);
        const before = [...new URLSearchParams(text)];
        const isKept = ([key]: [string, string]) => (keepOnly === null || keepOnly.includes(key)) && !remove.includes(key) && key !== "v";
        const expected = [...before.filter(isKept), ["v", `x ${decodeURIComponent(rest)}`]];
        assert.deepEqual([...new URLSearchParams(edited)], expected);
      }),
      { numRuns: 1000 },
    );
  });
});
