import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { IdentityConfig } from "../config/index.ts";
import { Principal } from "../pipeline/index.ts";
import { PrincipalMaker, readClaim, readTexts } from "./principal-maker.ts";

const MTLS: IdentityConfig = {
  kind: "mtls",
  name: "services",
  headers: null,
  principal: { id: ["spiffe", "subject"], tenant: "tenant", roles: "roles", scopes: "scope" },
  ids: [],
};

const make = (claims: Record<string, unknown>, config: Partial<IdentityConfig> = {}) =>
  new PrincipalMaker({ ...MTLS, ...config } as IdentityConfig).make(claims, { expiresAtMs: 5 });

function made(claims: Record<string, unknown>, config: Partial<IdentityConfig> = {}): Principal {
  const principal = make(claims, config);
  assert.ok(principal instanceof Principal, String(principal));
  return principal;
}

const linesOf = ({ lines }: Principal) => lines.map(({ name, value }) => `${name.text}: ${value}`);

describe("a principal", () => {
  it("has the parts that its identity maps", () => {
    const { identity, source, id, tenant, roles, scopes, expiresAtMs } = made({
      subject: "CN=a",
      tenant: "t",
      roles: ["r", "s"],
      scope: "x  y",
    });
    assert.deepEqual(
      [identity, source, id, tenant, roles, scopes, expiresAtMs],
      ["services", "mtls", "CN=a", "t", ["r", "s"], ["x", "y"], 5],
    );
  });

  it("is named by the first claim that names somebody", () => {
    assert.equal(made({ spiffe: "spiffe://a/b", subject: "CN=a" }).id, "spiffe://a/b");
    assert.equal(made({ spiffe: null, subject: "CN=a" }).id, "CN=a");
    assert.equal(made({ spiffe: "", subject: 12 }).id, "12");
  });

  it("is none when nothing names it", () => {
    for (const claims of [{}, { spiffe: "" }, { subject: {} }, { subject: ["a"] }, { subject: Number.NaN }, { subject: true }]) {
      assert.equal(make(claims), "it has no `spiffe` and no `subject`");
    }
  });

  it("is none where its name may be that of several: a number that was rounded, half a surrogate pair", () => {
    for (const text of ["9007199254740993", "1e400", "1.5", '"\\ud800"', '"a\\udfff"']) {
      assert.equal(make(JSON.parse(`{"subject":${text}}`)), "it has no `spiffe` and no `subject`", text);
    }
    assert.equal(made(JSON.parse('{"subject":9007199254740991}')).id, "9007199254740991");
    assert.equal(made(JSON.parse('{"subject":"a","tenant":9007199254740993}')).tenant, null);
  });

  it("tells upstreams its id, roles and tenant where nothing else is mapped", () => {
    assert.deepEqual(linesOf(made({ subject: "CN=a,O=b", tenant: "t", roles: ["r", "s,t"] })), [
      "X-User-Id: CN=a%2CO=b",
      "X-User-Roles: r,s%2Ct",
      "X-Tenant-Id: t",
    ]);
    assert.deepEqual(linesOf(made({ subject: "a" })), ["X-User-Id: a"]);
  });

  it("tells what is mapped, and nothing of claims that are not there or are maps", () => {
    const headers = [
      ["X-Serial", "serial"],
      ["X-Names", "dns"],
      ["X-Deep", "a.b"],
      ["X-None", "none"],
      ["X-Map", "a"],
    ] as const;
    const claims = { subject: "s", serial: 7, dns: ["x", "y"], a: { b: "deep" } };
    assert.deepEqual(linesOf(made(claims, { headers })), ["X-Serial: 7", "X-Names: x,y", "X-Deep: deep"]);
  });

  it("is none when what it says for a header is too long for one", () => {
    assert.match(String(make({ subject: "a".repeat(9000) })), /X-User-Id is too long/);
  });
});

describe("reading a claim", () => {
  it("takes the very name before the way that its dots lead", () => {
    assert.equal(readClaim({ "a.b": 1, a: { b: 2 } }, "a.b"), 1);
    assert.equal(readClaim({ a: { b: 2 } }, "a.b"), 2);
    assert.equal(Array.isArray(readClaim({ "https://example.com/roles": ["r"] }, "https://example.com/roles")), true);
  });

  it("finds nothing that an object has by being one", () => {
    for (const name of ["constructor", "__proto__", "toString", "a.constructor", "a.__proto__.b"]) {
      assert.equal(readClaim({ a: {} }, name), undefined);
    }
  });

  it("does not lead into lists or texts", () => {
    assert.equal(readClaim({ a: ["x"] }, "a.0"), undefined);
    assert.equal(readClaim({ a: "text" }, "a.length"), undefined);
  });

  it("as texts cuts one at white space, and leaves out of a list what is no text", () => {
    assert.deepEqual(readTexts({ scope: " a\tb  c " }, "scope"), ["a", "b", "c"]);
    assert.deepEqual(readTexts({ scope: ["a b", 1, null, "c"] }, "scope"), ["a b", "c"]);
    assert.deepEqual(readTexts({ scope: 7 }, "scope"), []);
  });
});
