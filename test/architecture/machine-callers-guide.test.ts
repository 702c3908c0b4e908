// Every configuration in the guide to machine callers loads as it is printed, with keys and hashes that are made here.

import assert from "node:assert/strict";
import { generateKeyPairSync, randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { type ConfigHost, formatIssues, parseConfig, systemConfigHost } from "../../src/config/index.ts";
import { ROOT } from "./source-files.ts";

const FOLDER = "/etc/sallyport";
const encode = (bytes: number) => randomBytes(bytes).toString("base64").replace(/=+$/, "");
const FILES = new Map([
  [`${FOLDER}/keys/shop.pem`, String(generateKeyPairSync("ed25519").publicKey.export({ type: "spki", format: "pem" }))],
  ["/run/secrets/nightly.hash", `$scrypt$ln=15,r=8,p=3$${encode(16)}$${encode(32)}`],
]);
const HOST: ConfigHost = {
  ...systemConfigHost(),
  env: { BANK_SECRET: encode(32) },
  nowMs: Date.UTC(2026, 0, 1),
  lastGood: null,
  readFile: (path) => Buffer.from(FILES.get(path) ?? "-----BEGIN CERTIFICATE-----"),
};

describe("the guide to machine callers", () => {
  const page = readFileSync(join(ROOT, "docs/guides/machine-callers.md"), "utf8");
  const shown = [...page.matchAll(/^## (.*)$[\s\S]*?^```yaml\n([\s\S]*?)^```$/gm)];

  it("shows each kind of identity", () => assert.equal(shown.length, 4));

  for (const [, title = "", text = ""] of shown) {
    it(`shows what loads: ${title}`, () => {
      const { config, issues } = parseConfig(text, `${FOLDER}/gateway.yaml`, HOST);
      assert.ok(config !== null && issues.length === 0, formatIssues(issues, { colour: false }));
      assert.equal(config.identities[0]?.kind, title.split(": ")[1]);
    });
  }
});
