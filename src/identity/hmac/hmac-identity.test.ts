import assert from "node:assert/strict";
import { createHash, generateKeyPairSync } from "node:crypto";
import { describe, it } from "node:test";
import type { HmacIdentity, HmacKey } from "../../config/index.ts";
import { Principal } from "../../pipeline/index.ts";
import { type ExchangeParts, exchangeOf, hostOf, secret, tell } from "../mtls/testdata/exchange-double.ts";
import { createHmacIdentity } from "./index.ts";
import { SeenNonces } from "./seen-nonces.ts";
import { ed25519, hmac, p256, rsaPss, type Signer, type SignOrder, signedFields } from "./testdata/sign.ts";

const SECRET = "a secret of no less than 32 bytes";
const edwards = generateKeyPairSync("ed25519");
const nist = generateKeyPairSync("ec", { namedCurve: "P-256" });
const rsa = generateKeyPairSync("rsa", { modulusLength: 2048 });
const pem = (pair: typeof edwards) => String(pair.publicKey.export({ type: "spki", format: "pem" }));

const key = (id: string, algorithm: HmacKey["algorithm"], text: string): HmacKey => {
  return { id, algorithm, key: secret(text), owner: `owner-${id}`, tenant: "acme", roles: ["partner"], scopes: ["orders"] };
};

const CONFIG: HmacIdentity = {
  kind: "hmac",
  name: "partners",
  headers: null,
  principal: { id: ["owner"], tenant: "tenant", roles: "roles", scopes: "scopes" },
  keys: [
    key("s", "hmac-sha256", SECRET),
    key("e", "ed25519", pem(edwards)),
    key("p", "ecdsa-p256-sha256", pem(nist)),
    key("r", "rsa-pss-sha512", pem(rsa)),
  ],
  components: ["@method", "@authority", "@target-uri", "content-digest"],
  maxAgeMs: 300_000,
  requireNonce: false,
};

const SIGNERS: Record<string, Signer> = {
  s: hmac(SECRET),
  e: ed25519(edwards.privateKey),
  p: p256(nist.privateKey),
  r: rsaPss(rsa.privateKey),
};
const COVERED = [
  ["@method", "GET"],
  ["@authority", "api.example.com"],
  ["@target-uri", "https://api.example.com/orders?a=1"],
] as const;
const REQUEST: ExchangeParts = { target: "/orders?a=1" };

function partners(config: Partial<HmacIdentity> = {}) {
  const host = hostOf();
  const nowSeconds = host.clock.wall() / 1000;
  const identity = createHmacIdentity({ ...CONFIG, ...config }, host);
  const good: SignOrder = { covered: COVERED, parameters: `created=${nowSeconds};keyid="s"`, signer: hmac(SECRET) };
  const ask = (order: Partial<SignOrder> = {}, parts: ExchangeParts = {}) => {
    const fields = [...(parts.fields ?? []), ...signedFields({ ...good, ...order })];
    return identity.identify(exchangeOf({ ...REQUEST, ...parts, fields }));
  };
  const said = async (order: Partial<SignOrder> = {}, parts: ExchangeParts = {}) => {
    return (await tell(ask(order, parts))).replace("partners: of the signature: ", "");
  };
  return { identity, host, nowSeconds, good, ask, said };
}

