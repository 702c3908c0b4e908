import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isTokenProblem, readJws, readToken } from "./index.ts";

const encode = (text: string): string => Buffer.from(text).toString("base64url");
const make = (header: object, claims: object | string = { iss: "i" }): string =>
  `${encode(JSON.stringify(header))}.${encode(typeof claims === "string" ? claims : JSON.stringify(claims))}.AAAA`;

describe("a token that is read", () => {
  it("says what it says, and nothing is verified", () => {
    const text = make({ alg: "ES256", kid: "k", typ: "application/AT+JWT" }, { iss: "https://id.example.com", n: 1 });
    const token = readToken(text);
    assert.ok(!isTokenProblem(token));
    assert.equal(token.algorithm, "ES256");
    assert.equal(token.kid, "k");
    assert.equal(token.type, "at+jwt");
    assert.equal(token.issuer, "https://id.example.com");
    assert.deepEqual(token.claims, { iss: "https://id.example.com", n: 1 });
    assert.equal(token.signedText, text.slice(0, text.lastIndexOf(".")));
    assert.deepEqual([...token.signature], [0, 0, 0]);
  });

  it("may say neither kid nor typ nor issuer", () => {
    const token = readToken(make({ alg: "EdDSA" }, {}));
    assert.ok(!isTokenProblem(token));
    assert.deepEqual([token.kid, token.type, token.issuer], [null, null, null]);
  });

  it("has no issuer where that is no text", () => {
    const token = readToken(make({ alg: "EdDSA" }, { iss: ["i"] }));
    assert.ok(!isTokenProblem(token));
    assert.equal(token.issuer, null);
  });

  it("is one without anything around it", () => {
    const text = make({ alg: "EdDSA" });
    for (const around of [` ${text}`, `${text} `, `${text}\n`, `\ufeff${text}`, `"${text}"`])
      assert.equal((readToken(around) as { reason: string }).reason, "malformed");
  });

  it("has one spelling in each part: bits behind the last byte are zero", () => {
    const header = encode('{"alg":"RS256"}   ');
    const claims = encode('{"iss":"i"} ');
    assert.deepEqual([header.length & 3, claims.length & 3], [0, 0]);
    const [looseHeader, looseClaims] = [`${encode('{"alg":"RS256"} ').slice(0, -1)}B`, `${encode('{"iss":"i"}  ').slice(0, -1)}B`];
    assert.ok(!isTokenProblem(readToken(`${header}.${claims}.AA`)));
    for (const text of [`${looseHeader}.${claims}.AA`, `${header}.${looseClaims}.AA`, `${header}.${claims}.AB`]) {
      const problem = readToken(text);
      assert.ok(isTokenProblem(problem));
      assert.match(problem.detail, /strict base64url/);
    }
  });

  it("is never made of a token cut at any byte before its signature, and reading never throws", () => {
    const text = make({ alg: "RS256", kid: "k" }, { iss: "i", aud: ["a"], nested: { a: [1] } });
    const end = text.lastIndexOf(".");
    for (let at = 0; at <= end; at++) assert.ok(isTokenProblem(readToken(text.slice(0, at))), `${at}`);
    for (let at = 0; at < text.length; at++)
      for (const letter of ["A", ".", "=", "\0", "é"]) readToken(`${text.slice(0, at)}${letter}${text.slice(at + 1)}`);
  });

  it("is refused by words that hold nothing of it", () => {
    for (const text of [
      "secret",
      "secret.secret.secret",
      make({ alg: "secret" }),
      make({ alg: "RS256", crit: ["secret"] }),
      make({ alg: "RS256" }, "secret"),
    ]) {
      const problem = readToken(text);
      assert.ok(isTokenProblem(problem));
      assert.doesNotMatch(problem.detail, /secret/);
    }
  });
});

describe("a JWS that is read", () => {
  it("has any bytes as payload, none as well", () => {
    const jws = readJws(`${encode('{"alg":"RS256"}')}..AAAA`);
    assert.ok(!isTokenProblem(jws));
    assert.equal(jws.payload.length, 0);
    const other = readJws(make({ alg: "RS256" }, "$.02"));
    assert.ok(!isTokenProblem(other));
    assert.equal(Buffer.from(other.payload).toString(), "$.02");
  });
});
