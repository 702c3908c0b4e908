// The forms of a request target, one table a form.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseHost } from "./host.ts";
import { DEFAULT_PATH_RULES } from "./path.ts";
import { ABSOLUTE_FORM, ASTERISK_FORM, AUTHORITY_FORM, checkAuthority, ORIGIN_FORM, parseTarget, Target } from "./uri.ts";

const FORMS = ["none", "origin", "absolute", "authority", "asterisk"];
const shared = new Target();

function outcome(target: string, method = "GET"): string {
  const fault = parseTarget(target, method, DEFAULT_PATH_RULES, shared);
  if (fault !== null) {
    assert.equal(shared.form, 0);
    return fault.code;
  }
  return [FORMS[shared.form], shared.scheme, shared.authority, shared.path, shared.query].join(" ");
}

function agrees(method: string, table: readonly (readonly [string, string])[]): void {
  for (const [target, expected] of table) assert.equal(outcome(target, method), expected, JSON.stringify(target));
}

describe("parseTarget", () => {
  it("numbers the forms", () => {
    assert.deepEqual([ORIGIN_FORM, ABSOLUTE_FORM, AUTHORITY_FORM, ASTERISK_FORM], [1, 2, 3, 4]);
  });

  it("reads origin-form", () => {
    agrees("GET", [
      ["/", "origin   / "],
      ["/a/b", "origin   /a/b "],
      ["/a?b=c", "origin   /a ?b=c"],
      ["/a?", "origin   /a ?"],
      ["/a/../b?x=../y", "origin   /b ?x=../y"],
      ["//evil.example/x", "origin   //evil.example/x "],
      ["/a/http://b", "origin   /a/http://b "],
      ["/?", "origin   / ?"],
      ["/..?x", "SP_URI_ABOVE_ROOT"],
    ]);
  });

  it("leaves the query byte for byte", () => {
    const query = `?%2e%2E%zz%00%&a=\\"<>^\`{}|[]/../?;%2f`;
    assert.equal(outcome(`/a${query}`), `origin   /a ${query}`);
  });

  it("refuses fragments, controls and bytes beyond ASCII in the query", () => {
    for (const bad of ["#", "a#b", "\u0000", " ", "\t", "\u007f", "\u0080", "\u00ff", "\u0141"])
      assert.equal(outcome(`/a?${bad}`), "SP_URI_QUERY_CHARACTER");
    assert.equal(outcome("/a#b"), "SP_URI_PATH_CHARACTER");
  });

  it("reads absolute-form with http and https in any case", () => {
    agrees("GET", [
      ["http://example.com/a?b", "absolute http example.com /a ?b"],
      ["HTTPS://Example.com:8443/a/./b", "absolute https Example.com:8443 /a/b "],
      ["http://example.com", "absolute http example.com / "],
      ["http://example.com?x", "absolute http example.com / ?x"],
      ["http://[::1]:80/", "absolute http [::1]:80 / "],
      ["http://example.com//a", "absolute http example.com //a "],
    ]);
  });

  it("refuses other schemes, user information, empty hosts and fragments", () => {
    agrees("GET", [
      ["ftp://example.com/", "SP_URI_TARGET_FORM"],
      ["ws://example.com/", "SP_URI_TARGET_FORM"],
      ["httpx://example.com/", "SP_URI_TARGET_FORM"],
      ["http:/example.com/", "SP_URI_TARGET_FORM"],
      ["http:example.com", "SP_URI_TARGET_FORM"],
      ["javascript:alert(1)", "SP_URI_TARGET_FORM"],
      ["http://user@example.com/", "SP_URI_USERINFO"],
      ["http://user:pass@example.com/", "SP_URI_USERINFO"],
      ["http://@/", "SP_URI_USERINFO"],
      ["http://", "SP_URI_HOST_INVALID"],
      ["http:///a", "SP_URI_HOST_INVALID"],
      ["http://?a", "SP_URI_HOST_INVALID"],
      ["http://example.com#f", "SP_URI_PATH_CHARACTER"],
      ["http://example.com/#f", "SP_URI_PATH_CHARACTER"],
      ["http://example.com/../a", "SP_URI_ABOVE_ROOT"],
      ["a", "SP_URI_TARGET_FORM"],
      ["a/b", "SP_URI_TARGET_FORM"],
      ["example.com:80", "SP_URI_TARGET_FORM"],
      ["?a", "SP_URI_TARGET_FORM"],
      ["", "SP_URI_TARGET_FORM"],
      ["*/", "SP_URI_TARGET_FORM"],
      ["**", "SP_URI_TARGET_FORM"],
      ["\\a", "SP_URI_TARGET_FORM"],
    ]);
  });

  it("reads * for OPTIONS alone, also when it is sent as an absolute form without path", () => {
    agrees("OPTIONS", [
      ["*", "asterisk   * "],
      ["http://example.com", "asterisk http example.com * "],
      ["http://example.com/", "absolute http example.com / "],
      ["http://example.com?", "absolute http example.com / ?"],
      ["/a", "origin   /a "],
    ]);
    for (const method of ["GET", "HEAD", "POST", "options"]) assert.equal(outcome("*", method), "SP_URI_TARGET_FORM");
  });

  it("reads authority-form for CONNECT alone, with a port", () => {
    agrees("CONNECT", [
      ["example.com:443", "authority  example.com:443  "],
      ["[::1]:443", "authority  [::1]:443  "],
      ["example.com", "SP_URI_TARGET_FORM"],
      ["example.com:", "SP_URI_HOST_INVALID"],
      ["u@example.com:443", "SP_URI_USERINFO"],
      ["/", "SP_URI_HOST_INVALID"],
      ["http://example.com:443/", "SP_URI_HOST_INVALID"],
      ["*", "SP_URI_HOST_INVALID"],
    ]);
  });

  it("never throws, and finds no form it does not name", () => {
    const part = fc.constantFrom(
      "http://",
      "HTTPS://",
      "/",
      "?",
      "#",
      "*",
      "@",
      ":",
      "a",
      ".",
      "..",
      "%2e",
      "[::1]",
      "\\",
      ";",
      "80",
      "\u00ff",
    );
    const target = fc.array(part, { maxLength: 10 }).map((parts) => parts.join(""));
    fc.assert(
      fc.property(target, fc.constantFrom("GET", "OPTIONS", "CONNECT"), (text, method) => {
        const fault = parseTarget(text, method, DEFAULT_PATH_RULES, shared);
        if (fault !== null) assert.equal(fault.status, 400);
        else if (shared.form === AUTHORITY_FORM) assert.equal(shared.path, "");
        else if (shared.form === ASTERISK_FORM) assert.equal(shared.path, "*");
        else assert.ok(shared.path.startsWith("/") && !shared.path.includes("?"));
      }),
      { numRuns: 3000 },
    );
  });
});

