// PROXY headers as proxies send them and as nobody should: each whole, cut at every byte, and byte by byte, with a request behind it.

import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32c } from "./crc32c.ts";
import { readWhole, v1, v2, v2WithChecksum } from "./header-cases.fuzz.ts";
import { ProxyHeaderReader } from "./proxy-header-reader.ts";

const REQUEST = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const UNIX = new Uint8Array(216).fill(0x2f);
const V4 = [192, 0, 2, 7, 198, 51, 100, 1, 0x9c, 0x40, 0x01, 0xbb];
const V6 = [
  ...[0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xa],
  ...[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 203, 0, 113, 9],
  ...[0, 0, 0xff, 0xff],
];
const CLIENT4 = "192.0.2.7:40000 > 198.51.100.1:443";

const ACCEPTED: readonly (readonly [name: string, header: Uint8Array, said: string])[] = [
  ["TCP4", v1("PROXY TCP4 192.0.2.7 198.51.100.1 40000 443"), CLIENT4],
  ["TCP4 with the largest and smallest port", v1("PROXY TCP4 255.255.255.255 0.0.0.0 65535 0"), "255.255.255.255:65535 > 0.0.0.0:0"],
  ["TCP6", v1("PROXY TCP6 2001:db8::a ::1 1 2"), "2001:db8::a:1 > ::1:2"],
  ["TCP6 in another spelling", v1("PROXY TCP6 2001:0DB8:0:0:0:0:0:A ::1 1 2"), "2001:db8::a:1 > ::1:2"],
  ["TCP6 for an IPv4 client", v1("PROXY TCP6 ::ffff:192.0.2.7 ::ffff:198.51.100.1 40000 443"), CLIENT4],
  ["UNKNOWN", v1("PROXY UNKNOWN"), "nobody"],
  ["UNKNOWN with whatever behind it", v1("PROXY UNKNOWN ffff:f...f:ffff  x 65535 z"), "nobody"],
  ["the longest line there is", v1(`PROXY UNKNOWN ${"x".repeat(91)}`), "nobody"],
  ["AF_INET", v2(0x21, 0x11, V4), CLIENT4],
  ["AF_INET with TLVs", v2(0x21, 0x11, [...V4, 1, 0, 2, 0x68, 0x32, 4, 0, 0]), CLIENT4],
  ["AF_INET with a checksum", v2WithChecksum(0x21, 0x11, V4, [1, 0, 1, 9]), CLIENT4],
  ["AF_INET6", v2(0x21, 0x21, V6), "2001:db8::a:0 > 203.0.113.9:65535"],
  ["AF_UNIX", v2(0x21, 0x31, UNIX), ":0 > :0"],
  ["UNSPEC", v2(0x21, 0x00, []), "nobody"],
  ["LOCAL", v2(0x20, 0x00, []), "nobody"],
  ["LOCAL with a family and a block that count for nothing", v2(0x20, 0x77, [1, 2, 3]), "nobody"],
  ["LOCAL of a datagram", v2(0x20, 0x12, V4), "nobody"],
  ["4096 bytes of it", v2(0x21, 0x11, [...V4, 4, 0x0f, 0xe1, ...new Uint8Array(0xfe1)]), CLIENT4],
];

