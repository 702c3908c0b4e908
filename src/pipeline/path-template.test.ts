import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { normalisePath } from "../http/index.ts";
import type { PathPattern } from "../router/index.ts";
import { type Exchange, PathRecipe, withOneSlash } from "./index.ts";

const pattern = (segments: (string | null)[], names: string[], hasTail: boolean): PathPattern => ({
  text: "",
  segments,
  params: names.map((name, index) => ({ name, segment: segments.flatMap((each, at) => (each === null ? [at] : []))[index] ?? 0 })),
  hasTail,
});

const OLD = pattern(["old"], [], true);
const ITEM = pattern(["u", null, "items", null], ["user", "id"], false);
const ROOT = pattern([], [], true);
const BELOW = pattern([null], ["id"], true);

function read(template: ConstructorParameters<typeof PathRecipe>[0], from: PathPattern, routedPath: string): string {
  return new PathRecipe(template).read({ pattern: from, routedPath } as unknown as Exchange);
}

describe("a path with holes", () => {
  const tail = ["/v2/", { param: "*" }];
  for (const [template, from, path, to] of [
    [tail, OLD, "/old", "/v2"],
    [tail, OLD, "/old/", "/v2/"],
    [tail, OLD, "/old/x", "/v2/x"],
    [tail, OLD, "/old/x/", "/v2/x/"],
    [tail, OLD, "/old//x", "/v2//x"],
    [tail, OLD, "/old/a%2Fb/%C3%A4", "/v2/a%2Fb/%C3%A4"],
    [tail, ROOT, "/", "/v2/"],
    [tail, ROOT, "/x", "/v2/x"],
    [["/", { param: "*" }], OLD, "/old", "/"],
    [["/", { param: "*" }], OLD, "/old/", "/"],
    [["/", { param: "*" }], OLD, "/old//evil.test/x", "/evil.test/x"],
    [["/", { param: "*" }], OLD, "/old///evil.test", "/evil.test"],
    [["/", { param: "id" }, "/of/", { param: "user" }], ITEM, "/u/7/items/a%20b", "/a%20b/of/7"],
    [["/", { param: "id" }, "/", { param: "*" }], BELOW, "/a", "/a"],
    [["/", { param: "id" }, "/", { param: "*" }], BELOW, "/a/", "/a/"],
    [["/", { param: "id" }, "/", { param: "*" }], BELOW, "/a//b", "/a//b"],
    [["/fixed"], OLD, "/old/x", "/fixed"],
    [["/"], OLD, "/old/x", "/"],
  ] as const) {
    const text = template.map((part) => (typeof part === "string" ? part : `{${part.param}}`)).join("");
    it(`${text} of ${path} is ${to}`, () => assert.equal(read(template, from, path), to));
  }

  it("makes of a path in normal form another one, which begins with one slash, whatever the tail holds", () => {
    const RULES = { encodedSlash: "keep", backslash: "reject", duplicateSlashes: "keep", dotSegments: "resolve" } as const;
    const piece = fc.constantFrom("a", "/", "//", ".", "..", "%2e", "%2F", "%5C", "\\", "@", ":", ";", "evil.test", "%C3%A4", "|", "?");
    const templates = [["/", { param: "*" }], tail, ["/", { param: "id" }, "/", { param: "*" }], ["/a/", { param: "id" }]];
    let made = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), fc.constantFrom(...templates), (pieces, template) => {
        const routed = normalisePath(`/old/${pieces.join("")}`, RULES);
        if (typeof routed !== "string") return;
        made++;
        const path = read(template, pattern([null], ["id"], true), routed);
        assert.match(path, /^\/(?![/\\])[!-~]*$/);
        assert.equal(normalisePath(path, RULES), path);
      }),
      { numRuns: 2000 },
    );
    assert.ok(made > 100, `only ${made} paths were fit to try`);
  });
});

describe("one slash", () => {
  it("is put where there is none, and left of several", () => {
    assert.deepEqual(["", "x", "/", "/x", "//", "///x//y"].map(withOneSlash), ["/", "/x", "/", "/x", "/", "/x//y"]);
  });
});
