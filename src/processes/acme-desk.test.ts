import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { FakeClock } from "../base/index.ts";
import type { GatewayConfig } from "../config/index.ts";
import { PairStore } from "../tls/acme/index.ts";
import { AcmeDesk } from "./acme-desk.ts";

const stateDir = mkdtempSync(join(tmpdir(), "sallyport-acme-"));
after(() => rmSync(stateDir, { recursive: true, force: true }));

const NAMES = ["www.example.com"];

function asking(directory: string): GatewayConfig {
  const acme = { directory, email: null, challenge: "http-01", ca: null, externalAccount: null, renewBeforeMs: 1 };
  const tls = { minVersion: "TLSv1.2", certificates: [{ pair: null, acme: { names: NAMES }, clientAuth: null }] };
  return { acme, gateway: { stateDir }, listeners: [{ name: "https", tls }], admin: null } as unknown as GatewayConfig;
}

function issue(directory: string, by: string): void {
  new PairStore(stateDir, directory).writePair(NAMES, {
    cert: `issued by ${by}`,
    key: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
  });
}

describe("the certificates that a configuration is dressed in", () => {
  it("are its own authority's, and those of the one before until that has issued", () => {
    const clock = new FakeClock();
    const desk = new AcmeDesk({ clock, random: () => 0, show: async () => {}, onIssued: () => {}, report: () => {} });
    const certOf = (config: GatewayConfig) => desk.dress(config).listeners[0]?.tls?.certificates[0]?.pair?.cert.trim();
    const [one, other] = [asking("https://one.example"), asking("https://other.example")];
    assert.equal(certOf(one), undefined);
    issue("https://one.example", "one");
    assert.equal(certOf(one), "issued by one");
    desk.want(one);
    assert.equal(certOf(other), "issued by one");
    issue("https://other.example", "other");
    assert.equal(certOf(other), "issued by other");
    desk.want(other);
    assert.equal(certOf(one), "issued by one");
    desk.close();
    assert.equal(clock.pendingCalls, 0);
  });
});
