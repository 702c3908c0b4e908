import assert from "node:assert/strict";
import { isIPv4, isIPv6 } from "node:net";
import { describe, it } from "node:test";
import fc from "fast-check";
import { CidrSet, canonicalIp, ipKey, parseCidr, parseIpv4 } from "./ip.ts";

const NOT_ADDRESSES = [
  "",
  "1.2.3",
  "1.2.3.4.5",
  "1.2.3.4.",
  ".1.2.3.4",
  "1..2.3",
  "01.2.3.4",
  "1.2.3.256",
  "1.2.3.1000",
  "0x1.2.3.4",
  "1.2.3.4 ",
  " 1.2.3.4",
  "1.2.3.-4",
  "16909060",
  ":",
  ":::",
  "1:2:3:4:5:6:7",
  "1:2:3:4:5:6:7:8:9",
  "1:2:3:4:5:6:7:8::",
  "::1:2:3:4:5:6:7:8",
  "1::2::3",
  "1:2:3:4:5:6:7:",
  ":1:2:3:4:5:6:7",
  "12345::",
  "g::",
  "::1.2.3",
  "::1.2.3.4:5",
  "1:2:3:4:5:6:7:1.2.3.4",
  "::01.2.3.4",
  "fe80::1%eth0",
  "[::1]",
  "::1/64",
  "localhost",
];

describe("IP addresses", () => {
  it("reads dotted quads", () => {
    assert.equal(parseIpv4("0.0.0.0"), 0);
    assert.equal(parseIpv4("127.0.0.1"), 0x7f000001);
    assert.equal(parseIpv4("255.255.255.255"), 0xffffffff);
  });

  it("refuses what is not an address", () => {
    for (const text of NOT_ADDRESSES) {
      assert.equal(parseIpv4(text), -1, text);
      assert.equal(canonicalIp(text), null, text);
      assert.equal(CidrSet.of("0.0.0.0/0", "::/0").has(text), false, text);
    }
  });

  it("spells addresses in one way", () => {
    const spellings: [string, string][] = [
      ["10.0.0.1", "10.0.0.1"],
      ["::", "::"],
      ["::1", "::1"],
      ["2001:DB8:0:0:0:0:0:1", "2001:db8::1"],
      ["2001:0db8:0000:0001:0000:0000:0000:0001", "2001:db8:0:1::1"],
      ["1:0:0:2:0:0:0:3", "1:0:0:2::3"],
      ["1:0:2:0:3:0:4:0", "1:0:2:0:3:0:4:0"],
      ["1::", "1::"],
      ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
      ["::ffff:10.0.0.1", "10.0.0.1"],
      ["::FFFF:0a00:0001", "10.0.0.1"],
      ["0:0:0:0:0:ffff:1.2.3.4", "1.2.3.4"],
      ["64:ff9b::1.2.3.4", "64:ff9b::102:304"],
    ];
    for (const [text, canonical] of spellings) assert.equal(canonicalIp(text), canonical, text);
  });

  it("agrees with the runtime on which text is an address", () => {
    const piece = fc.oneof(
      fc.constantFrom(":", "::", ".", "0", "1", "ffff", "10", "255", "256", "1.2.3.4", "abcd", "g", "12345", "%1"),
      fc.integer({ min: 0, max: 0xffff }).map((group) => group.toString(16)),
    );
    const address = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      fc.array(piece, { maxLength: 16 }).map((pieces) => pieces.join("")),
    );
    fc.assert(
      fc.property(address, (text) => {
        const known = !text.includes("%") && (isIPv4(text) || isIPv6(text));
        assert.equal(canonicalIp(text) !== null, known, text);
      }),
      { numRuns: 2000 },
    );
  });

  it("spells IPv6 as the URL standard does", () => {
    // All eight groups are written out: Bun's URL refuses some valid addresses that end in a dotted quad.
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    fc.assert(
      fc.property(fc.array(group, { minLength: 8, maxLength: 8 }), (groups) => {
        const text = groups.map((value) => value.toString(16).padStart(4, "0")).join(":");
        const ours = canonicalIp(text) ?? "";
        if (!ours.includes(".")) assert.equal(`[${ours}]`, new URL(`http://[${text}]`).hostname);
      }),
      { numRuns: 500 },
    );
  });

  it("groups IPv6 clients by /64 and leaves IPv4 alone", () => {
    assert.equal(ipKey("10.1.2.3"), "10.1.2.3");
    assert.equal(ipKey("::ffff:10.1.2.3"), "10.1.2.3");
    assert.equal(ipKey("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::/64");
    assert.equal(ipKey("2001:db8:1:2::"), ipKey("2001:DB8:1:2:ffff::9"));
    assert.notEqual(ipKey("2001:db8:1:3::"), ipKey("2001:db8:1:2::"));
    assert.equal(ipKey("::1"), "::/64");
    assert.equal(ipKey(""), "");
  });

  it("has as many bits as are asked for", () => {
    assert.equal(ipKey("10.1.2.3", 24), "10.1.2.0/24");
    assert.equal(ipKey("::ffff:10.1.2.3", 23, 8), "10.1.2.0/23");
    assert.equal(ipKey("200.1.2.3", 1), "128.0.0.0/1");
    assert.equal(ipKey("not one", 24), "not one");
    assert.equal(ipKey("2001:db8:1:2fff::1", 32, 56), "2001:db8:1:2f00::/56");
    assert.equal(ipKey("2001:db8:ffff::1", 32, 33), "2001:db8:8000::/33");
    assert.equal(ipKey("2001:db8::1", 32, 128), "2001:db8::1");
  });
});

