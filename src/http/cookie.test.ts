import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { getOnlyCookie } from "./cookie.ts";
import { fieldName } from "./field-name.ts";
import { Fields } from "./fields.ts";

const COOKIE = fieldName("Cookie");

function read(...lines: string[]): string | null {
  const fields = new Fields("");
  for (const line of lines) fields.add(COOKIE, line);
  return getOnlyCookie(fields, "sid", "several");
}

describe("a cookie of a request", () => {
  for (const [line, value] of [
    ["sid=a", "a"],
    ["a=1; sid=a; b=2", "a"],
    ["a=1;sid=a;", "a"],
    [";; sid=a=b", "a=b"],
    ["\t sid \t= \ta b\t ", "a b"],
    ["sid=", ""],
    ["sid", ""],
    ["a; sid ", ""],
    ["sid ;=a", ""],
    ["", null],
    ["sids=a", null],
    ["xsid=a", null],
    ["Sid=a", null],
    ["a=sid=b", null],
    ["s;id=a", null],
    ["si", null],
    ['"sid"=a', null],
    ["\u00a0sid=a", null],
    ["sid\u00a0=a", null],
    ["sid=a; sid=a", "several"],
    ["sid=a; sid", "several"],
    ["sid=; sid =b", "several"],
  ] as const) {
    it(`is ${value === null ? "not there" : JSON.stringify(value)} in ${JSON.stringify(line)}`, () => assert.equal(read(line), value));
  }

  it("is looked for in all lines", () => {
    assert.equal(read("a=1", "b=2; sid=a"), "a");
    assert.equal(read("sid=a", "b=2", "sid=a"), "several");
    assert.equal(read(), null);
  });

  it("is read at each cut of its line", () => {
    const line = "a=1; sid=xyz";
    for (let at = 0; at <= line.length; at++) assert.equal(read(line.slice(0, at)), at < 8 ? null : line.slice(9, at), `${at}`);
  });
});
