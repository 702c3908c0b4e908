import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { jsonAnswer, textAnswer } from "../../calls/index.ts";
import { judgeAnswer } from "./judge-answer.ts";

const NOW_MS = Date.UTC(2026, 0, 1);
const NOW = NOW_MS / 1000;
const ANY = { name: "legacy", issuer: null, audiences: [] };
const STRICT = { name: "legacy", issuer: "https://id.example", audiences: ["orders", "billing"] };

function judge(answer: Readonly<Record<string, unknown>>, rules: typeof ANY | typeof STRICT = ANY): string {
  const judgement = judgeAnswer(jsonAnswer(answer), rules, NOW_MS);
  if (judgement.kind === "good") return "good";
  return judgement.kind === "bad" ? `${judgement.fault.kind.code}: ${judgement.fault.detail}` : `unusable: ${judgement.reason}`;
}

describe("an introspection endpoint's answer", () => {
  it("makes a token good that is active, with its claims and its end", () => {
    const claims = { active: true, sub: "ann", exp: NOW + 60 };
    assert.deepEqual(judgeAnswer(jsonAnswer(claims), ANY, NOW_MS), { kind: "good", claims, expiresAtMs: NOW_MS + 60_000 });
    assert.deepEqual(judgeAnswer(jsonAnswer({ active: true }), ANY, NOW_MS), { kind: "good", claims: { active: true }, expiresAtMs: null });
  });

  it("makes it bad when it is not active", () => {
    assert.equal(judge({ active: false, sub: "ann" }), "SP_AUTH_INVALID: legacy: the issuer says that the token is not active");
  });

  it("is none when `active` is neither true nor false", () => {
    for (const active of ["true", "false", 1, 0, null, [], {}, [true], undefined]) {
      assert.match(judge({ active, sub: "ann" }), /^unusable: `active`/, JSON.stringify(active));
    }
  });

  for (const status of [201, 204, 301, 302, 400, 404, 429, 500, 502, 503]) {
    it(`is none with ${status}, whatever it says`, () => {
      assert.deepEqual(judgeAnswer(jsonAnswer({ active: true }, status), ANY, NOW_MS), {
        kind: "unusable",
        reason: `the endpoint answered ${status}`,
      });
    });
  }

  it("with 401 or 403 is about the gateway's own credentials, not about the token", () => {
    for (const status of [401, 403]) {
      const judgement = judgeAnswer(jsonAnswer({ active: false }, status), ANY, NOW_MS);
      assert.match(judgement.kind === "unusable" ? judgement.reason : "", /own credentials/);
    }
  });

  it("is none when it is no JSON object, and wherever one is cut", () => {
    const text = JSON.stringify({ active: true, sub: "ann" });
    for (let end = 0; end < text.length; end++) {
      assert.equal(judgeAnswer(textAnswer(text.slice(0, end)), ANY, NOW_MS).kind, "unusable");
    }
    for (const other of ["true", "null", "[]", '"active"', "active=true", "<html>"]) {
      assert.equal(judgeAnswer(textAnswer(other), ANY, NOW_MS).kind, "unusable", other);
    }
    const body = Uint8Array.of(...new TextEncoder().encode('{"active":true,"sub":"'), 0xff, 0x22, 0x7d);
    assert.equal(judgeAnswer({ status: 200, headers: {}, body }, ANY, NOW_MS).kind, "unusable");
  });

  it("makes a token expired at its very end, and not before", () => {
    assert.equal(judge({ active: true, exp: NOW }), "SP_AUTH_EXPIRED: legacy: the token has expired");
    assert.equal(judge({ active: true, exp: NOW - 60 }), "SP_AUTH_EXPIRED: legacy: the token has expired");
    assert.equal(judge({ active: true, exp: NOW + 0.5 }), "good");
  });

  it("makes one bad that is to come, but for clocks that differ a little", () => {
    assert.equal(judge({ active: true, nbf: NOW + 5 }), "good");
    assert.match(judge({ active: true, nbf: NOW + 6 }), /not good yet/);
  });

  it("is none with times that are no seconds", () => {
    for (const time of ["2026-01-01", String(NOW + 60), null, -1, NOW * 1e6, true, []]) {
      assert.match(judge({ active: true, exp: time }), /^unusable: `exp`/, JSON.stringify(time));
      assert.match(judge({ active: true, nbf: time }), /^unusable: `exp` or `nbf`/, JSON.stringify(time));
    }
  });

  it("must name the issuer that is configured, to the letter", () => {
    const good = { active: true, iss: "https://id.example", aud: "orders" };
    assert.equal(judge(good, STRICT), "good");
    for (const iss of [undefined, null, "https://id.example/", "https://ID.example", "", ["https://id.example"]]) {
      assert.match(judge({ ...good, iss }, STRICT), /of another issuer/);
    }
  });

  it("must name one of the audiences that are configured, as text or in a list", () => {
    const good = { active: true, iss: "https://id.example" };
    for (const aud of ["orders", "billing", ["x", "billing"]]) assert.equal(judge({ ...good, aud }, STRICT), "good");
    for (const aud of [undefined, null, "", "order", "orders ", "orders billing", [], [["orders"]], { orders: true }, 7]) {
      assert.match(judge({ ...good, aud }, STRICT), /another audience/, JSON.stringify(aud));
    }
  });

  it("makes tokens bad that are no bearer's to show", () => {
    for (const claims of [{ token_use: "refresh_token" }, { typ: "Refresh" }, { token_type: "refresh_token" }]) {
      assert.match(judge({ active: true, ...claims }), /refresh token/);
    }
    for (const claims of [{ cnf: { jkt: "x" } }, { token_type: "DPoP" }, { cnf: {} }])
      assert.match(judge({ active: true, ...claims }), /bound to a key/);
    for (const claims of [{ token_type: "Bearer" }, { token_type: "access_token" }, { typ: "Bearer" }, { cnf: null }]) {
      assert.equal(judge({ active: true, ...claims }), "good");
    }
  });
});