describe("networks", () => {
  it("reads an address with or without a prefix", () => {
    assert.deepEqual(parseCidr("10.0.0.0/8"), { version: 4, words: [0x0a000000], prefix: 8, hadHostBits: false });
    assert.deepEqual(parseCidr("10.0.0.5"), { version: 4, words: [0x0a000005], prefix: 32, hadHostBits: false });
    assert.deepEqual(parseCidr("0.0.0.0/0"), { version: 4, words: [0], prefix: 0, hadHostBits: false });
    assert.deepEqual(parseCidr("::1"), { version: 6, words: [0, 0, 0, 1], prefix: 128, hadHostBits: false });
    assert.deepEqual(parseCidr("2001:db8::/33"), { version: 6, words: [0x20010db8, 0, 0, 0], prefix: 33, hadHostBits: false });
    assert.deepEqual(parseCidr("::ffff:10.0.0.0/104"), { version: 4, words: [0x0a000000], prefix: 8, hadHostBits: false });
  });

  it("tells that bits behind the prefix were dropped", () => {
    assert.deepEqual(parseCidr("10.0.0.5/8"), { version: 4, words: [0x0a000000], prefix: 8, hadHostBits: true });
    assert.equal(parseCidr("2001:db8::1/64")?.hadHostBits, true);
  });

  it("refuses what is not a network", () => {
    for (const text of [
      "",
      "/8",
      "10.0.0.0/",
      "10.0.0.0/33",
      "10.0.0.0/08",
      "10.0.0.0/-1",
      "10.0.0.0/8/8",
      "10.0.0/8",
      "::/129",
      "::/1 ",
      "x",
    ]) {
      assert.equal(parseCidr(text), null, text);
    }
    assert.throws(() => CidrSet.of("10.0.0.0/40"), /10\.0\.0\.0\/40/);
  });

  it("knows its addresses, mapped ones too", () => {
    const set = CidrSet.of("127.0.0.0/8", "::1", "10.1.0.0/16", "10.1.2.0/24", "192.168.0.7", "2001:db8::/32", "255.255.255.255");
    for (const inside of [
      "127.0.0.1",
      "127.255.255.255",
      "::1",
      "10.1.0.0",
      "10.1.255.255",
      "192.168.0.7",
      "2001:db8::",
      "255.255.255.255",
    ]) {
      assert.ok(set.has(inside), inside);
    }
    assert.ok(set.has("::ffff:127.0.0.1"));
    assert.ok(set.has("2001:DB8:ffff:ffff:ffff:ffff:ffff:ffff"));
    for (const outside of [
      "126.255.255.255",
      "128.0.0.0",
      "10.0.255.255",
      "10.2.0.0",
      "192.168.0.6",
      "192.168.0.8",
      "::",
      "::2",
      "0.0.0.0",
    ]) {
      assert.ok(!set.has(outside), outside);
    }
    assert.ok(!set.has("2001:db9::"));
    assert.ok(CidrSet.of().isEmpty);
    assert.ok(!CidrSet.of().has("127.0.0.1"));
    assert.ok(CidrSet.of("0.0.0.0/0").has("255.255.255.255"));
    assert.ok(!CidrSet.of("0.0.0.0/0").has("::1"));
  });

  it("answers as a comparison of bits does", () => {
    const octets = fc.array(fc.constantFrom(0, 1, 127, 128, 255), { minLength: 4, maxLength: 4 });
    const network = fc.tuple(octets, fc.integer({ min: 0, max: 32 }));
    const bits = (parts: number[]) => parts.map((part) => part.toString(2).padStart(8, "0")).join("");
    const six = (parts: number[]) => `2001:db8::${parts.map((part) => part.toString(16)).join(":")}`;
    fc.assert(
      fc.property(fc.array(network, { maxLength: 8 }), octets, (networks, address) => {
        const inside = networks.some(([base, prefix]) => bits(base).slice(0, prefix) === bits(address).slice(0, prefix));
        assert.equal(CidrSet.of(...networks.map(([base, prefix]) => `${base.join(".")}/${prefix}`)).has(address.join(".")), inside);
        const groupBits = (parts: number[]) => parts.map((part) => part.toString(2).padStart(16, "0")).join("");
        const inside6 = networks.some(([base, prefix]) => groupBits(base).slice(0, 2 * prefix) === groupBits(address).slice(0, 2 * prefix));
        const set6 = CidrSet.of(...networks.map(([base, prefix]) => `${six(base)}/${64 + 2 * prefix}`));
        assert.equal(set6.has(six(address)), inside6);
      }),
      { numRuns: 300 },
    );
  });
});
