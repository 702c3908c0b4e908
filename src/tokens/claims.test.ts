import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type ClaimRules, goodUntil, judgeClaims, judgeType } from "./claims.ts";

const NOW = Date.UTC(2026, 0, 1);
const SECONDS = NOW / 1000;
const RULES: ClaimRules = { issuer: "i", audiences: ["a", "b"], clockSkewMs: 5000, requireExpiry: true, required: [] };
const CLAIMS = { iss: "i", aud: "a", exp: SECONDS + 60 };

const reasonOf = (claims: object, rules: Partial<ClaimRules> = {}, nowMs = NOW): string | null =>
  judgeClaims({ ...CLAIMS, ...claims }, { ...RULES, ...rules }, nowMs)?.reason ?? null;

describe("claims", () => {
  it("are of the one issuer, to the letter", () => {
    for (const iss of ["I", "i/", "", ["i"], null, undefined, 1]) assert.equal(reasonOf({ iss }), "issuer");
  });

  it("are good for one of several audiences", () => {
    assert.equal(reasonOf({}), null);
    assert.equal(reasonOf({ aud: ["x", "b"] }), null);
    assert.equal(reasonOf({ aud: "c" }), "audience");
  });

  it("are good for nobody where no audience is asked for", () => {
    assert.equal(reasonOf({}, { audiences: [] }), "audience");
    assert.equal(reasonOf({ aud: [] }, { audiences: [] }), "audience");
    assert.equal(reasonOf({ aud: undefined }, { audiences: [] }), "audience");
  });

  it("end at exp and the skew, to the millisecond", () => {
    const end = (SECONDS + 60) * 1000 + 5000;
    assert.equal(goodUntil(CLAIMS, 5000), end);
    assert.equal(reasonOf({}, {}, end - 1), null);
    assert.equal(reasonOf({}, {}, end), "expired");
  });

  it("begin at nbf and iat less the skew", () => {
    for (const name of ["nbf", "iat"]) {
      assert.equal(reasonOf({ [name]: SECONDS + 5 }), null);
      assert.equal(reasonOf({ [name]: SECONDS + 5.001 }), "not-yet-valid");
    }
  });

  it("may have no end where the rules say so, and then no end is theirs", () => {
    assert.equal(reasonOf({ exp: undefined }), "claim");
    assert.equal(reasonOf({ exp: undefined }, { requireExpiry: false }), null);
    assert.equal(goodUntil({}, 5000), Number.POSITIVE_INFINITY);
    assert.equal(reasonOf({ exp: null }, { requireExpiry: false }), "claim");
  });

  it("have dates that are numbers up to the year 9999", () => {
    for (const exp of [Number.POSITIVE_INFINITY, Number.NaN, -1, 253_402_300_800, "1", [1], {}, true, null])
      assert.equal(reasonOf({ exp }), "claim");
    assert.equal(reasonOf({ exp: 253_402_300_799 }), null);
  });

  it("have what is required, of their own and not null", () => {
    assert.equal(reasonOf({ tenant: "t" }, { required: ["tenant"] }), null);
    assert.equal(reasonOf({ tenant: false }, { required: ["tenant"] }), null);
    assert.equal(reasonOf({ tenant: null }, { required: ["tenant"] }), "claim");
    assert.equal(reasonOf({}, { required: ["tenant"] }), "claim");
    assert.equal(reasonOf({}, { required: ["constructor"] }), "claim");
  });
});

describe("the type of a token", () => {
  it("is one of the list, if there is one", () => {
    assert.equal(judgeType("at+jwt", ["at+jwt", "jwt"]), null);
    assert.equal(judgeType("dpop+jwt", ["at+jwt"])?.reason, "type");
    assert.equal(judgeType(null, ["at+jwt"])?.reason, "type");
  });

  it("is else none that names a kind of token of its own", () => {
    for (const type of [null, "jwt", "jose", "at+jwt", "bearer"]) assert.equal(judgeType(type, null), null);
    for (const type of ["dpop+jwt", "logout+jwt", "secevent+jwt", "kb+jwt", "vc+sd-jwt", "jose+json"])
      assert.equal(judgeType(type, null)?.reason, "type");
  });
});