describe("a signed request", () => {
  it("is from the owner of the key", async () => {
    const principal = await partners().ask();
    assert.ok(principal instanceof Principal);
    const { id, tenant, roles, scopes, source, expiresAtMs, claims } = principal;
    assert.deepEqual([id, tenant, roles, scopes, source, expiresAtMs], ["owner-s", "acme", ["partner"], ["orders"], "hmac", null]);
    assert.equal(claims["key"], "s");
  });

  for (const id of ["s", "e", "p", "r"]) {
    it(`is checked by the algorithm of the key ${id} alone`, async () => {
      const { said, nowSeconds } = partners();
      for (const [by, signer] of Object.entries(SIGNERS)) {
        const outcome = await said({ parameters: `created=${nowSeconds};keyid="${id}"`, signer });
        assert.equal(outcome, by === id ? `owner-${id}` : "SP_AUTH_INVALID: it is not by that key, or of another request");
      }
    });
  }

  it("may name its algorithm, which must be that of the key", async () => {
    const { said, nowSeconds } = partners();
    assert.equal(await said({ parameters: `created=${nowSeconds};keyid="s";alg="hmac-sha256"` }), "owner-s");
    for (const alg of ["ed25519", "HMAC-SHA256", "none", ""]) {
      const parameters = `created=${nowSeconds};keyid="s";alg="${alg}"`;
      assert.equal(await said({ parameters }), "SP_AUTH_INVALID: its `alg` is not that of the key");
    }
  });

  it("is not there without the two fields", () => {
    const { identity } = partners();
    assert.equal(identity.identify(exchangeOf({ fields: [["Authorization", "Signature keyId=a"]] })), null);
  });

  it("is refused with one of the two fields alone", async () => {
    const { identity, good } = partners();
    for (const field of signedFields(good)) {
      assert.match(await tell(identity.identify(exchangeOf({ ...REQUEST, fields: [field] }))), /^SP_AUTH_INVALID: .*without the other/);
    }
  });

  for (const [what, parts] of [
    ["method", { method: "POST" }],
    ["path", { target: "/order?a=1" }],
    ["query", { target: "/orders?a=2" }],
    ["spelling of the path", { target: "/%6frders?a=1" }],
    ["host", { authority: "api.example.org" }],
    ["port", { authority: "api.example.com:8443" }],
    ["scheme", { scheme: "http" }],
  ] as const) {
    it(`is refused with another ${what} than was signed`, async () => {
      assert.equal(await partners().said({}, parts), "SP_AUTH_INVALID: it is not by that key, or of another request");
    });
  }

  it("is of the same host whatever its case, and with the scheme's own port", async () => {
    for (const authority of ["API.example.com", "api.example.com:443"]) assert.equal(await partners().said({}, { authority }), "owner-s");
  });

  it("is refused when it leaves something out that must be covered", async () => {
    const { said } = partners();
    assert.equal(await said({ covered: COVERED.slice(1) }), "SP_AUTH_INVALID: it does not cover `@method`");
    assert.equal(await said({ covered: COVERED.slice(0, 2) }), "SP_AUTH_INVALID: it does not cover `@target-uri`");
    assert.equal(await said({}, { method: "GET", bodyLength: 5 }), "SP_AUTH_INVALID: it does not cover `content-digest`");
    assert.equal(await said({}, { method: "GET", bodyLength: -1 }), "SP_AUTH_INVALID: it does not cover `content-digest`");
  });

  for (const component of ["@method;req", "@target-uri;sf", "@method;req=?0", "@authority;x"]) {
    it(`is refused when it covers ${component}, which is another thing`, async () => {
      const outcome = await partners().said({ covered: [...COVERED, [component, "x"]] });
      assert.equal(outcome, "SP_AUTH_INVALID: it covers a component with a parameter that is not taken here");
    });
  }

  it("is refused when it covers what is not there, is unknown, or comes twice", async () => {
    const { said } = partners();
    const cover = (name: string, value = "x") => said({ covered: [...COVERED, [name, value]] });
    assert.equal(await cover("x-absent"), "SP_AUTH_INVALID: it covers a field that the request does not have");
    assert.equal(await cover("@status"), "SP_AUTH_INVALID: it covers a derived component that requests do not have");
    assert.equal(await cover("@method", "GET"), "SP_AUTH_INVALID: it covers something twice");
    assert.equal(await cover("not a field"), "SP_AUTH_INVALID: it covers something that is no field");
    assert.equal(await cover('@query-param;name="b"'), "SP_AUTH_INVALID: it covers a parameter of the query that is not there once");
    assert.equal(await cover("@query-param"), "SP_AUTH_INVALID: it covers a parameter of the query without saying which");
  });
});