const REFUSED: readonly (readonly [name: string, header: Uint8Array, code: string])[] = [
  ["a request without a header", Buffer.from(REQUEST), "MISSING"],
  ["a request that begins alike", Buffer.from("PROPFIND / HTTP/1.1\r\n\r\n"), "MISSING"],
  ["a TLS handshake", Uint8Array.of(0x16, 3, 1, 0, 200), "MISSING"],
  ["the signature's beginning alone", Buffer.from("\r\n\r\nGET / HTTP/1.1\r\n\r\n"), "MISSING"],
  ["lower case", v1("proxy TCP4 192.0.2.7 198.51.100.1 1 2"), "MISSING"],
  ["mixed case", v1("PROXY Tcp4 192.0.2.7 198.51.100.1 1 2"), "MALFORMED"],
  ["white space before it", v1(" PROXY TCP4 192.0.2.7 198.51.100.1 1 2"), "MISSING"],
  ["two spaces", v1("PROXY TCP4  192.0.2.7 198.51.100.1 1 2"), "MALFORMED"],
  ["a space at the end", v1("PROXY TCP4 192.0.2.7 198.51.100.1 1 2 "), "MALFORMED"],
  ["a tab", v1("PROXY TCP4\t192.0.2.7 198.51.100.1 1 2"), "MALFORMED"],
  ["no protocol", v1("PROXY "), "MALFORMED"],
  ["UDP4", v1("PROXY UDP4 192.0.2.7 198.51.100.1 1 2"), "MALFORMED"],
  ["a word more", v1("PROXY TCP4 192.0.2.7 198.51.100.1 1 2 3"), "MALFORMED"],
  ["a word less", v1("PROXY TCP4 192.0.2.7 198.51.100.1 1"), "MALFORMED"],
  ["an address with a leading zero", v1("PROXY TCP4 192.0.2.07 198.51.100.1 1 2"), "MALFORMED"],
  ["an address of three octets", v1("PROXY TCP4 192.0.2 198.51.100.1 1 2"), "MALFORMED"],
  ["an octet of 256", v1("PROXY TCP4 192.0.2.7 198.51.100.256 1 2"), "MALFORMED"],
  ["a network for an address", v1("PROXY TCP4 192.0.2.7/8 198.51.100.1 1 2"), "MALFORMED"],
  ["IPv6 as TCP4", v1("PROXY TCP4 2001:db8::a ::1 1 2"), "MALFORMED"],
  ["IPv4 as TCP6", v1("PROXY TCP6 192.0.2.7 198.51.100.1 1 2"), "MALFORMED"],
  ["IPv6 with a zone", v1("PROXY TCP6 fe80::1%eth0 ::1 1 2"), "MALFORMED"],
  ["IPv6 in both cases", v1("PROXY TCP6 2001:dB8::a ::1 1 2"), "MALFORMED"],
  ["a port with a leading zero", v1("PROXY TCP4 192.0.2.7 198.51.100.1 01 2"), "MALFORMED"],
  ["port 65536", v1("PROXY TCP4 192.0.2.7 198.51.100.1 1 65536"), "MALFORMED"],
  ["a signed port", v1("PROXY TCP4 192.0.2.7 198.51.100.1 +1 2"), "MALFORMED"],
  ["a port in hexadecimal", v1("PROXY TCP4 192.0.2.7 198.51.100.1 0x1 2"), "MALFORMED"],
  ["an empty port", v1("PROXY TCP4 192.0.2.7 198.51.100.1  2"), "MALFORMED"],
  ["LF alone", Buffer.from("PROXY TCP4 192.0.2.7 198.51.100.1 1 2\n"), "MALFORMED"],
  ["CR alone", Buffer.from("PROXY TCP4 192.0.2.7 198.51.100.1 1 2\rGET"), "MALFORMED"],
  ["NUL in UNKNOWN", v1("PROXY UNKNOWN \u0000"), "MALFORMED"],
  ["a byte above ASCII", v1("PROXY TCP4 192.0.2.7 198.51.100.1 1 \u00b2"), "MALFORMED"],
  ["a line of 108 bytes", v1(`PROXY UNKNOWN ${"x".repeat(92)}`), "TOO_LONG"],
  ["a line without end", Buffer.from(`PROXY UNKNOWN ${"x".repeat(500)}`), "TOO_LONG"],
  ["version 1 in version 2", v2(0x11, 0x11, V4), "MALFORMED"],
  ["version 3", v2(0x31, 0x11, V4), "MALFORMED"],
  ["a third command", v2(0x22, 0x11, V4), "MALFORMED"],
  ["UDP over IPv4", v2(0x21, 0x12, V4), "UNSUPPORTED"],
  ["UDP over IPv6", v2(0x21, 0x22, V6), "UNSUPPORTED"],
  ["unix datagrams", v2(0x21, 0x32, UNIX), "UNSUPPORTED"],
  ["a family without protocol", v2(0x21, 0x10, V4), "MALFORMED"],
  ["a protocol without family", v2(0x21, 0x01, V4), "MALFORMED"],
  ["an unknown family", v2(0x21, 0x41, V4), "MALFORMED"],
  ["addresses cut off", v2(0x21, 0x11, V4.slice(1)), "MALFORMED"],
  ["IPv6 of the length of IPv4", v2(0x21, 0x21, V4), "MALFORMED"],
  ["unix paths cut off", v2(0x21, 0x31, UNIX.subarray(1)), "MALFORMED"],
  ["half the head of a TLV", v2(0x21, 0x11, [...V4, 1, 0]), "MALFORMED"],
  ["a TLV that goes on behind the header", v2(0x21, 0x11, [...V4, 1, 0, 9, 1, 2]), "MALFORMED"],
  ["a wrong checksum", v2(0x21, 0x11, [...V4, 3, 0, 4, 1, 2, 3, 4]), "CHECKSUM"],
  ["a checksum of three bytes", v2(0x21, 0x11, [...V4, 3, 0, 3, 1, 2, 3]), "MALFORMED"],
  ["two checksums", v2(0x21, 0x11, [...V4, 3, 0, 4, 1, 2, 3, 4, 3, 0, 4, 1, 2, 3, 4]), "MALFORMED"],
  ["4097 bytes", v2(0x21, 0x11, [...V4, 4, 0x0f, 0xe2, ...new Uint8Array(0xfe2)]), "TOO_LONG"],
];

