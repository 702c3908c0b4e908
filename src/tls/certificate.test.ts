import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readLeaf } from "./index.ts";
import { NameTable } from "./name-table.ts";
import { forge, whyNoForge } from "./testdata/certificate-forge.ts";

describe("the names of a certificate", { skip: whyNoForge() }, () => {
  it("are those that a client takes for its own, by the runtime's reading of the same certificate", () => {
    const label = fc.constantFrom("a", "b", "xn--bcher-kva", "A");
    const host = fc.array(label, { minLength: 2, maxLength: 4 }).map((labels) => `${labels.join(".")}.example`);
    const listed = fc.oneof(
      host,
      host.map((name) => `*.${name}`),
      host.map((name) => `f*.${name}`),
      host.map((name) => `a.*.${name}`),
      fc.constantFrom("10.0.0.1", "*", "*.*.example"),
    );
    fc.assert(
      fc.property(
        fc.array(listed, { minLength: 1, maxLength: 3 }),
        fc.array(fc.oneof(host, listed), { minLength: 5, maxLength: 20 }),
        (names, asked) => {
          const { cert } = forge({
            // A common name has 64 characters at most (RFC 5280, appendix A.1).
            subject: `/CN=${asked[0]!.slice(0, 64)}`,
            extensions: `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}`,
          });
          const x509 = new X509Certificate(cert);
          const leaf = readLeaf(cert);
          const table = new NameTable(leaf === null ? [] : [leaf], null);
          for (const name of asked) {
            // A client asks for names alone: neither for addresses nor for wildcards.
            if (name.includes("*") || name === "10.0.0.1") continue;
            const isMatched = x509.checkHost(name, { partialWildcards: false, subject: "never" }) !== undefined;
            assert.equal(table.find(name) !== null, isMatched, `${name} of ${names.join(", ")}`);
          }
        },
      ),
      {
        numRuns: 60,
        examples: [[["a.example"], [`a.*.${"xn--bcher-kva.".repeat(4)}example`, "a.example", "b.example", "a.example", "b.example"]]],
      },
    );
  });

  it("are none for a text without a certificate that can be read", () => {
    for (const text of [
      "",
      "junk",
      "-----BEGIN CERTIFICATE-----\nMAMCAQA=\n-----END CERTIFICATE-----",
      "-----BEGIN X-----\nAAAA\n-----END X-----",
    ])
      assert.equal(readLeaf(text), null);
  });

  it("are those of the first certificate, also behind words and another kind of block", () => {
    const [first, second] = [
      forge({ extensions: "subjectAltName=DNS:first.example" }),
      forge({ extensions: "subjectAltName=DNS:second.example" }),
    ];
    const text = `subject=/CN=x\n-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${first.cert}issuer\n${second.cert}`;
    assert.deepEqual(readLeaf(text)?.names, ["first.example"]);
  });

  it("tell the kind of the key", () => {
    const kindOf = (...keyArgs: string[]) => readLeaf(forge({ keyArgs }).cert)?.keyKind;
    assert.deepEqual([kindOf("rsa:2048"), kindOf("ed25519"), kindOf("ed448")], ["rsa", "ed25519", "other"]);
  });
});