describe("what is signed of a request", () => {
  const cases: readonly (readonly [string, string, ExchangeParts])[] = [
    ["@path", "/orders", { target: "/orders?a=1" }],
    ["@path", "/", { target: "http://api.example.com" }],
    ["@path", "/", { target: "http://api.example.com?a=/b" }],
    ["@path", "/a/../b%2f", { target: "/a/../b%2f" }],
    ["@query", "?a=1&b", { target: "/x?a=1&b" }],
    ["@query", "?", { target: "/x" }],
    ["@query", "?", { target: "/x?" }],
    ["@request-target", "/x?a", { target: "/x?a" }],
    ["@target-uri", "http://api.example.com/x", { target: "http://api.example.com/x" }],
    ["@scheme", "http", { scheme: "http" }],
    ['@query-param;name="a"', "b%20c%21%27%28%29%7E*-._%C3%A4", { target: "/x?z=1&a=b+c!'()~*-._%C3%A4" }],
    ['@query-param;name="%C3%A4"', "", { target: "/x?%C3%A4" }],
    [
      "x-list",
      "a, b,c",
      {
        fields: [
          ["X-List", "a"],
          ["x-list", "b,c"],
        ],
      },
    ],
    ["x-text", "Zoë", { fields: [["X-Text", Buffer.from("Zoë").toString("latin1")]] }],
    ["x-empty", "", { fields: [["X-Empty", ""]] }],
    ["host", "api.example.com", {}],
    ["content-length", "0", { fields: [["Content-Length", "0"]] }],
    ["x-forwarded-for", "10.0.0.1", { fields: [["X-Forwarded-For", "10.0.0.1"]] }],
  ];
  for (const [component, value, parts] of cases) {
    it(`${component} is "${value}" of ${JSON.stringify(parts)}`, async () => {
      const { said } = partners({ components: [] });
      assert.equal(await said({ covered: [[component, value]] }, { target: "/", ...parts }), "owner-s");
      assert.match(await said({ covered: [[component, `${value}x`]] }, { target: "/", ...parts }), /^SP_AUTH_INVALID/);
    });
  }

  it("is the field as it came, whatever the gateway took out or put in since", async () => {
    const { identity, good } = partners({ components: [] });
    const exchange = exchangeOf({ fields: [["X-User-Id", "alice"], ...signedFields({ ...good, covered: [["x-user-id", "alice"]] })] });
    const { fields } = exchange.head;
    fields.set({ text: "X-User-Id", lower: "x-user-id", folded: "x-user-id", hash: fields.marks[4] ?? 0 }, "mallory");
    assert.equal(await tell(identity.identify(exchange)), "owner-s");
  });
});

describe("the time of a signature", () => {
  it("is demanded, not too long ago and not in the future", async () => {
    const { said, nowSeconds } = partners();
    for (const [parameters, outcome] of [
      [`created=${nowSeconds - 300}`, "owner-s"],
      [`created=${nowSeconds - 301}`, "SP_AUTH_EXPIRED: partners: it was `created` too long ago"],
      [`created=${nowSeconds + 30}`, "owner-s"],
      [`created=${nowSeconds + 31}`, "SP_AUTH_INVALID: it was `created` in the future: one of the two clocks is wrong"],
      [`created=${nowSeconds};expires=${nowSeconds + 1}`, "owner-s"],
      [`created=${nowSeconds};expires=${nowSeconds}`, "SP_AUTH_EXPIRED: partners: it has `expires` behind it"],
      [`created=${nowSeconds};expires="never"`, "SP_AUTH_INVALID: it does not say when it was `created`, or `expires`"],
      ['created="now"', "SP_AUTH_INVALID: it does not say when it was `created`, or `expires`"],
      [`expires=${nowSeconds + 1}`, "SP_AUTH_INVALID: it does not say when it was `created`, or `expires`"],
    ] as const) {
      assert.equal(await said({ parameters: `${parameters};keyid="s"` }), outcome, parameters);
    }
  });

  it("is told only to who holds the key", async () => {
    const { said, nowSeconds } = partners();
    const parameters = `created=${nowSeconds - 900};keyid="s"`;
    assert.match(await said({ parameters, signer: hmac("another secret") }), /^SP_AUTH_INVALID: it is not by that key/);
  });
});

