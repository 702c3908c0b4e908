import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ParsedCrl, parseCrl } from "./crl.ts";
import { readPeer } from "./index.ts";
import { commonName, der, ECDSA_SHA384, extension, oid, writeCertificate, writeList } from "./testdata/der-writer.ts";
import { parseCertificate } from "./x509.ts";

const SAN = "2.5.29.17";

function names(...texts: string[]): Uint8Array {
  return der(0x30, ...texts.map((text) => der(0x82, text)));
}

describe("a certificate in DER that is not as it should be", () => {
  it("is read where it is as it should be", () => {
    const parsed = parseCertificate(writeCertificate({ extensions: [extension(SAN, names("a.example"))] }));
    assert.deepEqual(parsed?.alternativeNames.dns, ["a.example"]);
    assert.equal(parsed?.serial, "05");
    assert.equal(parsed?.keyAlgorithm, "1.2.840.10045.2.1");
    assert.deepEqual([parsed?.usages, parsed?.isAuthority], [null, false]);
    assert.equal(readPeer(writeCertificate())?.subject, "CN=x");
  });

  it("is refused with an extension that stands twice, in either order", () => {
    const [a, b] = [extension(SAN, names("a.example")), extension(SAN, names("b.example"))];
    for (const extensions of [
      [a, b],
      [b, a],
      [a, a],
    ])
      assert.equal(parseCertificate(writeCertificate({ extensions })), null);
  });

  it("is refused with extensions in version 1, with two signature algorithms, and with anything behind the extensions", () => {
    assert.equal(parseCertificate(writeCertificate({ version: [], extensions: [extension(SAN, names("a.example"))] })), null);
    assert.notEqual(parseCertificate(writeCertificate({ version: [] })), null);
    assert.equal(parseCertificate(writeCertificate({ innerAlgorithm: ECDSA_SHA384 })), null);
    assert.equal(parseCertificate(writeCertificate({ extensions: [], behind: [der(0x04)] })), null);
  });

  it("is refused with a serial number that has two spellings", () => {
    assert.equal(parseCertificate(writeCertificate({ serial: der(0x02, [0, 5]) })), null);
    assert.equal(parseCertificate(writeCertificate({ serial: der(0x02) })), null);
    assert.equal(parseCertificate(writeCertificate({ serial: der(0x02, [0, 0x85]) }))?.serial, "85");
  });

  it("is refused with an address of another length than addresses have", () => {
    for (const length of [0, 3, 5, 8, 15, 17, 32])
      assert.equal(
        parseCertificate(writeCertificate({ extensions: [extension(SAN, der(0x30, der(0x87, new Uint8Array(length))))] })),
        null,
      );
    const mapped = [...new Uint8Array(10), 0xff, 0xff, 10, 0, 0, 1];
    const parsed = parseCertificate(writeCertificate({ extensions: [extension(SAN, der(0x30, der(0x87, mapped)))] }));
    assert.deepEqual(parsed?.alternativeNames.ips, ["10.0.0.1"]);
  });

  it("is nobody's when its subject holds a NUL, what is not UTF-8, or a part of nothing", () => {
    const subjects = [
      commonName("admin\0.evil"),
      commonName("\xff\xfe"),
      commonName("a\nb", 0x13),
      der(0x30, der(0x31)),
      der(0x30, der(0x30)),
      der(0x31),
    ];
    for (const subject of subjects) assert.equal(readPeer(writeCertificate({ subject })), null);
    // Not one encoding for sure: shown as it is encoded.
    assert.equal(readPeer(writeCertificate({ subject: commonName("a\xe9", 0x14) }))?.subject, "CN=#140261e9");
    assert.equal(readPeer(writeCertificate({ subject: der(0x30) }))?.subject, "");
  });
});

describe("a revocation list in DER that is not as it should be", () => {
  const date = der(0x17, "260101000000Z");
  const entry = (...parts: Uint8Array[]) => der(0x30, ...parts);
  const revokedOf = (list: ParsedCrl | string) => (typeof list === "string" ? list : [...list.revoked]);
  const read = (...entries: Uint8Array[]) => revokedOf(parseCrl(writeList({ entries })));

  it("is read where it is as it should be", () => {
    assert.deepEqual(read(entry(der(0x02, [5]), date), entry(der(0x02, [0, 0x85]), date), entry(der(0x02, [0x12, 0x34]), date)), [
      "05",
      "85",
      "1234",
    ]);
    assert.deepEqual(revokedOf(parseCrl(writeList())), []);
    assert.deepEqual(revokedOf(parseCrl(writeList({ version: [] }))), []);
  });

  it("is refused with an entry that is more or less than serial number, date and extensions", () => {
    const list = der(0x30);
    for (const parts of [
      [],
      [der(0x02, [5])],
      [date],
      [der(0x02, [5]), list],
      [der(0x02, [5]), date, list, list],
      [der(0x02, [5]), date, der(0x04)],
    ])
      assert.equal(read(entry(...parts)), "unreadable");
    // The date reaches beyond its entry, over the whole next one.
    const next = entry(der(0x02, [6]), date);
    const wide = Uint8Array.from([0x30, 7, 0x02, 1, 5, 0x17, 2 + next.length, 0x32, 0x36]);
    assert.equal(read(wide, next), "unreadable");
  });

  it("is refused with a serial number that has two spellings", () => {
    for (const serial of [der(0x02, [0, 5]), der(0x02), der(0x02, [0xff, 0x85])]) assert.equal(read(entry(serial, date)), "unreadable");
    assert.deepEqual(read(entry(der(0x02, [0x85]), date)), ["-85"]);
  });

  it("is a part only when an entry says something critical", () => {
    const extended = (...critical: Uint8Array[]) => entry(der(0x02, [5]), date, der(0x30, extension("2.5.29.29", der(0x30), critical)));
    assert.equal(read(extended(der(0x01, [0xff]))), "partial");
    assert.deepEqual(read(extended(), extended(der(0x01, [0]))), ["05"]);
    assert.equal(read(extended(der(0x01, [1]))), "unreadable");
  });

  it("is refused with two signature algorithms, another version, and a signature that is not whole bytes", () => {
    assert.equal(parseCrl(writeList({ innerAlgorithm: ECDSA_SHA384 })), "unreadable");
    assert.equal(parseCrl(writeList({ version: [der(0x02, [2])] })), "unreadable");
    assert.equal(parseCrl(writeList({ signature: der(0x03, [1, 2]) })), "unreadable");
    assert.equal(parseCrl(writeList({ signature: der(0x03) })), "unreadable");
    assert.equal(parseCrl(writeList({ extensions: [extension("2.5.29.20", oid("1.2.3"), [der(0x01, [0xff])])] })), "partial");
  });
});