describe("checkAuthority", () => {
  function verdict(target: string, hostText: string | null, method = "GET"): string | null {
    assert.equal(parseTarget(target, method, DEFAULT_PATH_RULES, shared), null);
    const host = hostText === null ? null : parseHost(hostText);
    assert.ok(host === null || !("kind" in host));
    return checkAuthority(shared, host)?.code ?? null;
  }

  it("takes the same authority, with the default port of the scheme written or not", () => {
    assert.equal(verdict("http://A.example/", "a.EXAMPLE"), null);
    assert.equal(verdict("http://a.example:80/", "a.example"), null);
    assert.equal(verdict("https://a.example/", "a.example:443"), null);
    assert.equal(verdict("http://a.example./", "a.example"), null);
    assert.equal(verdict("/x", "a.example"), null);
    assert.equal(verdict("http://a.example/", null), null);
  });

  it("refuses another host or port, and an authority that is none", () => {
    assert.equal(verdict("http://a.example/", "b.example"), "SP_URI_HOST_MISMATCH");
    assert.equal(verdict("http://a.example:81/", "a.example"), "SP_URI_HOST_MISMATCH");
    assert.equal(verdict("https://a.example/", "a.example:80"), "SP_URI_HOST_MISMATCH");
    assert.equal(verdict("http://a.example", "b.example", "OPTIONS"), "SP_URI_HOST_MISMATCH");
    assert.equal(verdict("http://a..example/", "a.example"), "SP_URI_HOST_INVALID");
    assert.equal(verdict("http://a.example:/", null), "SP_URI_HOST_INVALID");
  });
});
