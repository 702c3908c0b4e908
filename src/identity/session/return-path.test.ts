import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type ReturnRules, readReturnPath } from "./return-path.ts";

const RULES: ReturnRules = { authority: "app.test", scheme: "https", hosts: ["shop.test", "dev.test:8443"] };

describe("where a login may lead", () => {
  for (const [text, expected = text] of [
    ["/"],
    ["/orders"],
    ["/orders?id=7&q=a%20b"],
    ["/orders#part"],
    ["/a//b"],
    ["/@evil.test"],
    ["/a:b"],
    ["/a?next=//evil.test"],
    ["/a/../b", "/b"],
    ["/%2e%2e/b", "/b"],
    ["/./a", "/a"],
    ["https://app.test/orders"],
    ["https://app.test:443/x", "https://app.test/x"],
    ["https://shop.test/cart?x=1"],
    ["https://shop.test", "https://shop.test/"],
    ["https://dev.test:8443/"],
  ]) {
    it(`is ${text}`, () => assert.equal(readReturnPath(text!, RULES), expected));
  }

  for (const text of [
    "",
    "orders",
    "?a=b",
    "#a",
    ".",
    "//evil.test",
    "//evil.test/a",
    "///evil.test",
    "////evil.test",
    "/\\evil.test",
    "\\/evil.test",
    "\\\\evil.test",
    "/\\/evil.test",
    "\t//evil.test",
    "/\t/evil.test",
    "/\n/evil.test",
    "/\r\n/evil.test",
    " //evil.test",
    "/ /evil.test",
    "/a b",
    "/a\r\nSet-Cookie: a=b",
    "/a\0",
    "/a\u007f",
    "/%2f/evil.test",
    "/%2F%2Fevil.test",
    "/%2fevil.test",
    "/%5cevil.test",
    "/%5C/evil.test",
    "/%252fevil.test",
    "/%255cevil.test",
    "/.//evil.test",
    "/..//evil.test",
    "/a/..//evil.test",
    "/%2e//evil.test",
    "/%2e%2e//evil.test",
    "/./%2fevil.test",
    "%2f%2fevil.test",
    "https:evil.test",
    "https:/evil.test",
    "https:///evil.test",
    "https://evil.test",
    "https://evil.test/app.test",
    "https://app.test.evil.test/",
    "https://app.test@evil.test/",
    "https://app.test:pw@evil.test/",
    "https://user@app.test/",
    "https://@app.test/",
    "https://app.test%2eevil.test/",
    "https://app.test\\@evil.test/",
    "https://app.test\u3002@evil.test/",
    "https://evil\u3002test/",
    "https://\u0430pp.test/",
    "https://app.test:8443/",
    "https://dev.test/",
    "https://shop.test:1/",
    "https://[::1]/",
    "https://127.0.0.1/",
    "https://2130706433/",
    "http://app.test/",
    "http://shop.test/",
    "HTTPS://shop.test/",
    "ftp://shop.test/",
    "javascript:alert(1)",
    "javascript://shop.test/%0aalert(1)",
    "data:text/html,x",
    "blob:https://shop.test/x",
    "//shop.test/",
    `/${"a".repeat(1100)}`,
    "/\u00e9",
    "/\u2028",
    "/\ufeff/evil.test",
  ]) {
    it(`is not ${JSON.stringify(text.slice(0, 60))}`, () => assert.equal(readReturnPath(text, RULES), null));
  }

  it("is a cleartext URL where the login itself was in cleartext", () => {
    assert.equal(readReturnPath("http://app.test/x", { ...RULES, scheme: "http" }), "http://app.test/x");
    assert.equal(readReturnPath("http://shop.test/x", { ...RULES, scheme: "http" }), "http://shop.test/x");
  });

  it("stays on the host that a browser is on, whatever the text", () => {
    const piece = fc.constantFrom("/", "\\", "//", ".", "..", "%2f", "%5c", "%2e", "@", ":", "?", "#", "evil.test", "\t", "a", "https:");
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const path = readReturnPath(pieces.join(""), { ...RULES, hosts: [] });
        if (path === null) return;
        assert.equal(new URL(path, "https://app.test/auth/callback").host, "app.test");
        // Also for who decodes it once more.
        assert.equal(new URL(decodeURIComponent(path), "https://app.test/auth/callback").host, "app.test");
      }),
      { numRuns: 5000 },
    );
  });
});