describe("a nonce", () => {
  it("is demanded where the identity says so, and good once for a key", async () => {
    const { said, nowSeconds } = partners({ requireNonce: true });
    const order = (nonce: string, id = "s") => ({
      parameters: `created=${nowSeconds};keyid="${id}"${nonce === "" ? "" : `;nonce="${nonce}"`}`,
      signer: SIGNERS[id]!,
    });
    assert.equal(await said(order("")), "SP_AUTH_INVALID: it has no `nonce`");
    assert.equal(await said(order("a".repeat(257))), "SP_AUTH_INVALID: its `nonce` is too long");
    assert.equal(
      await said({ ...order("n"), signer: hmac("another secret") }),
      "SP_AUTH_INVALID: it is not by that key, or of another request",
    );
    assert.equal(await said(order("n")), "owner-s");
    assert.equal(await said(order("n")), "SP_AUTH_INVALID: its `nonce` has been seen");
    assert.equal(await said(order("n", "e")), "owner-e");
    assert.equal(await said(order("m")), "owner-s");
  });

  it("is good once also when it comes twice at the same time", async () => {
    const { said, nowSeconds } = partners({ requireNonce: true });
    const parameters = `created=${nowSeconds};keyid="s";nonce="n"`;
    const outcomes = await Promise.all([said({ parameters }), said({ parameters })]);
    assert.deepEqual(outcomes.sort(), ["SP_AUTH_INVALID: its `nonce` has been seen", "owner-s"]);
  });

  it("is remembered as long as its signature is good, and none is forgotten before that", () => {
    const { clock } = hostOf();
    const nonces = new SeenNonces(clock, 1000, 2);
    assert.equal(nonces.take("k", "a"), "new");
    clock.advance(500);
    assert.equal(nonces.take("k", "b"), "new");
    assert.equal(nonces.take("k", "c"), "full");
    assert.equal(nonces.take("k", "a"), "seen");
    clock.advance(500);
    assert.equal(nonces.take("k", "c"), "new");
    assert.equal(nonces.take("k", "b"), "seen");
    assert.equal(new SeenNonces(clock, 1000, 2).take("k", "kb"), "new");
  });
});

describe("several signatures", () => {
  const withBoth = (order: readonly SignOrder[]) => {
    const fields = order.map(signedFields);
    return ["Signature-Input", "Signature"].map((name, index) => [name, fields.map((pair) => pair[index]?.[1]).join(", ")] as const);
  };

  it("are one where only one is by a key that is known, wherever it stands", async () => {
    const { identity, good, nowSeconds } = partners();
    const foreign = { covered: [["@status", "1"]] as const, parameters: `created=1;keyid="x"`, signer: hmac("x"), label: "proxy" };
    for (const order of [
      [good, foreign],
      [foreign, good],
    ]) {
      assert.equal(await tell(identity.identify(exchangeOf({ ...REQUEST, fields: withBoth(order) }))), "owner-s");
    }
    const bad = { ...good, parameters: `created=${nowSeconds};keyid="s"`, signer: hmac("another") };
    for (const order of [
      [bad, foreign],
      [foreign, bad],
    ]) {
      assert.match(await tell(identity.identify(exchangeOf({ ...REQUEST, fields: withBoth(order) }))), /^SP_AUTH_INVALID/);
    }
  });

  it("by two keys that are known are refused, also when both are good", async () => {
    const { identity, good, nowSeconds } = partners();
    const other = { ...good, parameters: `created=${nowSeconds};keyid="e"`, signer: SIGNERS["e"]!, label: "other" };
    for (const order of [
      [good, other],
      [other, good],
      [good, { ...good, label: "again" }],
    ]) {
      const outcome = await tell(identity.identify(exchangeOf({ ...REQUEST, fields: withBoth(order) })));
      assert.equal(outcome, "SP_AUTH_INVALID: partners: of the signature: there are two by keys that are known");
    }
  });

  it("by no key that is known are refused", async () => {
    const { said, nowSeconds } = partners();
    assert.equal(await said({ parameters: `created=${nowSeconds};keyid="x"` }), "SP_AUTH_INVALID: no key has its `keyid`");
    assert.equal(await said({ parameters: `created=${nowSeconds}` }), "SP_AUTH_INVALID: no key has its `keyid`");
  });
});

