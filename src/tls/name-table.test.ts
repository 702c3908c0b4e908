import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { NameTable } from "./name-table.ts";

interface Named {
  readonly names: readonly string[];
}

function table(fallback: Named | null, ...entries: Named[]): NameTable<Named> {
  return new NameTable(entries, fallback);
}

const exact = { names: ["api.example.com"] };
const wild = { names: ["*.example.com"] };
const fallback = { names: ["default.example"] };

describe("a table of names", () => {
  it("prefers the exact name to a wildcard that is listed before it", () => {
    assert.equal(table(fallback, wild, exact).find("api.example.com"), exact);
    assert.equal(table(fallback, wild, exact).find("shop.example.com"), wild);
  });

  it("lets a wildcard stand for one label, not for none and not for two", () => {
    const names = table(fallback, wild);
    assert.equal(names.find("a.example.com"), wild);
    for (const name of ["example.com", ".example.com", "a.b.example.com", "aexample.com", "a.example.com.evil"])
      assert.equal(names.find(name), fallback, name);
  });

  it("does not take a wildcard's own text for a name", () => {
    assert.equal(table(null, exact).find("*.example.com"), null);
  });

  it("looks neither at case nor at the root's dot", () => {
    const names = table(null, exact, wild);
    assert.equal(names.find("API.Example.com"), exact);
    assert.equal(names.find("api.example.com."), exact);
    assert.equal(names.find("X.EXAMPLE.COM."), wild);
    assert.equal(names.find("api.example.com.."), null);
  });

  it("gives a name to the first that is listed with it", () => {
    const again = { names: ["api.example.com", "*.example.com"] };
    assert.equal(table(null, exact, again).find("api.example.com"), exact);
    assert.equal(table(null, exact, again).find("b.example.com"), again);
    assert.equal(table(null, again, exact, wild).find("api.example.com"), again);
  });

  it("answers unknown names, and none, by the default, or not at all", () => {
    assert.equal(table(fallback, exact).find("other.example"), fallback);
    assert.equal(table(fallback, exact).find(""), fallback);
    assert.equal(table(null, exact).find(""), null);
    assert.equal(table(fallback, exact).find("."), fallback);
  });

  it("is what reading the list from the start would say", () => {
    const label = fc.constantFrom("a", "b", "c");
    const name = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join("."));
    const listed = fc.oneof(
      name,
      name.map((text) => `*.${text}`),
    );
    fc.assert(
      fc.property(fc.array(fc.array(listed, { maxLength: 3 }), { maxLength: 5 }), name, fc.boolean(), (lists, asked, isOdd) => {
        const entries = lists.map((names) => ({ names }));
        const expected =
          entries.find(({ names }) => names.includes(asked)) ??
          entries.find(({ names }) => names.some((text) => text.startsWith("*.") && text.slice(1) === asked.replace(/^[^.]+/, ""))) ??
          fallback;
        assert.equal(table(fallback, ...entries).find(isOdd ? `${asked.toUpperCase()}.` : asked), expected);
      }),
    );
  });
});
