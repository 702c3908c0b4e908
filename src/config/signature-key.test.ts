import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { checkSignatureKey, readSignatureKey } from "./signature-key.ts";

const pemOf = ({ publicKey }: { publicKey: { export(options: object): string | Buffer } }) =>
  String(publicKey.export({ type: "spki", format: "pem" }));
const ED25519 = pemOf(generateKeyPairSync("ed25519"));
const P256 = pemOf(generateKeyPairSync("ec", { namedCurve: "P-256" }));
const P384 = pemOf(generateKeyPairSync("ec", { namedCurve: "P-384" }));
const RSA = pemOf(generateKeyPairSync("rsa", { modulusLength: 2048 }));
const RSA_SHORT = pemOf(generateKeyPairSync("rsa", { modulusLength: 1024 }));
const PRIVATE = String(generateKeyPairSync("ed25519").privateKey.export({ type: "pkcs8", format: "pem" }));

describe("a key for signatures", () => {
  for (const [algorithm, what, text, why] of [
    ["ed25519", "an Ed25519 key", ED25519, null],
    ["ecdsa-p256-sha256", "a key on P-256", P256, null],
    ["rsa-pss-sha512", "an RSA key", RSA, null],
    ["hmac-sha256", "a secret of 32 bytes", "0123456789abcdef0123456789abcdef", null],
    ["hmac-sha256", "32 bytes in base64", `base64:${Buffer.alloc(32, 7).toString("base64")}`, null],
    ["hmac-sha256", "a secret of 31 bytes", "0123456789abcdef0123456789abcde", "it has 31 bytes, where 32 are the least"],
    ["hmac-sha256", "31 bytes in base64", `base64:${Buffer.alloc(31, 7).toString("base64")}`, "it has 31 bytes, where 32 are the least"],
    ["hmac-sha256", "what is no base64", "base64:%%%", "what stands behind `base64:` is no base64"],
    ["hmac-sha256", "a public key", RSA, "it is PEM, and `hmac-sha256` takes a shared secret"],
    ["ed25519", "a secret", "0123456789abcdef0123456789abcdef", "it is no PEM of a public key"],
    ["ed25519", "a private key", PRIVATE, "it is a private key: the gateway needs the public one alone"],
    ["ed25519", "an RSA key", RSA, "it is of the kind rsa, and `ed25519` takes that alone"],
    ["ecdsa-p256-sha256", "a key on P-384", P384, "it is not on the curve P-256"],
    ["ecdsa-p256-sha256", "an Ed25519 key", ED25519, "it is not on the curve P-256"],
    ["rsa-pss-sha512", "a key on P-256", P256, "it is of the kind ec, and `rsa-pss-sha512` takes RSA"],
    ["rsa-pss-sha512", "an RSA key of 1024 bits", RSA_SHORT, "it has 1024 bits, where 2048 to 8192 will do"],
  ] as const) {
    it(`of ${algorithm} ${why === null ? "is" : "is not"} ${what}`, () => assert.equal(checkSignatureKey(algorithm, text), why));
  }

  it("cut anywhere is refused in words of ours", () => {
    for (let length = 0; length < ED25519.length - 10; length++) {
      assert.equal(typeof readSignatureKey("ed25519", ED25519.slice(0, length)), "string");
    }
  });
});