for (const [name, header, said] of ACCEPTED) {
  test(`a PROXY header is read alike however it is cut: ${name}`, () => {
    const stream = Buffer.concat([header, Buffer.from(REQUEST)]);
    // Cut where the header is interesting: a long one is mostly the same byte.
    const cuts = [...stream.keys()].filter((at) => at < 260 || at > header.length - 20);
    for (const at of cuts) {
      const { verdict, rest } = readWhole([stream.subarray(0, at), stream.subarray(at)]);
      assert.equal(verdict, said, `cut at ${at}`);
      assert.equal(rest, REQUEST, `cut at ${at}`);
    }
    const bytes = Array.from(stream, (byte) => Uint8Array.of(byte));
    assert.deepEqual(readWhole(bytes), { verdict: said, rest: REQUEST });
    assert.deepEqual(readWhole([header]), { verdict: said, rest: "" });
  });
}

for (const [name, header, code] of REFUSED) {
  test(`no PROXY header, and refused however it is cut: ${name}`, () => {
    for (let at = 0; at < Math.min(header.length, 300); at++) {
      const { verdict } = readWhole([header.subarray(0, at), header.subarray(at)]);
      assert.equal(verdict, `SP_PROXY_${code}`, `cut at ${at}`);
    }
    assert.equal(readWhole(Array.from(header, (byte) => Uint8Array.of(byte))).verdict, `SP_PROXY_${code}`);
  });
}

test("a header that is not complete is waited for, whatever of it is there", () => {
  for (const [name, header] of ACCEPTED) {
    for (let at = 0; at < Math.min(header.length, 300); at++) {
      assert.equal(new ProxyHeaderReader().take(header.subarray(0, at)), "more", `${name}, the first ${at} bytes`);
    }
  }
});

test("one byte that fits no version is enough to refuse", () => {
  assert.equal(new ProxyHeaderReader().take(Buffer.from("G")), "fault");
  const reader = new ProxyHeaderReader();
  assert.equal(reader.take(Buffer.from("P")), "more");
  assert.equal(reader.take(Buffer.from("O")), "fault");
});

test("the checksum is CRC32C", () => {
  // RFC 3720 B.4.
  assert.equal(crc32c(new Uint8Array(32), -1), 0x8a9136aa);
  assert.equal(crc32c(new Uint8Array(32).fill(0xff), -1), 0x62a8ab43);
  assert.equal(crc32c(Buffer.from("123456789"), -1), 0xe3069283);
  assert.equal(crc32c(Uint8Array.of(1, 2, 3, 4, 5), 1), crc32c(Uint8Array.of(1, 0, 0, 0, 0), -1));
});

test("a byte changed in a header with a checksum is seen, but for the type that makes it one", () => {
  const header = v2WithChecksum(0x21, 0x11, V4, [4, 0, 5, 1, 2, 3, 4, 5]);
  for (let at = 16; at < header.length; at++) {
    if (at === 28) continue;
    const damaged = Uint8Array.from(header);
    damaged[at] = damaged[at]! ^ 0x10;
    assert.match(readWhole([damaged]).verdict, /^SP_PROXY_(?:CHECKSUM|MALFORMED)$|^more$/, `byte ${at}`);
  }
});
