import assert from "node:assert/strict";
import { createPublicKey } from "node:crypto";
import { describe, it } from "node:test";
import { AttackKit } from "../../test/tokens/attack-kit.ts";
import { isTokenProblem, readKey, readToken, type TokenKey, type UnverifiedToken, verifySignature } from "./index.ts";

const kit = new AttackKit(Date.UTC(2026, 5, 1));

function keyOf(algorithm: string, bound?: string): TokenKey {
  const key = readKey({ ...kit.pairOf(algorithm).jwk, ...(bound === undefined ? {} : { alg: bound }) });
  assert.ok(!isTokenProblem(key));
  return key;
}

function tokenOf(alg: string): UnverifiedToken {
  const token = readToken(kit.forge({ header: { alg }, signer: kit.signerOf(alg) }));
  assert.ok(!isTokenProblem(token));
  return token;
}

const ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"];

describe("a signature", () => {
  it("is good with its key, and with no other", () => {
    for (const algorithm of ALGORITHMS) {
      for (const other of ALGORITHMS) {
        const isOwn = kit.pairOf(algorithm) === kit.pairOf(other);
        assert.equal(verifySignature(tokenOf(algorithm), keyOf(other)), isOwn, `${algorithm} with the key of ${other}`);
      }
    }
  });

  it("is none with a key that is bound to another algorithm, though it would verify", () => {
    assert.ok(verifySignature(tokenOf("RS256"), keyOf("RS256", "RS256")));
    assert.ok(!verifySignature(tokenOf("RS256"), keyOf("RS256", "RS512")));
    assert.ok(!verifySignature(tokenOf("PS256"), keyOf("PS256", "RS256")));
    assert.ok(!verifySignature(tokenOf("ES256"), { ...keyOf("ES256"), algorithms: [] }));
  });

  it("is none of another length than the key's are", () => {
    for (const algorithm of ALGORITHMS) {
      const key = keyOf(algorithm);
      assert.ok(!verifySignature(tokenOf(algorithm), { ...key, signatureBytes: key.signatureBytes + 1 }));
    }
  });

  it("is none with any bit changed", () => {
    const token = tokenOf("ES256");
    const key = keyOf("ES256");
    for (let bit = 0; bit < 512; bit++) {
      const signature = Buffer.from(token.signature);
      signature[bit >> 3] = signature[bit >> 3]! ^ (1 << (bit & 7));
      assert.ok(!verifySignature({ ...token, signature }, key), `${bit}`);
    }
  });

  it("is none, and nothing is thrown, where the runtime can't use the key so", () => {
    const object = createPublicKey({ format: "jwk", key: kit.ed25519.jwk });
    for (const algorithm of ALGORITHMS.slice(0, 9)) {
      const token = tokenOf(algorithm);
      const key: TokenKey = { kid: null, algorithms: [token.algorithm], object, thumbprint: "", signatureBytes: token.signature.length };
      assert.equal(verifySignature(token, key), false, algorithm);
    }
  });
});
