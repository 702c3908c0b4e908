import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type CertificateState, type CertifiedConfig, ExpiryWatch, listCertificates } from "./index.ts";
import { forge, whyNoForge } from "./testdata/certificate-forge.ts";

const DAY = 86_400_000;

function state(notAfterMs: number | null, more: Partial<CertificateState> = {}): CertificateState {
  const notAfter = notAfterMs === null ? null : new Date(notAfterMs).toISOString();
  return { usedBy: "listener https", names: ["a.example"], notAfterMs, notAfter, fingerprint: "f1", isRenewed: false, ...more };
}

describe("the list of certificates", { skip: whyNoForge() }, () => {
  it("says of each who uses it, its names, its end and its fingerprint, in the order of the configuration", () => {
    const server = forge({ extensions: "subjectAltName=DNS:a.example,IP:10.0.0.1" });
    const client = forge({ subject: "/CN=gateway" });
    const config: CertifiedConfig = {
      admin: { tls: { certificates: [{ pair: server, acme: null }] } },
      listeners: [
        { name: "http", tls: null },
        {
          name: "https",
          tls: {
            certificates: [
              { pair: server, acme: null },
              { pair: null, acme: { names: ["www.example"] } },
              { pair: server, acme: { names: ["a.example"] } },
              { pair: { cert: "junk" }, acme: null },
            ],
          },
        },
      ],
      upstreams: [
        { name: "plain", tls: null },
        { name: "shy", tls: { identity: null } },
        { name: "orders", tls: { identity: client } },
      ],
    };
    const facts = ({ cert }: { cert: string }) => {
      const x509 = new X509Certificate(cert);
      const notAfterMs = Date.parse(x509.validTo);
      const fingerprint = x509.fingerprint256.replaceAll(":", "").toLowerCase();
      return { notAfterMs, notAfter: new Date(notAfterMs).toISOString(), fingerprint };
    };
    const names = ["a.example", "10.0.0.1"];
    assert.deepEqual(listCertificates(config), [
      { usedBy: "listener https", names, ...facts(server), isRenewed: false },
      { usedBy: "listener https", names: ["www.example"], notAfterMs: null, notAfter: null, fingerprint: "", isRenewed: true },
      { usedBy: "listener https", names, ...facts(server), isRenewed: true },
      { usedBy: "upstream orders", names: [], ...facts(client), isRenewed: false },
      { usedBy: "admin", names, ...facts(server), isRenewed: false },
    ]);
    assert.deepEqual(listCertificates({ admin: null, listeners: [], upstreams: [] }), []);
  });
});

describe("the watch over what expires", () => {
  const end = Date.UTC(2030, 0, 1);

  it("speaks 30 days, 7 days and a day before the end, and at the end, once each", () => {
    const watch = new ExpiryWatch();
    const said: string[] = [];
    for (let at = end - 40 * DAY; at <= end + 5 * DAY; at += DAY / 4)
      for (const { message } of watch.check([state(end)], at)) said.push(`${(end - at) / DAY}: ${message}`);
    const who = "the certificate of listener https for a.example";
    assert.deepEqual(said, [
      `30: ${who} expires in 30 days, at 2030-01-01T00:00:00.000Z`,
      `7: ${who} expires in 7 days, at 2030-01-01T00:00:00.000Z`,
      `1: ${who} expires in less than two days, at 2030-01-01T00:00:00.000Z`,
      `0: ${who} expired at 2030-01-01T00:00:00.000Z`,
    ]);
  });

  it("says only the last of several that passed while nobody looked", () => {
    const watch = new ExpiryWatch();
    assert.deepEqual(
      watch.check([state(end)], end - 3 * DAY).map(({ daysLeft, isExpired }) => [daysLeft, isExpired]),
      [[3, false]],
    );
    assert.deepEqual(
      watch.check([state(end)], end + DAY).map(({ daysLeft, isExpired }) => [daysLeft, isExpired]),
      [[0, true]],
    );
  });

  it("leaves the 30 days out where the gateway renews by itself, and what is not issued", () => {
    const watch = new ExpiryWatch();
    assert.deepEqual(watch.check([state(end, { isRenewed: true }), state(null)], end - 20 * DAY), []);
    assert.equal(watch.check([state(end, { isRenewed: true })], end - 6 * DAY).length, 1);
  });

  it("begins anew with a renewed certificate, and forgets the one before", () => {
    const watch = new ExpiryWatch();
    assert.equal(watch.check([state(end)], end - DAY).length, 1);
    const renewed = state(end + 5 * DAY, { fingerprint: "f2" });
    assert.equal(watch.check([renewed], end - DAY).length, 1);
    assert.equal(watch.check([state(end)], end - DAY).length, 1);
  });

  it("says a certificate that stands twice once, for each who uses it", () => {
    const watch = new ExpiryWatch();
    assert.equal(watch.check([state(end), state(end), state(end, { usedBy: "admin" })], end).length, 2);
  });

  it("repeats nothing when the clock goes back", () => {
    const watch = new ExpiryWatch();
    watch.check([state(end)], end);
    assert.deepEqual(watch.check([state(end)], end - 10 * DAY), []);
    assert.deepEqual(watch.check([state(end)], end), []);
  });

  it("never says more than four things of one certificate, whenever it looks", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -50, max: 10 }), { maxLength: 30 }), (days) => {
        const watch = new ExpiryWatch();
        const count = days.sort((a, b) => a - b).flatMap((day) => watch.check([state(end)], end + day * DAY)).length;
        const reached = [30, 7, 1, 0].filter((threshold) => days.some((day) => -day <= threshold)).length;
        assert.ok(count <= reached && (reached === 0 || count > 0));
      }),
    );
  });
});
