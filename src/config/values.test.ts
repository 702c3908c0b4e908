// The parsers of single values: quantities, addresses, patterns, header text, and the nearest word.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { selectNearest } from "../base/index.ts";
import { isSamePlace, parseEndpointUrl, parseListenAddress, parseProxyBlock } from "./addresses.ts";
import { parseFieldName, parseFieldValue } from "./header-text.ts";
import { isPrefixOfPattern, parseHostPattern, parseMethod, parsePathPattern, parsePathPrefix } from "./patterns.ts";
import { parseDuration, parseRate, parseSize } from "./quantities.ts";
import { Refusal } from "./refusal.ts";

const TIME = { example: "10s", off: true, max: "1d" } as const;
const SIZE = { example: "8KiB", off: false, max: "1GiB" } as const;
const RATE = { example: "256B/s", off: true, max: "1GiB/s" } as const;

function assertRefused(value: unknown, label: string): void {
  assert.ok(value instanceof Refusal, `${label} was taken as ${JSON.stringify(value)}`);
}

describe("quantities", () => {
  it("count milliseconds, bytes and bytes a second", () => {
    assert.deepEqual(
      ["250ms", "10s", "5m", "1h", "1d", "off"].map((text) => parseDuration(text, TIME)),
      [250, 10_000, 300_000, 3_600_000, 86_400_000, null],
    );
    assert.deepEqual(
      ["1B", "8KiB", "10MiB", "1GiB"].map((text) => parseSize(text, SIZE)),
      [1, 8192, 10_485_760, 1_073_741_824],
    );
    assert.deepEqual(
      ["256B/s", "1KiB/s", "off"].map((text) => parseRate(text, RATE)),
      [256, 1024, null],
    );
  });

  it("refuse what has no unit, another unit, a fraction, a sign, zero, or too much", () => {
    for (const text of ["10", "10 s", "10S", "1.5s", "-1s", "+1s", "0s", "1e3s", "2d", "", "s", "1m30s", "OFF", "٣s", "1constructor"]) {
      assertRefused(parseDuration(text, TIME), text);
    }
    for (const text of ["8192", "8KB", "8kib", "off", "0B", "2GiB", "1toString"]) assertRefused(parseSize(text, SIZE), text);
    for (const text of ["256B", "256/s", "0B/s", "1KiB/m", "/s"]) assertRefused(parseRate(text, RATE), text);
  });
});

describe("addresses", () => {
  it("are IP literals with a port, or unix sockets", () => {
    assert.deepEqual(parseListenAddress("127.0.0.1:0"), { host: "127.0.0.1", port: 0 });
    assert.deepEqual(parseListenAddress("[0:0::1]:65535"), { host: "::1", port: 65535 });
    assert.deepEqual(parseListenAddress("unix:/run/a:b.sock"), { path: "/run/a:b.sock" });
    for (const text of [
      "",
      ":",
      "[::1]",
      "[::1]8080",
      "[::1",
      "[127.0.0.1]:80",
      "127.1:80",
      "::1",
      "1.2.3.4:",
      "1.2.3.4:+80",
      "[fe80::1%eth0]:80",
    ]) {
      assertRefused(parseListenAddress(text), text);
    }
    assertRefused(parseListenAddress(`unix:/${"x".repeat(107)}`), "a path longer than sun_path");
  });

  it("of endpoints are http URLs of a host and a port", () => {
    assert.deepEqual(parseEndpointUrl("http://API.example.com"), {
      scheme: "http",
      address: { host: "api.example.com", port: 80 },
      authority: "api.example.com",
    });
    assert.deepEqual(parseEndpointUrl("http://[::1]:3001"), {
      scheme: "http",
      address: { host: "::1", port: 3001 },
      authority: "[::1]:3001",
    });
    for (const text of [
      "http://",
      "http://:80",
      "http://a b",
      "http://a:",
      "http://a:x",
      "http://a\\b",
      "HTTP://a",
      "http://a..b",
      "http://0x7f.1",
    ]) {
      assertRefused(parseEndpointUrl(text), text);
    }
  });

  it("of endpoints are https URLs, too, whose own port is 443", () => {
    const parse = (text: string) => {
      const url = parseEndpointUrl(text);
      assert.ok(!(url instanceof Refusal), text);
      const { scheme, address, authority } = url;
      return `${scheme} ${"port" in address ? address.port : address.path} ${authority}`;
    };
    assert.equal(parse("https://Orders.internal"), "https 443 orders.internal");
    assert.equal(parse("https://[::1]:443"), "https 443 [::1]");
    assert.equal(parse("https://10.0.0.1:80"), "https 80 10.0.0.1:80");
    assert.equal(parse("http://a:443"), "http 443 a:443");
    assert.equal(parse("unix:/run/a.sock"), "unix /run/a.sock localhost");
    for (const text of ["https://", "https://a:0", "https://a/b", "https://u@a", "https:a"]) assertRefused(parseEndpointUrl(text), text);
  });

  it("clash when the kernel would refuse the second", () => {
    const at = (text: string) => {
      const address = parseListenAddress(text);
      assert.ok(!(address instanceof Refusal));
      return address;
    };
    assert.ok(isSamePlace(at("0.0.0.0:80"), at("127.0.0.1:80")));
    assert.ok(isSamePlace(at("[::]:80"), at("127.0.0.1:80")));
    assert.ok(isSamePlace(at("unix:/a"), at("unix:/a")));
    assert.ok(!isSamePlace(at("0.0.0.0:80"), at("[::1]:80")));
    assert.ok(!isSamePlace(at("127.0.0.1:0"), at("127.0.0.1:0")));
    assert.ok(!isSamePlace(at("127.0.0.1:80"), at("127.0.0.2:80")));
  });

  it("of trusted proxies are blocks without host bits", () => {
    assert.equal(parseProxyBlock("10.0.0.0/8"), "10.0.0.0/8");
    assert.equal(parseProxyBlock("::1"), "::1");
    assertRefused(parseProxyBlock("10.0.0.1/8"), "host bits");
  });
});

