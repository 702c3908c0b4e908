import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { runAtOnce, Secret } from "../base/index.ts";
import { createServerTls, type ListenerTlsInput, ServerIdentities } from "./index.ts";
import { type Forged, forge, whyNoForge } from "./testdata/certificate-forge.ts";

type CertificateInput = ListenerTlsInput["certificates"][number];

const CA_ONE = { mode: "required", ca: "CA one", crl: [] } as const;
const CA_TWO = { mode: "required", ca: "CA two", crl: [] } as const;

function certificate({ cert, key }: Forged, clientAuth: CertificateInput["clientAuth"] = null): CertificateInput {
  return { pair: { cert, key: new Secret(key) }, acme: null, clientAuth };
}

function unissued(names: readonly string[], clientAuth: CertificateInput["clientAuth"] = null): CertificateInput {
  return { pair: null, acme: { names }, clientAuth };
}

function tls(...certificates: CertificateInput[]): ListenerTlsInput {
  return { minVersion: "TLSv1.2", certificates };
}

function named(...names: string[]): Forged {
  return whyNoForge() ? { cert: "", key: "" } : forge({ extensions: `subjectAltName=${names.map((name) => `DNS:${name}`).join(",")}` });
}

describe("the identities of a listener", { skip: whyNoForge() }, () => {
  const [a, b, wild, standard] = [named("a.example"), named("b.example"), named("*.wild.example"), named("default.example")];

  it("answer for their names, and the first for all others", () => {
    const identities = new ServerIdentities(tls(certificate(standard), certificate(a), certificate(wild)));
    assert.equal(identities.select("a.example")?.cert, a.cert);
    assert.equal(identities.select("a.example")?.key, a.key);
    assert.equal(identities.select("x.wild.example")?.cert, wild.cert);
    for (const name of ["", "unknown.example", "127.0.0.1", "::1", "a.example\0"])
      assert.equal(identities.select(name)?.cert, standard.cert, name);
  });

  it("stay the same objects when a configuration comes again, in another order and with others", () => {
    const identities = new ServerIdentities(tls(certificate(a), certificate(b, CA_ONE)));
    const [before, beforeB] = [identities.select("a.example"), identities.select("b.example")];
    identities.replace(tls(certificate(standard), certificate(b, { ...CA_ONE, crl: [] }), certificate({ ...a })));
    assert.equal(identities.select("a.example"), before);
    assert.equal(identities.select("b.example"), beforeB);
    assert.notEqual(before, null);
  });

  it("are new objects when the key, the rules for clients or the lowest version are others", () => {
    const base = tls(certificate(a, CA_ONE));
    const identities = new ServerIdentities(base);
    const before = identities.select("");
    const renewed = forge({ extensions: "subjectAltName=DNS:a.example" });
    const changes = [
      tls(certificate({ ...a, cert: renewed.cert }, CA_ONE)),
      tls(certificate({ ...a, key: renewed.key }, CA_ONE)),
      tls(certificate(a)),
      tls(certificate(a, CA_TWO)),
      tls(certificate(a, { ...CA_ONE, mode: "optional" })),
      tls(certificate(a, { ...CA_ONE, crl: ["list"] })),
      { ...base, minVersion: "TLSv1.3" as const },
    ];
    const after = changes.map((config) => runAtOnce(identities.prepare(config)).select(""));
    assert.equal(new Set([before, ...after]).size, 1 + changes.length);
    assert.equal(runAtOnce(identities.prepare({ ...base })).select(""), before);
  });

  it("change between two handshakes, and not before commit", () => {
    const identities = new ServerIdentities(tls(certificate(a)));
    const listener = createServerTls(identities, ["h2", "http/1.1"]);
    assert.equal(listener.select("")?.cert, a.cert);
    const steps = identities.prepare({ ...tls(certificate(b)), minVersion: "TLSv1.3" });
    assert.equal(steps.next().done, false);
    const last = steps.next();
    assert.ok(last.done);
    assert.equal(listener.select("")?.cert, a.cert);
    assert.equal(listener.minVersion, "TLSv1.2");
    identities.commit(last.value);
    assert.equal(listener.select("")?.cert, b.cert);
    assert.equal(listener.minVersion, "TLSv1.3");
    assert.deepEqual(listener.protocols, ["h2", "http/1.1"]);
  });

  it("offer challenges only where there may be one", () => {
    const identities = new ServerIdentities(tls(certificate(a)));
    assert.equal(createServerTls(identities, []).selectChallenge, undefined);
    const challenge = { cert: "c", key: "k", clientAuth: null };
    const listener = createServerTls(identities, [], (name) => (name === "x.example" ? challenge : null));
    assert.equal(listener.selectChallenge?.("x.example"), challenge);
    assert.equal(listener.selectChallenge?.("y.example"), null);
    assert.equal(listener.select("x.example")?.cert, a.cert);
  });

  it("refuse unknown names while the default is not issued", () => {
    const identities = new ServerIdentities(tls(unissued(["www.example"]), certificate(a)));
    for (const name of ["", "www.example", "other.example"]) assert.equal(identities.select(name), null, name);
    assert.equal(identities.select("a.example")?.cert, a.cert);
    identities.replace(tls(unissued(["www.example", "x.wild.example"]), certificate(wild)));
    assert.equal(identities.select("x.wild.example")?.cert, wild.cert);
    for (const name of ["", "www.example", "other.example"]) assert.equal(identities.select(name), null, name);
  });

  it("let others answer for a name that is not issued, but only by the same rules for clients", () => {
    const identities = new ServerIdentities(
      tls(certificate(standard), unissued(["w.wild.example", "WWW.example"]), unissued(["secret.wild.example"], CA_ONE), certificate(wild)),
    );
    assert.equal(identities.select("w.wild.example")?.cert, wild.cert);
    assert.equal(identities.select("www.example")?.cert, standard.cert);
    assert.equal(identities.select("secret.wild.example"), null);
    assert.notEqual(identities.policyOf("secret.wild.example"), "");
    assert.equal(identities.coversAuthority(identities.select(""), "secret.wild.example"), false);
  });

  it("have no default and no policy without certificates", () => {
    const identities = new ServerIdentities(tls());
    assert.equal(identities.select("a.example"), null);
    assert.equal(identities.hasClientAuth, false);
    assert.equal(identities.policyOf("a.example"), "");
  });

  it("give a certificate that can't be read no name", () => {
    const identities = new ServerIdentities(tls(certificate(a), certificate({ cert: "junk", key: "junk" })));
    assert.equal(identities.select("junk")?.cert, a.cert);
  });
});

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
