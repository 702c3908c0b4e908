import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { headerStreams, judgeStream, readWhole } from "./header-cases.fuzz.ts";
import { encodeProxyHeader } from "./write-proxy-header.ts";

const V4 = { address: "192.0.2.7", port: 40_000 };
const V4_LOCAL = { address: "198.51.100.1", port: 443 };
const V6 = { address: "2001:db8::a", port: 1 };
const UNIX = { address: "", port: 0 };

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const text = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
const SIGNATURE = "0d0a0d0a000d0a515549540a";

test("a client of IPv4 is written as TCP4 and AF_INET", () => {
  assert.equal(text(encodeProxyHeader("v1", V4, V4_LOCAL)), "PROXY TCP4 192.0.2.7 198.51.100.1 40000 443\r\n");
  assert.equal(hex(encodeProxyHeader("v2", V4, V4_LOCAL)), `${SIGNATURE}2111000cc0000207c63364019c4001bb`);
});

test("a client of IPv6 is written as TCP6 and AF_INET6", () => {
  assert.equal(text(encodeProxyHeader("v1", V6, { address: "::1", port: 65_535 })), "PROXY TCP6 2001:db8::a ::1 1 65535\r\n");
  assert.equal(
    hex(encodeProxyHeader("v2", V6, { address: "::1", port: 65_535 })),
    `${SIGNATURE}2121002420010db800000000000000000000000a000000000000000000000000000000010001ffff`,
  );
});

test("ends of two families are both written as IPv6", () => {
  assert.equal(text(encodeProxyHeader("v1", V4, V6)), "PROXY TCP6 ::ffff:192.0.2.7 2001:db8::a 40000 1\r\n");
  assert.equal(readWhole([encodeProxyHeader("v2", V4, V6)]).verdict, "192.0.2.7:40000 > 2001:db8::a:1");
});

test("a client without an address is nobody", () => {
  assert.equal(text(encodeProxyHeader("v1", UNIX, UNIX)), "PROXY UNKNOWN\r\n");
  assert.equal(hex(encodeProxyHeader("v2", UNIX, UNIX)), `${SIGNATURE}21000000`);
  assert.equal(readWhole([encodeProxyHeader("v2", UNIX, V4)]).verdict, "nobody");
});

test("what is written is read back, and damaged headers are read alike however they are cut", () => {
  fc.assert(
    fc.property(headerStreams, ({ stream, cuts }) => {
      const dispute = judgeStream(stream, cuts);
      if (dispute !== null) throw new Error(dispute);
    }),
    { numRuns: 2000 },
  );
});