describe("a signature that is broken", () => {
  it("is refused wherever either field is cut, and never thrown at anybody", async () => {
    const { identity, good } = partners();
    const whole = signedFields(good);
    for (const cut of [0, 1]) {
      for (let length = 0; length < (whole[cut]?.[1].length ?? 0); length++) {
        const fields = whole.map(([name, value], index) => [name, index === cut ? value.slice(0, length) : value] as const);
        assert.match(await tell(identity.identify(exchangeOf({ ...REQUEST, fields }))), /^SP_AUTH_INVALID/, fields.join(" "));
      }
    }
  });

  it("is refused in any other form, and says nothing of itself", async () => {
    const { identity, good } = partners();
    const [, [, signature = ""] = []] = signedFields(good);
    for (const input of [
      "sig",
      "sig=1",
      "sig=()",
      'sig=a;keyid="s"',
      'sig=(a 1);created=1;keyid="s"',
      'sig=("@method";keyid="s"',
      "\xff",
      "(",
      "sig=((",
      "a".repeat(9000),
    ]) {
      const fields = [["Signature-Input", input] as const, ["Signature", signature] as const];
      const outcome = await tell(identity.identify(exchangeOf({ ...REQUEST, fields })));
      assert.match(outcome, /^SP_AUTH_INVALID: partners: of the signature: /);
      assert.ok(!outcome.includes(signature.slice(6, 12)));
    }
    for (const value of ["sig", "sig=1", "other=:AA==:", "sig=:%:", "sig=::", "sig=(:AA==:)", `sig=:${"A".repeat(9000)}:`]) {
      const fields = [signedFields(good)[0]!, ["Signature", value] as const];
      assert.match(await tell(identity.identify(exchangeOf({ ...REQUEST, fields }))), /^SP_AUTH_INVALID/);
    }
  });
});

describe("a signed Content-Digest", () => {
  const digestOf = (body: string, algorithm = "sha256") => createHash(algorithm).update(body).digest("base64");
  const withDigest = (value: string, bodyLength = 0) => {
    const covered = [...COVERED, ["content-digest", value] as const];
    return partners().said({ covered }, { bodyLength, fields: [["Content-Digest", value]] });
  };

  it("is of nothing where there is no body", async () => {
    assert.equal(await withDigest(`sha-256=:${digestOf("")}:`), "owner-s");
    assert.equal(await withDigest(`sha-256=:${digestOf("x")}:`), "SP_AUTH_INVALID: its Content-Digest is of a body, and there is none");
    assert.equal(
      await withDigest(`sha-256=:${digestOf("")}:, sha-512=:${digestOf("x", "sha512")}:`),
      "SP_AUTH_INVALID: its Content-Digest is of a body, and there is none",
    );
  });

  it("is read before anything of the body is", async () => {
    assert.equal(await withDigest(`md5=:AAAA:, sha-512=:${digestOf("x", "sha512")}:`, 1), "owner-s");
    assert.equal(await withDigest("md5=:AAAA:", 1), "SP_AUTH_INVALID: its Content-Digest is neither sha-256 nor sha-512");
    for (const value of ["", "sha-256", "sha-256=abc", "sha-256=:AAAA:,", "sha-256=:AAAA:, sha-256=:BBBB:"]) {
      assert.equal(await withDigest(value, 1), "SP_AUTH_INVALID: its Content-Digest can't be read", value);
    }
  });
});
