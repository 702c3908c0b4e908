// Vectors of others: the cookbook of RFC 7520, RFC 8037, RFC 7797 and Wycheproof. The data is read from beside the project and never copied
// into it. What is valid there and refused here is in the tables, with the reason.

import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { isTokenProblem, type ProblemReason, readJws, readKey, verifySignature } from "./index.ts";

const DATA = new URL("../../../shared/data/jose/", import.meta.url);
const skip = existsSync(DATA) ? false : "SKIPPED: ../shared/data/jose is not there";

type Jwk = Readonly<Record<string, unknown>>;

const load = (path: string): unknown => JSON.parse(readFileSync(new URL(path, DATA), "utf8"));
const PRIVATE = new Set(["d", "p", "q", "dp", "dq", "qi", "oth", "k"]);
const toPublic = (jwk: Jwk): Jwk => Object.fromEntries(Object.entries(jwk).filter(([name]) => !PRIVATE.has(name)));

function judge(text: string, jwk: Jwk): ProblemReason | "good" {
  const token = readJws(text);
  if (isTokenProblem(token)) return token.reason;
  const key = readKey(jwk);
  if (isTokenProblem(key) || !key.algorithms.includes(token.algorithm)) return "key";
  return verifySignature(token, key) ? "good" : "signature";
}

// ── RFC 7520 and RFC 8037 ────────────────────────────────────────────────────────────────────────────────────────────

interface CookbookCase {
  readonly input: { readonly key: Jwk | readonly Jwk[]; readonly alg?: string | readonly string[] };
  readonly output: { readonly compact?: string; readonly json?: unknown; readonly json_flat?: unknown };
}

/** Of the compact form; null: there is none, and the JSON forms alone are tried. */
const COOKBOOK: Readonly<Record<string, ProblemReason | "good" | null>> = {
  "jws/4_1.rsa_v15_signature.json": "good",
  "jws/4_2.rsa-pss_signature.json": "good",
  "jws/4_3.ecdsa_signature.json": "good",
  // A shared secret: whoever verifies could forge.
  "jws/4_4.hmac-sha2_integrity_protection.json": "algorithm",
  // HMAC, and a payload that is somewhere else.
  "jws/4_5.signature_with_detached_content.json": "algorithm",
  "jws/4_6.protecting_specific_header_fields.json": null,
  "jws/4_7.protecting_content_only.json": null,
  "jws/4_8.multiple_signatures.json": null,
  "curve25519/jws.json": "good",
  "rfc7797/4.2.hmac-sha2_b64_false.json": null,
  // Its payload is not base64url.
  "rfc7797/hmac-sha2_b64_false.json": "malformed",
};

describe("the JWS of RFC 7520, RFC 8037 and RFC 7797", () => {
  it("are all in the table", { skip }, () => {
    const found = ["jws", "rfc7797"].flatMap((folder) => readdirSync(new URL(folder, DATA)).map((file) => `${folder}/${file}`));
    assert.deepEqual([...found, "curve25519/jws.json"].sort(), Object.keys(COOKBOOK).sort());
  });

  for (const [path, expected] of Object.entries(COOKBOOK)) {
    it(`${path} is ${expected ?? "no compact token"}`, { skip }, () => {
      const { input, output } = load(path) as CookbookCase;
      const key = [input.key].flat()[0] as Jwk;
      assert.equal(output.compact === undefined, expected === null);
      if (output.compact !== undefined) assert.equal(judge(output.compact, toPublic(key)), expected);
      // RFC 7515 7.2: the JSON forms are no tokens.
      for (const form of [output.json, output.json_flat]) {
        if (form !== undefined) assert.equal(judge(JSON.stringify(form), toPublic(key)), "malformed");
      }
    });
  }
});

// ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

const KEYS: Readonly<Record<string, readonly string[]>> = {
  "3_1.ec_public_key.json": ["ES512"],
  "3_2.ec_private_key.json": [],
  "3_3.rsa_public_key.json": ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512"],
  "3_4.rsa_private_key.json": [],
  "3_5.symmetric_key_mac_computation.json": [],
  "3_6.symmetric_key_encryption.json": [],
};

describe("the keys of RFC 7520", () => {
  it("are all in the table", { skip }, () => {
    assert.deepEqual(readdirSync(new URL("jwk", DATA)).sort(), Object.keys(KEYS).sort());
  });

  for (const [path, algorithms] of Object.entries(KEYS)) {
    it(`${path} verifies ${algorithms.join(", ") || "nothing: it shows private or symmetric parts"}`, { skip }, () => {
      const key = readKey(load(`jwk/${path}`));
      assert.deepEqual(isTokenProblem(key) ? [] : key.algorithms, algorithms);
      if (isTokenProblem(key)) assert.match(key.detail, /private or symmetric/);
    });
  }

  it("do not come from the key agreement of RFC 8037", { skip }, () => {
    const { input } = load("curve25519/ecdh-es.json") as CookbookCase;
    const key = readKey(toPublic(input.key as Jwk));
    assert.ok(isTokenProblem(key));
  });
});

// ── Wycheproof ───────────────────────────────────────────────────────────────────────────────────────────────────────

interface WycheproofGroup {
  readonly comment: string;
  readonly private?: Jwk;
  readonly public?: Jwk;
  readonly tests: readonly { readonly tcId: number; readonly comment: string; readonly jws: unknown; readonly result: string }[];
}

/** Valid there, refused here: what comes of them, and why. */
function exception(group: WycheproofGroup, comment: string): ProblemReason | null {
  // Groups without a public key are HMAC.
  if (group.public === undefined) return "algorithm";
  // Their keys are for ES521, which is no algorithm (RFC 7518 3.1 has ES512), and for PS256 while the token is of PS384: a key of another
  // algorithm verifies nothing.
  return comment === "Figure27" || comment === "Figure20" ? "key" : null;
}

describe("Wycheproof's JSON web signatures", () => {
  const groups =
    skip === false ? (load("wycheproof_json_web_signature.json") as { testGroups: readonly WycheproofGroup[] }).testGroups : [];

  it("are 401", { skip }, () => assert.equal(groups.flatMap(({ tests }) => tests).length, 401));

  for (const group of groups) {
    const { use, key_ops: operations, crv } = group.public ?? {};
    it(`${group.comment} ${[use, operations, crv].filter((each) => each !== undefined).join(" ")}: ${group.tests.length} cases`, () => {
      for (const { tcId, comment, jws, result } of group.tests) {
        const text = typeof jws === "string" ? jws : JSON.stringify(jws);
        const outcome = judge(text, group.public ?? {});
        const name = `${tcId} ${comment}`;
        if (result !== "valid") assert.notEqual(outcome, "good", name);
        else if (exception(group, comment) === null) assert.equal(outcome, "good", name);
        // HMAC cases that hold letters outside of the alphabet, which that table lets be skipped, are no base64url here.
        else
          assert.ok(
            outcome === exception(group, comment) || (outcome === "malformed" && comment.includes("InvalidCharacter")),
            `${name}: ${outcome}`,
          );
      }
    });
  }

  it("fail with the key of each group's neighbour", { skip }, () => {
    const own = groups.filter((group) => group.public?.["kty"] === "RSA" && group.public["use"] !== "enc");
    for (const group of own) {
      const stranger = own.find((other) => other.public?.["n"] !== group.public?.["n"])?.public ?? {};
      const { alg: _, ...unbound } = stranger;
      for (const { jws, tcId } of group.tests) assert.notEqual(judge(String(jws), unbound), "good", `${tcId}`);
    }
  });
});
