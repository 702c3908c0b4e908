import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ServerIdentities } from "./index.ts";
import { type Forged, whyNoForge } from "./testdata/certificate-forge.ts";
import { CA_ONE, CA_TWO, certificate, named, tls, unissued } from "./testdata/listener-tls.ts";

describe("the authority of a handshake", { skip: whyNoForge() }, () => {
  const open = named("open.example", "*.open.example");
  const one = named("one.example", "*.one.example");
  const two = named("two.example");
  const also = named("also-one.example");
  const config = tls(certificate(open), certificate(one, CA_ONE), certificate(two, CA_TWO), certificate(also, { ...CA_ONE }));
  const identities = new ServerIdentities(whyNoForge() ? tls() : config);

  function covers(serverName: string, host: string): boolean {
    return identities.coversAuthority(identities.select(serverName), host);
  }

  it("covers the hosts of the same policy, and no other", () => {
    assert.equal(identities.hasClientAuth, true);
    assert.ok(covers("one.example", "one.example"));
    assert.ok(covers("one.example", "x.one.example"));
    assert.ok(covers("one.example", "also-one.example"));
    assert.ok(covers("", "open.example"));
    for (const host of ["one.example", "x.one.example", "two.example", "also-one.example"])
      assert.equal(covers("open.example", host), false, host);
    assert.equal(covers("two.example", "one.example"), false);
    assert.equal(covers("one.example", "open.example"), false);
  });

  it("is not widened by the spelling of Host", () => {
    for (const host of ["ONE.example", "one.example.", "one.example:443", "One.Example.:8443", "X.one.EXAMPLE:1"]) {
      assert.equal(covers("open.example", host), false, host);
      assert.equal(covers("one.example", host), true, host);
    }
  });

  it("treats addresses, unknown names and what is no host as the default's", () => {
    for (const host of ["127.0.0.1", "[::1]:443", "unknown.example", "x.y.one.example", "", "one.example/", "one.example, open.example"]) {
      assert.equal(identities.policyOf(host), "", host);
      assert.equal(covers("one.example", host), false, host);
      assert.equal(covers("", host), true, host);
    }
    const strict = new ServerIdentities(tls(certificate(one, CA_ONE), certificate(open)));
    for (const host of ["127.0.0.1", "[::1]", "unknown.example"]) {
      assert.equal(strict.coversAuthority(strict.select("open.example"), host), false, host);
      assert.equal(strict.coversAuthority(strict.select(""), host), true, host);
    }
  });

  it("ends when a reload changes whose certificates are good, and not when it changes the certificate alone", () => {
    const live = new ServerIdentities(config);
    const [handshake, plain] = [live.select("one.example"), live.select("")];
    const renewed = named("one.example");
    live.replace(tls(certificate(open), certificate(renewed, CA_ONE)));
    assert.equal(live.coversAuthority(handshake, "one.example"), true);
    live.replace(tls(certificate(open), certificate(renewed, { ...CA_ONE, crl: ["newer"] })));
    assert.equal(live.coversAuthority(handshake, "one.example"), false);
    assert.equal(live.coversAuthority(plain, "one.example"), false);
    live.replace(tls(certificate(open), certificate(renewed)));
    assert.equal(live.coversAuthority(handshake, "one.example"), true);
    live.replace(tls(certificate(open), certificate(renewed), certificate(two, CA_TWO)));
    assert.equal(live.coversAuthority(handshake, "one.example"), false);
    assert.equal(live.coversAuthority(plain, "one.example"), true);
  });

  it("covers everything on a listener that asks nobody for a certificate", () => {
    const free = new ServerIdentities(tls(certificate(open), certificate(one)));
    assert.equal(free.hasClientAuth, false);
    for (const host of ["one.example", "other", "", "[::1]"]) assert.ok(free.coversAuthority(free.select("open.example"), host));
    assert.ok(free.coversAuthority(null, "one.example"));
  });

  it("always says of a host what a handshake for it would have been held to", () => {
    const names = ["a.test", "b.test", "c.a.test", "*.a.test", "*.test"];
    const forged = new Map<string, Forged>();
    const certificateOf = (list: readonly string[]): Forged => {
      const key = list.join(",");
      const made = forged.get(key) ?? named(...list);
      forged.set(key, made);
      return made;
    };
    const rules = fc.constantFrom(null, CA_ONE, CA_TWO, { ...CA_ONE, mode: "optional" as const });
    const entry = fc.record({ list: fc.subarray(names, { minLength: 1, maxLength: 2 }), rules, isIssued: fc.boolean() });
    const host = fc.constantFrom("a.test", "b.test", "c.a.test", "d.a.test", "e.f.a.test", "z.test", "other", "127.0.0.1");
    fc.assert(
      fc.property(fc.array(entry, { minLength: 1, maxLength: 4 }), host, host, (entries, asked, meant) => {
        const listener = new ServerIdentities(
          tls(
            ...entries.map((each) => (each.isIssued ? certificate(certificateOf(each.list), each.rules) : unissued(each.list, each.rules))),
          ),
        );
        const [handshake, other] = [listener.select(asked), listener.select(meant)];
        if (handshake === null) return;
        if (other !== null) assert.equal(listener.policyOf(`${meant.toUpperCase()}:443`), other.clientAuth?.id ?? "");
        const isCovered = listener.coversAuthority(handshake, meant);
        // Whoever gets through by Host would have got through by SNI.
        if (other !== null) assert.equal(isCovered, (handshake.clientAuth?.id ?? "") === (other.clientAuth?.id ?? ""));
        assert.equal(listener.coversAuthority(handshake, asked), true);
        // Once everything is issued, the same is covered or less: nobody came in before the rules were there.
        const issued = new ServerIdentities(tls(...entries.map((each) => certificate(certificateOf(each.list), each.rules))));
        assert.equal(issued.policyOf(meant), listener.policyOf(meant));
      }),
      { numRuns: 300 },
    );
  });
});
