import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseDocument } from "yaml";
import type { IssuePath } from "./issue.ts";
import { mutate } from "./mutate.fuzz.ts";
import { parseSource } from "./source.ts";

function locate(text: string, path: IssuePath, at: "key" | "value" = "value"): string {
  const { line, column } = parseSource(text, "f.yaml").source.locate({ code: "SP_CONFIG_BAD_VALUE", path, at, message: "m" });
  return `${line}:${column}`;
}

const NESTED = `a:
  - - x
    - { k: [p, "q"], l: 1 }
  -
    m:
    n: # nothing
      - z
b: {}
`;

describe("places", () => {
  it("are those of values in nested lists and maps", () => {
    assert.equal(locate(NESTED, ["a", 0, 0]), "2:7");
    assert.equal(locate(NESTED, ["a", 0, 1]), "3:7");
    assert.equal(locate(NESTED, ["a", 0, 1, "k", 1]), "3:16");
    assert.equal(locate(NESTED, ["a", 0, 1, "l"], "key"), "3:22");
    assert.equal(locate(NESTED, ["a", 0, 1, "l"]), "3:25");
    assert.equal(locate(NESTED, ["a", 1, "n", 0]), "7:9");
    assert.equal(locate(NESTED, ["b"]), "8:4");
  });

  it("are the key's where the value is not written", () => {
    assert.equal(locate(NESTED, ["a", 1, "m"]), "5:5");
  });

  it("are the enclosing thing's where the key is not written", () => {
    assert.equal(locate(NESTED, ["a", 1, "zz"]), "5:5");
    assert.equal(locate(NESTED, ["a", 7, "zz"]), "2:3");
    assert.equal(locate(NESTED, ["zz"]), "1:1");
  });

  it("are the same with CRLF line ends", () => {
    const text = NESTED.replaceAll("\n", "\r\n");
    assert.equal(locate(text, ["a", 0, 1, "k", 1]), "3:16");
    assert.equal(locate(text, ["b"]), "8:4");
  });

  it("inside an alias are those of what it stands for", () => {
    assert.equal(locate("x: &n { a: 1, b: 2 }\ny: *n\n", ["y"]), "2:4");
    assert.equal(locate("x: &n { a: 1, b: 2 }\ny: *n\n", ["y", "b"]), "1:18");
  });

  it("come with the line they are in", () => {
    const { source } = parseSource(NESTED, "f.yaml");
    const issue = source.locate({ code: "SP_CONFIG_BAD_VALUE", path: ["a", 0, 1, "k", 1], at: "value", message: "m" });
    assert.deepEqual(issue.excerpt, { text: '    - { k: [p, "q"], l: 1 }', width: 3 });
    assert.equal(issue.path, "a[0][1].k[1]");
  });

  it("never show a URL's credentials", () => {
    const { source } = parseSource("url: http://user:pass@host # http://u@h\n", "f.yaml");
    const issue = source.locate({ code: "SP_CONFIG_BAD_VALUE", path: ["url"], at: "value", message: "m" });
    assert.equal(issue.excerpt?.text, "url: http://*********@host # http://*@h");
  });
});

describe("the language", () => {
  it("is YAML 1.2 core: yes, no, on and off are words, and 0o7 and 0x7 numbers", () => {
    const { source } = parseSource("[yes, no, on, off, true, ~, 010, 0o10, 0x10, 1_000, 2026-01-01, 1:30]", "f.yaml");
    assert.deepEqual(source.value, ["yes", "no", "on", "off", true, null, 10, 8, 16, "1_000", "2026-01-01", "1:30"]);
  });

  it("has no keys but text", () => {
    assert.deepEqual({ ...(parseSource("1: a\ntrue: b\n", "f.yaml").source.value as object) }, { 1: "a", true: "b" });
    assert.equal(parseSource("? [a]\n: b\n", "f.yaml").issues[0]?.code, "SP_CONFIG_YAML_SYNTAX");
  });

  it("keeps a key from reaching the prototype", () => {
    const { source, issues } = parseSource("__proto__: { polluted: true }\nconstructor: 1\n", "f.yaml");
    assert.equal(issues[0]?.code, "SP_CONFIG_UNKNOWN_KEY");
    assert.deepEqual(Object.keys(source.value as object), ["constructor"]);
    assert.ok(!("polluted" in {}));
  });

  it("refuses nesting without end", () => {
    const { issues } = parseSource(`${"[".repeat(200)}${"]".repeat(200)}`, "f.yaml");
    assert.ok(issues.some((issue) => issue.code === "SP_CONFIG_YAML_DEPTH" || issue.code === "SP_CONFIG_YAML_SYNTAX"));
    const absurd = parseSource("[".repeat(100_000), "f.yaml");
    assert.notEqual(absurd.issues.length, 0);
  });

  it("expands aliases within a budget, in time that does not explode", () => {
    const levels = Array.from({ length: 40 }, (_, i) => `l${i}: &l${i} [${i === 0 ? "x" : `*l${i - 1}, *l${i - 1}`}]`);
    const { issues } = parseSource(levels.join("\n"), "f.yaml");
    assert.ok(issues.length > 0 && issues.every((issue) => issue.code === "SP_CONFIG_YAML_ALIASES"));
  });

  it("takes a byte order mark", () => {
    assert.deepEqual({ ...(parseSource("\ufeffa: 1\n", "f.yaml").source.value as object) }, { a: 1 });
  });
});

describe("a second library", () => {
  const texts = ["full", "json", "example"].map((name) => readFileSync(new URL(`./testdata/${name}.in.txt`, import.meta.url), "utf8"));

  /** What the other one reads; undefined when it sees a mistake. */
  function readByOther(text: string): string | undefined {
    const document = parseDocument(text, { version: "1.2", schema: "core", merge: false, stringKeys: true, logLevel: "silent" });
    if (document.errors.length + document.warnings.length > 0) return undefined;
    try {
      return JSON.stringify(document.toJS({ maxAliasCount: -1 }));
    } catch {
      // An alias that stands for nothing.
      return undefined;
    }
  }

  it("understands every damaged text the same, as far as both take it", () => {
    let agreed = 0;
    const property = fc.property(
      fc.nat(),
      fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { minLength: 1, maxLength: 3 }),
      (pick, edits) => {
        // Directives of YAML 1.1 change what the other one takes words for.
        const text = mutate(texts[pick % texts.length] ?? "", edits).replaceAll("%YAML", "#YAML");
        const { source, issues } = parseSource(text, "f.yaml");
        const other = readByOther(text);
        if (issues.length > 0 || other === undefined) return;
        assert.equal(JSON.stringify(source.value), other);
        agreed++;
      },
    );
    fc.assert(property, { numRuns: 600 });
    assert.ok(agreed > 100, `${agreed} texts were compared`);
  });
});
