import assert from "node:assert/strict";
import { createPublicKey, X509Certificate } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { isSignedBy, type ParsedCrl, parseCrl, parseCrlInSteps } from "./crl.ts";
import { RevocationList } from "./index.ts";
import { AUTHORITY, type Forged, forge, forgeList, toDer, whyNoForge } from "./testdata/certificate-forge.ts";

function parse(pem: string): ParsedCrl {
  const list = parseCrl(toDer(pem));
  if (typeof list === "string") assert.fail(list);
  return list;
}

function serialOf({ cert }: Forged): string {
  return new X509Certificate(cert).serialNumber;
}

describe("a revocation list", { skip: whyNoForge() }, () => {
  const forgeAll = () => {
    const root = forge({ subject: "/CN=root", extensions: AUTHORITY });
    const impostor = forge({ subject: "/CN=root", extensions: AUTHORITY });
    const other = forge({ subject: "/CN=other", extensions: AUTHORITY });
    const [good, bad] = [forge({ issuer: root }), forge({ issuer: root })];
    return { root, impostor, other, good, bad, elsewhere: forge({ issuer: other }), list: forgeList(root, [serialOf(bad), "0A1B", "7F"]) };
  };
  const none: Forged = { cert: "", key: "" };
  const nothing = { root: none, impostor: none, other: none, good: none, bad: none, elsewhere: none, list: "" };
  const { root, impostor, other, good, bad, elsewhere, list } = whyNoForge() ? nothing : forgeAll();

  it("tells who made it, when, when the next one comes, and what is on it", () => {
    const parsed = parse(list);
    assert.deepEqual([...parsed.revoked].sort(), [serialOf(bad).toLowerCase(), "0a1b", "7f"].sort());
    assert.ok(Math.abs(parsed.thisUpdateMs - Date.now()) < 60_000);
    assert.equal(parsed.nextUpdateMs, parsed.thisUpdateMs + 30 * 86_400_000);
    assert.deepEqual(parse(forgeList(root, [])).revoked, new Set());
  });

  it("is believed when the authority's key signed it, whatever the kind of key", () => {
    const kinds = [["rsa:2048"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["ed25519"]];
    const authorities = kinds.map((keyArgs) => forge({ subject: "/CN=root", extensions: AUTHORITY, keyArgs }));
    const lists = authorities.map((authority) => parse(forgeList(authority, ["05"])));
    for (const [i, parsed] of lists.entries())
      for (const [j, { cert }] of authorities.entries()) assert.equal(isSignedBy(parsed, createPublicKey(cert)), i === j, `${i} by ${j}`);
    assert.equal(isSignedBy(parse(list), createPublicKey(root.cert)), true);
    assert.equal(isSignedBy(parse(list), createPublicKey(impostor.cert)), false);
    assert.equal(isSignedBy(parse(list), null), false);
  });

  it("is believed with RSASSA-PSS, and not with SHA-1", () => {
    const authority = forge({ subject: "/CN=root", extensions: AUTHORITY, keyArgs: ["rsa:2048"] });
    const signed = (...args: string[]) => parseCrl(toDer(forgeList(authority, ["05"], "", args)));
    for (const salt of ["32", "20", "64"]) {
      const pss = signed("-sigopt", "rsa_padding_mode:pss", "-sigopt", `rsa_pss_saltlen:${salt}`);
      assert.equal(typeof pss === "string" ? pss : isSignedBy(pss, createPublicKey(authority.cert)), true, salt);
    }
    assert.equal(signed("-md", "sha1"), "algorithm");
    assert.equal(signed("-md", "sha1", "-sigopt", "rsa_padding_mode:pss"), "algorithm");
  });

  it("is no longer believed once any byte of it is another", () => {
    const der = toDer(list);
    const key = createPublicKey(root.cert);
    for (let at = 0; at < der.length; at++) {
      const changed = Uint8Array.from(der);
      changed[at] = (changed[at] ?? 0) ^ 0x01;
      const parsed = parseCrl(changed);
      assert.ok(typeof parsed === "string" || !isSignedBy(parsed, key), `byte ${at}`);
    }
  });

  it("is unreadable cut at any byte, and with one too many", () => {
    const der = toDer(list);
    for (let length = 0; length < der.length; length++) assert.equal(parseCrl(der.subarray(0, length)), "unreadable");
    assert.equal(parseCrl(new Uint8Array([...der, 0])), "unreadable");
    assert.equal(parseCrl(toDer(root.cert)), "unreadable");
  });

  it("is refused when it speaks of a part only, and taken with what does not change its meaning", () => {
    const of = (extensions: string) => parseCrl(toDer(forgeList(root, ["05"], extensions)));
    const accepted = ["2.5.29.20=ASN1:INTEGER:5", "authorityKeyIdentifier=keyid", "1.2.3.4=ASN1:NULL"];
    for (const extensions of accepted) assert.equal(typeof of(extensions), "object", extensions);
    const refused = [
      "2.5.29.27=ASN1:INTEGER:4",
      "issuingDistributionPoint=@p\n[p]\nfullname=URI:http://crl.example/1",
      "issuingDistributionPoint=critical,@p\n[p]\nonlyuser=TRUE",
      "2.5.29.27=critical,ASN1:INTEGER:4",
      "issuingDistributionPoint=critical,@p\n[p]\nindirectCRL=TRUE",
      "issuingDistributionPoint=critical,@p\n[p]\nonlyCA=TRUE",
      "issuingDistributionPoint=critical,@p\n[p]\nonlysomereasons=keyCompromise",
      "1.2.3.4=critical,ASN1:NULL",
    ];
    for (const extensions of refused) assert.equal(of(extensions), "partial", extensions);
  });

  it("answers for the certificates of who made it", () => {
    const revocations = RevocationList.ofPem([list]);
    assert.equal(revocations.isRevoked(toDer(good.cert)), false);
    assert.equal(revocations.isRevoked(toDer(bad.cert)), true);
  });

  it("lets nothing through that it can't answer for", () => {
    const revocations = RevocationList.ofPem([list]);
    assert.equal(revocations.isRevoked(toDer(elsewhere.cert)), true);
    assert.equal(revocations.isRevoked(toDer(good.cert).subarray(1)), true);
    assert.equal(revocations.isRevoked(new Uint8Array()), true);
    assert.equal(RevocationList.ofPem([list + forgeList(other, [])]).isRevoked(toDer(elsewhere.cert)), false);
  });

  it("adds up with others of the same authority", () => {
    const both = RevocationList.ofPem([forgeList(root, [serialOf(good)]), list]);
    assert.equal(both.isRevoked(toDer(good.cert)), true);
    assert.equal(both.isRevoked(toDer(bad.cert)), true);
  });

  it("revokes nothing when there is none", () => {
    const empty = RevocationList.ofPem([]);
    assert.equal(empty.isEmpty, true);
    assert.equal(empty.nextUpdateMs, null);
    assert.equal(empty.isRevoked(toDer(good.cert)), false);
  });

  it("is overdue when the first of several is", () => {
    const soon = forgeList(other, [], "", ["-crldays", "3"]);
    assert.equal(RevocationList.ofPem([list, soon]).nextUpdateMs, parse(soon).nextUpdateMs);
  });

  it("never fails, whatever bytes are changed", () => {
    const der = toDer(list);
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(der.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 }), (changes) => {
        const changed = Uint8Array.from(der);
        for (const [at, value] of changes) changed[at] = value;
        const parsed = parseCrl(changed);
        if (typeof parsed !== "string") assert.equal(new RevocationList([parsed]).isEmpty, false);
      }),
      { numRuns: 3000 },
    );
  });

  it("is read in steps when it is long, to the same end", () => {
    const der = toDer(
      forgeList(
        root,
        Array.from({ length: 5000 }, (_, index) => (0x10000000 + index).toString(16)),
      ),
    );
    const steps = parseCrlInSteps(der);
    let count = 0;
    for (;;) {
      const step = steps.next();
      if (step.done === true) {
        assert.deepEqual(step.value, parseCrl(der));
        break;
      }
      count++;
    }
    assert.equal(count, 4);
  });

  it("is read in a time that grows with its length alone", () => {
    const timeOf = (count: number): number => {
      const der = toDer(
        forgeList(
          root,
          Array.from({ length: count }, (_, index) => (0x10000000 + index).toString(16)),
        ),
      );
      const begun = performance.now();
      const parsed = parseCrl(der);
      const took = performance.now() - begun;
      assert.equal(typeof parsed === "string" ? parsed : parsed.revoked.size, count);
      return took;
    };
    const best = (count: number) => Math.min(timeOf(count), timeOf(count), timeOf(count));
    const [small, large] = [best(2_000), best(20_000)];
    // Ten times as many: a hundred times as long would be quadratic.
    assert.ok(large < 60 * Math.max(small, 0.5), `${small} ms, then ${large} ms`);
  });
});
