// Contract: which cipher suites and key exchanges a listener agrees to, asked by the openssl command.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { certificates } from "./certificates.ts";
import { greet, type TlsRig } from "./tls-rig.ts";
import { serverTlsFor, toIdentity } from "./tls-subject.ts";

// OpenSSL's own level would keep some of these from being offered at all.
const TLS12 = ["-tls1_2", "-cipher"];

export function ciphersContract(rig: TlsRig): void {
  async function agreed(kind: "a" | "rsa", args: readonly string[]): Promise<string | null> {
    const server = await rig.listen(serverTlsFor(toIdentity(certificates().servers[kind])), greet);
    const { output } = await rig.sClient(server.address, ["-servername", "a.example", "-ign_eof", ...args]);
    const cipher = /^New, .*Cipher is (\S+)$/m.exec(output)?.[1];
    // A client that was refused says so, whatever its version of openssl calls what it has not got.
    assert.ok(cipher !== undefined, output);
    return cipher === "(NONE)" ? null : cipher;
  }

  describe("cipher suites", () => {
    for (const kind of ["a", "rsa"] as const) {
      const proof = kind === "a" ? "ECDSA" : "RSA";

      it(`of TLS 1.2 are AEAD with an ephemeral key, ours first (${proof})`, async () => {
        const offered = `ECDHE-${proof}-AES256-GCM-SHA384:ECDHE-${proof}-AES128-GCM-SHA256:ECDHE-${proof}-AES128-SHA`;
        assert.equal(await agreed(kind, [...TLS12, offered]), `ECDHE-${proof}-AES128-GCM-SHA256`);
        assert.equal(await agreed(kind, [...TLS12, `ECDHE-${proof}-AES256-GCM-SHA384`]), `ECDHE-${proof}-AES256-GCM-SHA384`);
      });

      it(`are none of CBC (${proof})`, async () => {
        const cbc = ["AES128-SHA", "AES256-SHA", "AES128-SHA256", "AES256-SHA384"].map((suite) => `ECDHE-${proof}-${suite}`);
        assert.equal(await agreed(kind, [...TLS12, `${cbc.join(":")}:@SECLEVEL=0`]), null);
      });
    }

    it("are none without an ephemeral key", async () => {
      assert.equal(await agreed("rsa", [...TLS12, "AES128-GCM-SHA256:AES256-GCM-SHA384:AES128-SHA:AES256-SHA:@SECLEVEL=0"]), null);
    });

    it("are AES for clients that prefer it, ChaCha20 for those that prefer that", async () => {
      const order = (...suites: string[]): string[] => ["-tls1_3", "-ciphersuites", suites.join(":")];
      assert.match(
        (await agreed("a", order("TLS_AES_256_GCM_SHA384", "TLS_AES_128_GCM_SHA256", "TLS_CHACHA20_POLY1305_SHA256"))) ?? "",
        /^TLS_AES_/,
      );
      assert.equal(await agreed("a", order("TLS_CHACHA20_POLY1305_SHA256")), "TLS_CHACHA20_POLY1305_SHA256");
      const chacha = "ECDHE-ECDSA-CHACHA20-POLY1305";
      assert.equal(await agreed("a", [...TLS12, chacha]), chacha);
    });
  });

  describe("key exchanges", () => {
    // RSA, as in TLS 1.2 a certificate of P-256 is for clients alone that know P-256.
    for (const version of ["-tls1_2", "-tls1_3"]) {
      it(`are X25519, P-256 and P-384, and none that costs more (${version})`, async () => {
        for (const group of ["X25519", "P-256", "P-384"]) assert.notEqual(await agreed("rsa", [version, "-groups", group]), null, group);
        for (const group of ["P-521", "X448"]) assert.equal(await agreed("rsa", [version, "-groups", group]), null, group);
      });
    }

    it("are none of finite fields", async () => {
      assert.equal(await agreed("a", ["-tls1_3", "-groups", "ffdhe2048"]), null);
      assert.equal(await agreed("rsa", [...TLS12, "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"]), null);
    });
  });
}
