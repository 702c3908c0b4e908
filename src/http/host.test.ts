// Host values: what is a host, what is not, and that remembering them changes nothing.

import assert from "node:assert/strict";
import { isIPv6 } from "node:net";
import { describe, it } from "node:test";
import fc from "fast-check";
import { parseHost } from "./host.ts";

function outcome(text: string): string {
  const host = parseHost(text);
  return "kind" in host ? host.code : `${host.name} ${host.port}`;
}

function refuses(texts: readonly string[]): void {
  for (const text of texts) assert.equal(outcome(text), "SP_URI_HOST_INVALID", JSON.stringify(text));
}

describe("parseHost", () => {
  it("takes names, in lower case and without the root's dot", () => {
    assert.equal(outcome("example.com"), "example.com null");
    assert.equal(outcome("API.Example.COM:8080"), "api.example.com 8080");
    assert.equal(outcome("localhost"), "localhost null");
    assert.equal(outcome("my_service.ns-1:80"), "my_service.ns-1 80");
    assert.equal(outcome("example.com."), "example.com null");
    assert.equal(outcome("example.com.:443"), "example.com 443");
    assert.equal(outcome("xn--bcher-kva.example"), "xn--bcher-kva.example null");
    assert.equal(outcome("1a.2b"), "1a.2b null");
    assert.equal(outcome("1.example"), "1.example null");
  });

  it("refuses names with anything but letters, digits, - and _ in labels", () => {
    refuses([
      "",
      ".",
      "..",
      "a..b",
      ".a",
      "a..",
      "a b",
      "a,b",
      "a/b",
      "a%41",
      "a@b",
      "u:p@h",
      "a\\b",
      "é.de",
      "a\u0000",
      "a;b",
      "a=b",
      "a\tb",
      "*.a",
      "a?b",
      "a#b",
      "\u0141",
    ]);
  });

  it("bounds labels to 63 and names to 253 characters", () => {
    const label = "a".repeat(63);
    assert.equal(outcome(label), `${label} null`);
    refuses([`${label}a`, `x.${label}a.y`]);
    const longest = `${label}.${label}.${label}.${"b".repeat(61)}`;
    assert.equal(longest.length, 253);
    assert.equal(outcome(`${longest}:65535`), `${longest} 65535`);
    assert.equal(outcome(`${longest}.:65535`), `${longest} 65535`);
    refuses([`${label}.${label}.${label}.${"b".repeat(62)}`, "a.".repeat(5000), "a".repeat(100_000)]);
  });

  it("takes IPv4 addresses in the one plain spelling", () => {
    assert.equal(outcome("127.0.0.1:3000"), "127.0.0.1 3000");
    assert.equal(outcome("255.255.255.255"), "255.255.255.255 null");
    refuses([
      "127.1",
      "1",
      "2130706433",
      "0x7f000001",
      "0x7f.0.0.1",
      "1.2.3.0x4",
      "1.2.3.256",
      "1.2.3.4.5",
      "01.2.3.4",
      "1.2.3.04",
      "a.1",
      "a.0x",
      "1.2.3.",
      "1..2.3",
    ]);
  });

  it("takes bracketed IPv6 addresses without zones", () => {
    assert.equal(outcome("[::1]"), "[::1] null");
    assert.equal(outcome("[2001:DB8::1]:8443"), "[2001:db8::1] 8443");
    assert.equal(outcome("[::ffff:192.0.2.1]"), "[::ffff:192.0.2.1] null");
    refuses([
      "::1",
      "[]",
      "[::1",
      "::1]",
      "[:::]",
      "[1:2]",
      "[::1%25eth0]",
      "[::1%eth0]",
      "[v1.x]",
      "[::1]x",
      "[::1]:",
      "[1.2.3.4]",
      "[::12345]",
      "[::g]",
      "[[::1]]",
    ]);
  });

  it("takes ports of one to five digits up to 65535", () => {
    assert.equal(outcome("a:0"), "a 0");
    assert.equal(outcome("a:65535"), "a 65535");
    assert.equal(outcome("a:00080"), "a 80");
    refuses(["a:", ":80", "a:65536", "a:99999", "a:000080", "a:8o", "a: 80", "a:-1", "a:+1", "a:80:80", "a:80 "]);
  });

  it("agrees with node:net about IPv6", () => {
    const group = fc.constantFrom("0", "1", "ab", "ffff", "12345", "", "g", "1.2.3.4", "1.2.3", "01.2.3.4");
    const text = fc.tuple(fc.array(group, { maxLength: 10 }), fc.constantFrom("", "::", ":"), fc.array(group, { maxLength: 5 }));
    fc.assert(
      fc.property(text, ([left, middle, right]) => {
        const address = left.join(":") + middle + right.join(":");
        assert.equal(outcome(`[${address}]`) !== "SP_URI_HOST_INVALID", isIPv6(address), address);
      }),
      { numRuns: 5000 },
    );
  });

  it("remembers hosts without mistaking one for another", () => {
    const few = fc.array(
      fc.constantFrom("a.example", "b.example", "A.example", "a.example:80", "a.example:81", "[::1]", "bad..", "127.1", "x"),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(few, (texts) => {
        for (const text of texts) {
          const expected = text === "bad.." || text === "127.1" ? "SP_URI_HOST_INVALID" : `${text.toLowerCase().replace(/:(\d+)$/, " $1")}`;
          assert.equal(outcome(text).replace(" null", ""), expected);
        }
      }),
    );
    assert.equal(parseHost("same.example"), parseHost(["same", "example"].join(".")));
    assert.ok(Object.isFrozen(parseHost("same.example")));
  });
});
