import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import { isTokenProblem, type KeySet, readKey, readKeySet, type TokenKey } from "./index.ts";

type Jwk = Readonly<Record<string, unknown>>;

const rsaOf = (modulusLength: number): Jwk => generateKeyPairSync("rsa", { modulusLength }).publicKey.export({ format: "jwk" }) as Jwk;
const ecOf = (namedCurve: string): Jwk => generateKeyPairSync("ec", { namedCurve }).publicKey.export({ format: "jwk" }) as Jwk;

const RSA = rsaOf(2048);
const P256 = ecOf("P-256");
const P384 = ecOf("P-384");
const P521 = ecOf("P-521");
const ED = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }) as Jwk;

function keyOf(jwk: unknown): TokenKey {
  const key = readKey(jwk);
  assert.ok(!isTokenProblem(key), (key as { detail: string }).detail);
  return key;
}

function assertRefused(jwk: unknown, detail: RegExp): void {
  const key = readKey(jwk);
  assert.ok(isTokenProblem(key));
  assert.equal(key.reason, "key");
  assert.match(key.detail, detail);
}

function setOf(...keys: readonly unknown[]): KeySet {
  const set = readKeySet(JSON.stringify({ keys }));
  assert.ok(!isTokenProblem(set));
  return set;
}

const bytesOf = (member: unknown): Buffer => Buffer.from(member as string, "base64url");
const changed = (member: unknown, change: (bytes: Buffer) => void): string => {
  const bytes = bytesOf(member);
  change(bytes);
  return bytes.toString("base64url");
};

