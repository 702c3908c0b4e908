import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type AttackCase, listAttacks } from "../../test/tokens/attack-cases.ts";
import { AttackKit } from "../../test/tokens/attack-kit.ts";
import { isTokenProblem, judgeClaims, judgeType, readKeySet, readToken, type TokenKey, verifySignature } from "./index.ts";

const kit = new AttackKit(Date.UTC(2026, 5, 1));
const rules = { issuer: kit.issuer, audiences: [kit.audience], clockSkewMs: 60_000, requireExpiry: true, required: ["sub", "tenant"] };

const set = readKeySet(kit.keySetText);
assert.ok(!isTokenProblem(set));
const keys = set.keys;

/** As those who take tokens go about it. */
function judge(text: string, known: readonly TokenKey[]): AttackCase["expected"] {
  const token = readToken(text);
  if (isTokenProblem(token)) return token.reason;
  if (token.issuer !== kit.issuer) return "issuer";
  const candidates = known.filter(
    ({ kid, algorithms }) => (token.kid === null || kid === token.kid) && algorithms.includes(token.algorithm),
  );
  if (candidates.length === 0) return "key";
  if (!candidates.some((key) => verifySignature(token, key))) return "signature";
  return (judgeType(token.type, null) ?? judgeClaims(token.claims, rules, kit.nowMs))?.reason ?? "good";
}

describe("the attack table", () => {
  const cases = listAttacks(kit);

  it("has at least 150 cases, each with a name and a token of its own", () => {
    assert.ok(cases.length >= 150, `${cases.length}`);
    assert.equal(new Set(cases.map(({ name }) => name)).size, cases.length);
  });

  for (const { name, token, expected } of cases) {
    it(`${name} is ${expected}`, () => assert.equal(judge(token, keys), expected));
  }

  it("takes no token whose text is cut at any place, or has another letter at any", () => {
    const token = kit.forge({ header: { alg: "ES256", kid: "p256" }, signer: kit.signerOf("ES256") });
    assert.equal(judge(token, keys), "good");
    for (let at = 0; at < token.length; at++) {
      assert.notEqual(judge(token.slice(0, at), keys), "good", `cut at ${at}`);
      assert.notEqual(
        judge(`${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`, keys),
        "good",
        `changed at ${at}`,
      );
    }
  });
});