describe("patterns", () => {
  it("of paths are literals, parameters, and one star at the end", () => {
    for (const text of ["/", "/*", "/a", "/a/", "/a/*", "/:id", "/a/:id/b/:other/*", "/%2F", "/a;v=1/b,c", "/ledger.v1.Ledger/*"]) {
      assert.equal(parsePathPattern(text), text);
    }
    for (const text of [
      "",
      "a",
      "*",
      "/a*",
      "/*/a",
      "/**",
      "/a//b",
      "/./a",
      "/a/..",
      "/:",
      "/:a-b",
      "/x:/:a/:a",
      "/%2f",
      "/%zz",
      "/ü",
      "/a b",
      "/a#b",
    ]) {
      assertRefused(parsePathPattern(text), text);
    }
  });

  it("of prefixes are literal and end without a slash", () => {
    assert.equal(parsePathPrefix("/api/v1"), "/api/v1");
    for (const text of ["", "/", "/api/", "/api/*", "/:a", "/a/../b"]) assertRefused(parsePathPrefix(text), text);
    assert.ok(isPrefixOfPattern("/api", "/api/*") && isPrefixOfPattern("/api", "/api"));
    assert.ok(!isPrefixOfPattern("/api", "/apis/*"));
  });

  it("of hosts are lower-cased names, with a leading star at most", () => {
    assert.equal(parseHostPattern("*.Example.com"), "*.example.com");
    assert.equal(parseHostPattern("127.0.0.1"), "127.0.0.1");
    for (const text of ["", "*", "*.", "*example.com", "a.*", "a:80", "-a.com", "a-.com", "1.2.3", "999.1.1.1", `${"a".repeat(64)}.com`]) {
      assertRefused(parseHostPattern(text), text);
    }
  });

  it("of methods are upper case", () => {
    assert.equal(parseMethod("M-SEARCH"), "M-SEARCH");
    for (const text of ["get", "", "A B", "TRACE", "CONNECT", "X".repeat(33)]) assertRefused(parseMethod(text), text);
  });
});

describe("header text", () => {
  it("refuses framing fields in every folded spelling", () => {
    for (const text of ["Content-Length", "content_length", "Transfer--Encoding", "HOST", "TE", "Proxy.Connection"]) {
      assertRefused(parseFieldName(text), text);
    }
    assert.equal(parseFieldName("X-Host"), "X-Host");
  });

  it("takes values of one line of visible ASCII", () => {
    for (const text of ["", "a b\tc", 'a="b"; c']) assert.equal(parseFieldValue(text), text);
    for (const text of ["a\r\nb", "a\0", " a", "a ", "é", "\u007f"]) assertRefused(parseFieldValue(text), JSON.stringify(text));
  });
});

describe("the nearest word", () => {
  it("is found across case, separators, swaps and slips, and not across different words", () => {
    const known = ["address", "protocols", "trustedProxies", "bounds", "name"];
    assert.equal(selectNearest("adress", known), "address");
    assert.equal(selectNearest("trusted_proxies", known), "trustedProxies");
    assert.equal(selectNearest("protcolos", known), "protocols");
    assert.equal(selectNearest("nmae", known), "name");
    assert.equal(selectNearest("zebra", known), undefined);
    assert.equal(selectNearest("x".repeat(100_000), known), undefined);
  });
});
