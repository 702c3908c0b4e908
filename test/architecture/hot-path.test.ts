// The hot-path rule, held against examples and then against every file that carries @hot.
import assert from "node:assert/strict";
import { describe, it, test } from "node:test";
import { checkHotPath, isHot, type StripTypes, stripTypes } from "./hot-path.ts";
import { isCompanion, listSourceFiles } from "./source-files.ts";

// One skipped test, not a skipped suite, of which Bun would say nothing.
const strip = stripTypes;
if (strip === undefined) {
  test("hot paths", { skip: "needs Node's stripTypeScriptTypes; the run on Node looks at the same files" }, () => {});
} else {
  describe("hot paths", () => checkHotPaths(strip));
}

function checkHotPaths(strip: StripTypes): void {
  it("are told by the opening comment alone", () => {
    assert.ok(isHot("// Reads.\n// @hot\nimport x;"));
    assert.ok(!isHot("// Reads.\nconst a = 1;\n// @hot\n"));
  });

  it("may do at load what they may not do in a function", () => {
    assert.deepEqual(checkHotPath("const TABLE = new Map([1, 2].map((n) => [n, n]));\n", strip), []);
    assert.deepEqual(
      checkHotPath(
        "type On = (n: number) => void;\ninterface A { b: () => void }\nfunction f(on: (n: number) => void): void { on(1); }\n",
        strip,
      ),
      [],
    );
  });

  for (const [title, code, expected] of [
    ["closures", "function f(a: number[]) {\n  return a.map((n) => n);\n}", ["2: a closure"]],
    ["async", "async function f() {}", ["1: async or await"]],
    ["spread", "function f(a: number[]) {\n  return [...a];\n}", ["2: spread or rest"]],
    ["regular expressions", "const A = /a+/;", ["1: a regular expression"]],
    ["JSON", "class A {\n  b() {\n    return JSON.stringify(1);\n  }\n}", ["3: JSON"]],
    ["for…of", "function f(a: number[]) {\n  for (const b of a) use(b);\n}", ["2: for…of or for…in"]],
    ["costly objects", "class A {\n  constructor() {\n    this.b = new Map<string, string>();\n  }\n}", ["3: a costly object"]],
    ["bound functions", "function f(a: () => void) {\n  if (a) { return a.bind(null); }\n}", ["2: a bound function"]],
  ] as const) {
    it(`refuse ${title}`, () => assert.deepEqual(checkHotPath(`${code}\n`, strip), expected));
  }

  it("let a reasoned exception through, on the line or above it", () => {
    assert.deepEqual(
      checkHotPath("function f() {\n  // hot-exception: once a connection, x.bench.ts\n  return new Map();\n}\n", strip),
      [],
    );
  });

  it("keep the rule wherever they are", () => {
    const marked = listSourceFiles("src").filter(({ path, text }) => !isCompanion(path) && isHot(text));
    const found = marked.flatMap(({ path, text }) => checkHotPath(text, strip).map((line) => `${path}:${line}`));
    assert.deepEqual(found, [], "see ARCHITECTURE.md, hot paths; an exception names its reason and its bench file");
  });
}
