import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { importJWK, jwtVerify } from "jose";
import { isTokenProblem, readKey, readToken, type SigningKey, signToken, verifySignature } from "./index.ts";

const pairs = {
  EdDSA: generateKeyPairSync("ed25519"),
  ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }),
} as const;

const CLAIMS = { iss: "gateway", sub: "josé", roles: ["a"] };

describe("a token that is signed", () => {
  for (const algorithm of ["EdDSA", "ES256"] as const) {
    const { privateKey, publicKey } = pairs[algorithm];
    const key: SigningKey = { kid: "k", algorithm, object: privateKey };
    const jwk = publicKey.export({ format: "jwk" }) as Record<string, string>;

    it(`with ${algorithm} is read and verified`, () => {
      const token = readToken(signToken(CLAIMS, { type: "at+jwt" }, key));
      const publicOne = readKey(jwk);
      assert.ok(!isTokenProblem(token) && !isTokenProblem(publicOne));
      assert.ok(verifySignature(token, publicOne));
      assert.deepEqual(token.claims, CLAIMS);
      assert.deepEqual([token.algorithm, token.kid, token.type], [algorithm, "k", "at+jwt"]);
    });

    it(`with ${algorithm} is taken by another library`, async () => {
      const { payload } = await jwtVerify(signToken(CLAIMS, { type: "at+jwt" }, key), await importJWK(jwk, algorithm), { typ: "at+jwt" });
      assert.deepEqual(payload, CLAIMS);
    });
  }

  it("is not signed with a key of another algorithm", () => {
    const p384 = generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey;
    for (const [algorithm, object] of [
      ["EdDSA", pairs.ES256.privateKey],
      ["ES256", pairs.EdDSA.privateKey],
      ["ES256", p384],
    ] as const) {
      assert.throws(() => signToken(CLAIMS, { type: "jwt" }, { kid: "k", algorithm, object }), /signs with/);
    }
  });
});
