import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { receivedFields } from "../mtls/testdata/exchange-double.ts";
import { MOST_TOKEN, readBearer } from "./bearer.ts";

const TOKEN = "aZ09-._~+/==";

const read = (...lines: readonly string[]) => readBearer(receivedFields(lines.map((line) => ["Authorization", line] as const)));

function refusalOf(...lines: readonly string[]): string {
  const fault = read(...lines);
  assert.ok(fault !== null && typeof fault !== "string", JSON.stringify(lines));
  assert.equal(fault.kind.code, "SP_AUTH_INVALID");
  return fault.detail;
}

describe("a bearer token", () => {
  it("is what stands behind the scheme, in letters of any case, and any number of spaces", () => {
    for (const line of [`Bearer ${TOKEN}`, `bearer ${TOKEN}`, `BEARER   ${TOKEN}`]) assert.equal(read(line), TOKEN);
    assert.equal(read("Bearer a"), "a");
    assert.equal(read(`Bearer ${"a".repeat(MOST_TOKEN)}`), "a".repeat(MOST_TOKEN));
  });

  it("is none under another scheme, and without a line", () => {
    assert.equal(read(), null);
    for (const line of ["Basic YTpi", "Bearers abc", "Bearer\tabc", "BearerX", "DPoP abc", "", "bear", "abc"])
      assert.equal(read(line), null);
    assert.equal(readBearer(receivedFields([["X-Authorization", `Bearer ${TOKEN}`]])), null);
  });

  it("is refused in any other form", () => {
    for (const rest of ["", " ", "  ", " =", " ==", " a=b", " a b", " a,b", " a\tb", ' "a"', " a;b", " a:b", " a%20", " é", " a ", " {}"]) {
      assert.match(refusalOf(`Bearer${rest}`), /form/, JSON.stringify(rest));
    }
    for (let unit = 0; unit < 256; unit++) {
      const character = String.fromCharCode(unit);
      const isGood = /^[A-Za-z0-9\-._~+/]$/.test(character);
      const line = `Bearer x${character}x`;
      if (isGood) assert.equal(read(line), `x${character}x`);
      else assert.match(refusalOf(line), /form/, JSON.stringify(character));
    }
  });

  it("is a token wherever it is cut, or refused", () => {
    const line = `Bearer ${TOKEN}`;
    for (let end = 0; end < line.length; end++) {
      const cut = read(line.slice(0, end));
      if (end < 6) assert.equal(cut, null);
      else if (end < 8) assert.match(refusalOf(line.slice(0, end)), /form/);
      else assert.equal(cut, TOKEN.slice(0, end - 7));
    }
  });

  it("is refused when it is longer than 4 KiB", () => {
    assert.match(refusalOf(`Bearer ${"a".repeat(MOST_TOKEN + 1)}`), /4 KiB/);
  });

  it("is refused beside any other line, first or behind", () => {
    for (const lines of [
      [`Bearer ${TOKEN}`, `Bearer ${TOKEN}`],
      [`Bearer ${TOKEN}`, "Basic YTpi"],
      ["Basic YTpi", `Bearer ${TOKEN}`],
      ["", `bearer ${TOKEN}`],
      [`Bearer ${TOKEN}`, ""],
    ]) {
      assert.match(refusalOf(...lines), /more than one/);
    }
    assert.equal(read("Basic YTpi", "Basic YTpi"), null);
  });

  it("leaves no part of itself in a refusal", () => {
    for (const line of ["Bearer s3cret s3cret", `Bearer ${"s3cret".repeat(1000)}`]) assert.doesNotMatch(refusalOf(line), /s3cret/);
  });
});
