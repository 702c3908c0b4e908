import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { runAtOnce } from "../base/index.ts";
import { createServerTls, ServerIdentities } from "./index.ts";
import { forge, whyNoForge } from "./testdata/certificate-forge.ts";
import { CA_ONE, CA_TWO, certificate, named, tls, unissued } from "./testdata/listener-tls.ts";

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