describe("a key", () => {
  it("is bound to the algorithms of its type and curve", () => {
    assert.deepEqual(keyOf(RSA).algorithms, ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"]);
    assert.deepEqual(keyOf(P256).algorithms, ["ES256"]);
    assert.deepEqual(keyOf(P384).algorithms, ["ES384"]);
    assert.deepEqual(keyOf(P521).algorithms, ["ES512"]);
    assert.deepEqual(keyOf(ED).algorithms, ["EdDSA"]);
    assert.deepEqual(
      [RSA, P256, P384, P521, ED].map((jwk) => keyOf(jwk).signatureBytes),
      [256, 64, 96, 132, 64],
    );
  });

  it("is bound to its own alg, which must be one of those", () => {
    assert.deepEqual(keyOf({ ...RSA, alg: "PS384" }).algorithms, ["PS384"]);
    for (const alg of ["ES256", "RSA-OAEP", "rs256", "none", "", null, 5, ["RS256"]]) assertRefused({ ...RSA, alg }, /its alg/);
    assertRefused({ ...P256, alg: "ES384" }, /its alg/);
  });

  it("is for signatures, by use and key_ops", () => {
    keyOf({ ...P256, use: "sig", key_ops: ["verify"] });
    for (const use of ["enc", "", "SIG", null, 1]) assertRefused({ ...P256, use }, /its use/);
    for (const key_ops of [[], ["sign"], ["verify", "verify"], "verify", null, { 0: "verify" }])
      assertRefused({ ...P256, key_ops }, /its key_ops/);
  });

  it("shows nothing private, whatever its type", () => {
    for (const name of ["d", "p", "q", "dp", "dq", "qi", "oth", "k"]) {
      for (const jwk of [RSA, P256, ED]) assertRefused({ ...jwk, [name]: "AAAA" }, /private or symmetric/);
    }
    assertRefused({ kty: "oct", k: "AAAA" }, /private or symmetric/);
  });

  it("is of a type and curve that sign", () => {
    for (const kty of ["oct", "rsa", "EC2", "", null, 1, undefined, "__proto__"]) assertRefused({ ...RSA, kty }, /kty and crv/);
    for (const crv of ["P-192", "secp256k1", "X25519", "Ed25519", "p-256", "constructor", null, undefined])
      assertRefused({ ...P256, crv }, /kty and crv/);
    assertRefused({ ...ED, crv: "P-256" }, /kty and crv/);
    assertRefused({ ...ED, crv: "X25519" }, /kty and crv/);
  });

  it("of RSA has 2048 to 8192 bits", () => {
    assertRefused(rsaOf(1024), /fewer than 2048/);
    const modulus = (bytes: number, first = 0xff): string =>
      Buffer.concat([Buffer.of(first), Buffer.alloc(bytes - 1, 0xff)]).toString("base64url");
    assertRefused({ ...RSA, n: modulus(256, 0x7f) }, /fewer than 2048/);
    assert.equal(keyOf({ ...RSA, n: modulus(1024) }).signatureBytes, 1024);
    assertRefused({ ...RSA, n: modulus(1025, 1) }, /more than 8192/);
    assertRefused({ ...RSA, n: "AQ" }, /fewer than 2048/);
    assert.equal(keyOf({ ...RSA, n: modulus(257, 1) }).signatureBytes, 257);
  });

  it("of RSA has an odd modulus and an odd exponent from 65537 on", () => {
    assertRefused({ ...RSA, n: changed(RSA["n"], (bytes) => bytes.writeUInt8(bytes.at(-1)! & 0xfe, bytes.length - 1)) }, /modulus is even/);
    const exponent = (value: number): string => {
      const text = value.toString(16);
      return Buffer.from(text.padStart(text.length + (text.length % 2), "0"), "hex").toString("base64url");
    };
    for (const value of [1, 2, 3, 17, 257, 65_535, 65_536, 65_538, 2 ** 32 + 1]) assertRefused({ ...RSA, e: exponent(value) }, /exponent/);
    for (const value of [65_537, 65_539, 2 ** 31 + 11]) keyOf({ ...RSA, e: exponent(value) });
  });

  it("of RSA has integers in their one spelling", () => {
    for (const e of ["AAEAAQ", "AQAB=", "AQ AB", "", "AQA", 65_537, null, undefined])
      assertRefused({ ...RSA, e }, /leading zeros|exponent/);
    assertRefused({ ...RSA, n: Buffer.concat([Buffer.alloc(1), bytesOf(RSA["n"])]).toString("base64url") }, /leading zeros/);
    assertRefused({ ...RSA, n: bytesOf(RSA["n"]).toString("base64") }, /leading zeros/);
  });

  it("of a curve is a point of it, with whole coordinates", () => {
    for (const jwk of [P256, P384, P521]) {
      assertRefused({ ...jwk, y: changed(jwk["y"], (bytes) => bytes.writeUInt8(bytes.at(-1)! ^ 1, bytes.length - 1)) }, /not on its curve/);
      assertRefused(
        { ...jwk, x: changed(jwk["x"], (bytes) => bytes.fill(0)), y: changed(jwk["y"], (bytes) => bytes.fill(0)) },
        /not on its curve/,
      );
      assertRefused({ ...jwk, x: changed(jwk["x"], (bytes) => bytes.fill(255)) }, /not on its curve/);
      assertRefused({ ...jwk, x: bytesOf(jwk["x"]).subarray(1).toString("base64url") }, /a coordinate/);
      assertRefused({ ...jwk, x: Buffer.concat([Buffer.alloc(1), bytesOf(jwk["x"])]).toString("base64url") }, /a coordinate/);
      for (const y of [undefined, "", 1, `${String(jwk["y"])}=`]) assertRefused({ ...jwk, y }, /a coordinate/);
    }
    assertRefused({ ...P256, crv: "P-384" }, /a coordinate/);
  });

  it("of Ed25519 is no point of small order, in any of their spellings", () => {
    const points = ["00".repeat(32), `01${"00".repeat(31)}`, `${"00".repeat(31)}80`, `ec${"ff".repeat(30)}7f`, `ed${"ff".repeat(31)}`];
    points.push(
      "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
      "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    );
    for (const point of points) assertRefused({ ...ED, x: Buffer.from(point, "hex").toString("base64url") }, /small order/);
    assertRefused({ ...ED, x: bytesOf(ED["x"]).subarray(1).toString("base64url") }, /a coordinate/);
  });

  it("has a kid that is text, or none", () => {
    assert.equal(keyOf(P256).kid, null);
    assert.equal(keyOf({ ...P256, kid: "" }).kid, "");
    for (const kid of [1, null, ["a"], "k".repeat(1025)]) assertRefused({ ...P256, kid }, /its kid/);
  });

  it("has the thumbprint of RFC 7638", () => {
    const n =
      "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw";
    assert.equal(
      keyOf({ kty: "RSA", n, e: "AQAB", alg: "RS256", kid: "2011-04-29" }).thumbprint,
      "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
    );
  });

  it("is no text, list or null, and reading never throws", () => {
    for (const jwk of [null, undefined, 1, "key", [], [RSA], {}, Object.create(null)]) assertRefused(jwk, /./);
  });
});

describe("a key set", () => {
  it("leaves out what it can't use, with a reason, and keeps the others", () => {
    const set = setOf(
      { ...RSA, kid: "a" },
      { ...P256, kid: "b", use: "enc" },
      "text",
      { ...ED, kid: "c" },
      { kty: "oct", kid: "d", k: "AAAA" },
    );
    assert.deepEqual(
      set.keys.map(({ kid }) => kid),
      ["a", "c"],
    );
    assert.deepEqual(
      set.skipped.map(({ kid }) => kid),
      ["b", null, "d"],
    );
    assert.match(set.skipped[0]!.reason, /use/);
  });

  it("has neither of two keys of one name that could verify the same tokens", () => {
    const set = setOf({ ...P256, kid: "a" }, { ...ecOf("P-256"), kid: "a" }, { ...P384, kid: "b" });
    assert.deepEqual(
      set.keys.map(({ kid }) => kid),
      ["b"],
    );
    assert.deepEqual(
      set.skipped.map(({ kid }) => kid),
      ["a", "a"],
    );
  });

  it("has both keys of one name that are for other algorithms, and all without a name", () => {
    assert.equal(setOf({ ...P256, kid: "a" }, { ...RSA, kid: "a" }).keys.length, 2);
    assert.equal(setOf({ ...RSA, kid: "a", alg: "RS256" }, { ...rsaOf(2048), kid: "a", alg: "PS256" }).keys.length, 2);
    assert.equal(setOf(P256, ecOf("P-256")).keys.length, 2);
  });

  it("has a key once that stands in it twice, for the algorithms of both", () => {
    const set = setOf({ ...RSA, kid: "a", alg: "RS256" }, { ...RSA, kid: "a", alg: "PS256" }, { ...RSA, kid: "a", alg: "RS256" });
    assert.equal(set.keys.length, 1);
    assert.deepEqual(set.keys[0]!.algorithms, ["RS256", "PS256"]);
    assert.deepEqual(set.skipped, []);
  });

  it("is bounded, in text and in keys", () => {
    const many = (count: number): string => JSON.stringify({ keys: Array.from({ length: count }, (_, i) => ({ ...ED, kid: `${i}` })) });
    assert.ok(!isTokenProblem(readKeySet(many(100))));
    assert.ok(isTokenProblem(readKeySet(many(101))));
    assert.ok(isTokenProblem(readKeySet(`${many(1)}${" ".repeat(600_000)}`)));
  });

  it("is a JSON object with a list of keys, in which nothing stands twice, at each cut", () => {
    const text = JSON.stringify({ keys: [{ ...ED, kid: "a" }] });
    for (let at = 0; at < text.length; at++) assert.ok(isTokenProblem(readKeySet(text.slice(0, at))), `${at}`);
    for (const bad of [
      "",
      "[]",
      "null",
      "{}",
      '{"keys":{}}',
      '{"keys":null}',
      '{"keys":[],"keys":[]}',
      '{"keys":[{"kty":"EC","kty":"RSA"}]}',
    ]) {
      const problem = readKeySet(bad);
      assert.ok(isTokenProblem(problem), bad);
      assert.equal(problem.reason, "key");
    }
    assert.deepEqual(readKeySet('{"keys":[]}'), { keys: [], skipped: [] });
  });
});
