import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TokenPlace } from "../../config/index.ts";
import { Fields, fieldName } from "../../http/index.ts";
import { TokenReader, TWICE } from "./token-place.ts";

function read(place: TokenPlace, ...lines: readonly (readonly [string, string])[]): string | null {
  const fields = new Fields("");
  for (const [name, value] of lines) fields.add(fieldName(name), value);
  return new TokenReader(place).read(fields);
}

const bearer = (...values: readonly string[]) => read({ kind: "bearer" }, ...values.map((value) => ["Authorization", value] as const));
const cookie = (...values: readonly string[]) =>
  read({ kind: "cookie", name: "token" }, ...values.map((value) => ["Cookie", value] as const));

describe("a bearer token", () => {
  it("stands behind its scheme, in letters of any case", () => {
    for (const scheme of ["Bearer", "bearer", "BEARER", "bEaReR"]) assert.equal(bearer(`${scheme} a.b.c`), "a.b.c");
    assert.equal(bearer("Bearer   a.b.c"), "a.b.c");
  });

  it("is not there behind another scheme, or no scheme, or without a token", () => {
    for (const value of [
      "Basic YTpi",
      "DPoP a.b.c",
      "Bearer",
      "Bearer ",
      "Bearer\ta.b.c",
      "Bearera.b.c",
      "a.b.c",
      "Bearers a.b.c",
      "\u0042eare\u0152 a",
      "",
    ]) {
      assert.equal(bearer(value), null, value);
    }
    assert.equal(bearer(), null);
    assert.equal(read({ kind: "bearer" }, ["X-Authorization", "Bearer a.b.c"]), null);
  });

  it("is none of letters that only have the scheme's lower bits", () => {
    // 0x02 | 0x20 is a quotation mark, and "B" without its bit is 0x02.
    for (let unit = 0; unit < 256; unit++) {
      const character = String.fromCharCode(unit);
      const isB = character === "b" || character === "B";
      assert.equal(bearer(`${character}earer a.b.c`), isB ? "a.b.c" : null, `${unit}`);
    }
  });

  it("is all that follows, so that what has a space in it is no token", () => {
    assert.equal(bearer("Bearer a.b.c d"), "a.b.c d");
  });

  it("stands once", () => {
    assert.equal(bearer("Bearer a.b.c", "Bearer a.b.c"), TWICE);
    assert.equal(bearer("Basic YTpi", "Bearer a.b.c"), TWICE);
  });

  it("is read at each cut of its line", () => {
    const line = "Bearer ab";
    const expected = [null, null, null, null, null, null, null, null, "a", "ab"];
    for (let at = 0; at <= line.length; at++) assert.equal(bearer(line.slice(0, at)), expected[at], `${at}`);
  });
});

describe("a token in a field of its own", () => {
  it("is the value, whatever it is", () => {
    assert.equal(read({ kind: "header", name: "X-Token" }, ["x-token", "a.b.c"]), "a.b.c");
    assert.equal(read({ kind: "header", name: "X-Token" }, ["X-Token", "Bearer a.b.c"]), "Bearer a.b.c");
    assert.equal(read({ kind: "header", name: "X-Token" }, ["Authorization", "Bearer a.b.c"]), null);
  });

  it("is not there in an empty one, and stands once", () => {
    assert.equal(read({ kind: "header", name: "X-Token" }, ["X-Token", ""]), null);
    assert.equal(read({ kind: "header", name: "X-Token" }, ["X-Token", "a"], ["X-Token", ""]), TWICE);
  });
});

describe("a token in a cookie", () => {
  it("is found among others, on any line", () => {
    assert.equal(cookie("token=a.b.c"), "a.b.c");
    assert.equal(cookie("a=1; token=a.b.c; b=2"), "a.b.c");
    assert.equal(cookie("a=1;token=a.b.c;"), "a.b.c");
    assert.equal(cookie("a=1", "b=2;  token=a.b.c"), "a.b.c");
    assert.equal(cookie(";; token=a=b=c"), "a=b=c");
  });

  it("is not found in names and values that are like it", () => {
    for (const line of ["", "tokens=a", "xtoken=a", "Token=a", "a=token=b", "token", "token=", "token ;=a", "to;ken=a", '"token"=a']) {
      assert.equal(cookie(line), null, line);
    }
  });

  it("stands once", () => {
    assert.equal(cookie("token=a; token=a"), TWICE);
    assert.equal(cookie("token=a", "token=b"), TWICE);
    assert.equal(cookie("token=; token=b"), TWICE);
  });

  it("is read at each cut of its line", () => {
    const line = "a=1; token=xyz";
    for (let at = 0; at <= line.length; at++) assert.equal(cookie(line.slice(0, at)), line.slice(11, at) || null, `${at}`);
  });
});
