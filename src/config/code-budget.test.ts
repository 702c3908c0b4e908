import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { countCustomCode, countLines } from "./code-budget.ts";

const FILES: Readonly<Record<string, string>> = {
  "/etc/gw/plugins/a.ts": "// what it is\n\nexport default {};\nconst x = 1;\n",
  "/etc/gw/plugins/b.ts": "one();\ntwo();\nthree();\n",
  "/etc/gw/teams/plugins/a.ts": "four();\n",
};
const read = (file: string) => {
  const text = FILES[file];
  return text === undefined ? { reason: "there is none of this name" } : { text };
};

function routes(...plugins: readonly (readonly unknown[])[]) {
  return { routes: plugins.map((list, index) => ({ name: `r${index}`, plugins: list })) };
}

describe("lines of code", () => {
  it("are those that are neither blank nor comment alone", () => {
    assert.equal(countLines(""), 0);
    assert.equal(countLines("\n  \n\t\n// a\n   // b"), 0);
    assert.equal(countLines("a();\r\nb(); // c\n\n/* d */\ne();"), 3);
    assert.equal(countLines("/**\n * doc\n */\nf();\n"), 1);
    assert.equal(countLines("/* a */ b();\n/* c\nd\n*/ e();\n/* f */ /* g\n*/ // h\n"), 2);
    assert.equal(countLines('const url = "http://x/*y";\nz();\n'), 2);
    assert.equal(countLines("/*/\nstill a comment\n*/"), 0);
  });
});

describe("the budget of custom code", () => {
  it("counts the plugins of every file of the configuration, each once", () => {
    const root = routes(["plugins/a.ts"], ["plugins/b.ts", "./plugins/a.ts"]);
    const count = countCustomCode(
      [
        { value: root, folder: "/etc/gw" },
        { value: routes(["plugins/a.ts"]), folder: "/etc/gw/teams" },
      ],
      read,
    );
    assert.deepEqual(count, { lines: 6, findings: [] });
  });

  it("that is exceeded is an issue at the budget, which names the largest file", () => {
    const root = { gateway: { customCode: { maxLines: 4 } }, ...routes(["plugins/a.ts", "plugins/b.ts"]) };
    const { findings } = countCustomCode([{ value: root, folder: "/etc/gw" }], read);
    assert.equal(findings.length, 1);
    const [first] = findings;
    assert.equal(first?.part, 0);
    assert.equal(first?.finding.code, "SP_CONFIG_CODE_BUDGET");
    assert.deepEqual(first?.finding.path, ["gateway", "customCode", "maxLines"]);
    assert.match(first?.finding.message ?? "", /5 lines; the most is 4/);
    assert.match(first?.finding.hint ?? "", /`plugins\/b\.ts` with 3 lines/);
  });

  it("that is just kept is none, and zero lines are allowed to nobody's harm", () => {
    const within = (maxLines: number, value: object) =>
      countCustomCode([{ value: { gateway: { customCode: { maxLines } }, ...value }, folder: "/etc/gw" }], read).findings.length;
    assert.equal(within(3, routes(["plugins/b.ts"])), 0);
    assert.equal(within(0, routes()), 0);
    assert.equal(within(0, routes(["plugins/b.ts"])), 1);
  });

  it("tells a file that can't be read, in the part that names it", () => {
    const { lines, findings } = countCustomCode(
      [
        { value: routes(["plugins/b.ts"]), folder: "/etc/gw" },
        { value: routes(["plugins/none.ts", "plugins/none.ts"]), folder: "/etc/gw" },
      ],
      read,
    );
    assert.equal(lines, 3);
    assert.deepEqual(
      findings.map(({ part, finding }) => [part, finding.code, finding.path.join(".")]),
      [[1, "SP_CONFIG_REFERENCED_FILE", "routes.0.plugins.0"]],
    );
  });

  it("passes over what has the wrong type", () => {
    const value = { gateway: { customCode: { maxLines: "4" } }, routes: [null, { plugins: 5 }, { plugins: [5, "", null] }] };
    assert.deepEqual(countCustomCode([{ value, folder: "/" }], read), { lines: 0, findings: [] });
    assert.deepEqual(countCustomCode([], read), { lines: 0, findings: [] });
  });
});
