import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { NOT_ALLOWED, OriginSet } from "./origins.ts";

const SET = new OriginSet(["https://shop.example.com", "https://*.example.com:8443", "http://*.test", "https://*.example.org"]);

function isAllowed(origin: string): boolean {
  const found = SET.find(origin);
  if (found !== NOT_ALLOWED) assert.equal(found.value, origin);
  return found !== NOT_ALLOWED;
}

describe("an origin", () => {
  it("is allowed when it is listed, to the letter", () => {
    assert.equal(isAllowed("https://shop.example.com"), true);
    for (const other of [
      "http://shop.example.com",
      "https://shop.example.com:443",
      "https://shop.example.com/",
      "https://SHOP.example.com",
    ]) {
      assert.equal(isAllowed(other), false, other);
    }
  });

  it("is allowed under a wildcard with one label or more, the same scheme and the same port", () => {
    for (const origin of ["https://a.example.org", "https://a.b-c.xn--d.example.org", "https://a.example.com:8443", "http://x.test"]) {
      assert.equal(isAllowed(origin), true, origin);
    }
  });

  it("is not allowed when it only looks like one that is", () => {
    for (const origin of [
      "",
      "null",
      "*",
      "https://example.org",
      "https://.example.org",
      "https://a..example.org",
      "https://aexample.org",
      "https://example.org.evil.test",
      "https://a.example.org.evil",
      "https://evil.test/.example.org",
      "https://evil.test#.example.org",
      "https://evil.test?.example.org",
      "https://evil.test\\.example.org",
      "https://user@a.example.org",
      "https://a:1.example.org",
      "https://evil.test, https://a.example.org",
      "https://A.example.org",
      "http://a.example.org",
      "https://a.example.org:8443",
      "https://a.example.com",
      "https://a.example.com:84433",
      "https://*.example.org",
    ]) {
      assert.equal(isAllowed(origin), false, origin);
    }
  });

  it("under a wildcard has the listed host for a parent, as URLs are read", () => {
    const part = fc.constantFrom(
      "a",
      "b.",
      ".",
      "example.org",
      ".example.org",
      "@",
      ":",
      "/",
      "#",
      "?",
      "\\",
      "-",
      "_",
      "1",
      " ",
      "%2e",
      "é",
    );
    const origins = fc.array(part, { maxLength: 6 }).map((parts) => `https://${parts.join("")}.example.org`);
    let allowed = 0;
    fc.assert(
      fc.property(origins, (origin) => {
        if (!isAllowed(origin)) return;
        allowed++;
        const url = new URL(origin);
        assert.equal(url.origin, origin);
        assert.ok(url.hostname.endsWith(".example.org"));
      }),
      { numRuns: 3000, seed: 7 },
    );
    assert.ok(allowed > 100);
  });
});
