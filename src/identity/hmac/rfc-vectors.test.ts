// RFC 9421 appendix B.2: requests that others have signed. The clock stands where they were. Those that do not cover their body are taken
// without it.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock } from "../../base/index.ts";
import type { HmacKey } from "../../config/index.ts";
import { exchangeOf, hostOf, secret, tell } from "../mtls/testdata/exchange-double.ts";
import { createHmacIdentity } from "./index.ts";

const toPem = (der: string) => `-----BEGIN PUBLIC KEY-----\n${der}\n-----END PUBLIC KEY-----\n`;
const key = (id: string, algorithm: HmacKey["algorithm"], text: string): HmacKey => {
  return { id, algorithm, key: secret(text), owner: `owner of ${id}`, tenant: null, roles: [], scopes: [] };
};

const KEYS = [
  key(
    "test-key-rsa-pss",
    "rsa-pss-sha512",
    toPem(
      "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHqgDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5WUtzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI2wIDAQAB",
    ),
  ),
  key("test-key-ed25519", "ed25519", toPem("MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=")),
  key(
    "test-shared-secret",
    "hmac-sha256",
    "base64:uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ==",
  ),
];

const CREATED_MS = 1618884473_000;

const VECTORS = [
  [
    "B.2.1, minimal, rsa-pss-sha512",
    "test-key-rsa-pss",
    'sig-b21=();created=1618884473;keyid="test-key-rsa-pss";nonce="b3k2pp5k7z-50gnwp.yemd"',
    "sig-b21=:d2pmTvmbncD3xQm8E9ZV2828BjQWGgiwAaw5bAkgibUopemLJcWDy/lkbbHAve4cRAtx31Iq786U7it++wgGxbtRxf8Udx7zFZsckzXaJMkA7ChG52eSkFxykJeNqsrWH5S+oxNFlD4dzVuwe8DhTSja8xxbR/Z2cOGdCbzR72rgFWhzx2VjBqJzsPLMIQKhO4DGezXehhWwE56YCE+O6c0mKZsfxVrogUvA4HELjVKWmAvtl6UnCh8jYzuVG5WSb/QEVPnP5TmcAnLH1g+s++v6d4s8m0gCw1fV5/SITLq9mhho8K3+7EPYTU8IU1bLhdxO5Nyt8C8ssinQ98Xw9Q==:",
  ],
  [
    "B.2.2, with a parameter of the query, rsa-pss-sha512",
    "test-key-rsa-pss",
    'sig-b22=("@authority" "content-digest" "@query-param";name="Pet");created=1618884473;keyid="test-key-rsa-pss";tag="header-example"',
    "sig-b22=:LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjvuJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rLEuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lankenQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTugEjHSw==:",
  ],
  [
    "B.2.5, hmac-sha256",
    "test-shared-secret",
    'sig-b25=("date" "@authority" "content-type");created=1618884473;keyid="test-shared-secret"',
    "sig-b25=:pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8=:",
  ],
  [
    "B.2.6, ed25519",
    "test-key-ed25519",
    'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length");created=1618884473;keyid="test-key-ed25519"',
    "sig-b26=:wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKRCw==:",
  ],
] as const;

const FIELDS = [
  ["Host", "example.com"],
  ["Date", "Tue, 20 Apr 2021 02:07:55 GMT"],
  ["Content-Type", "application/json"],
  ["Content-Digest", "sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwEmTHWXvJwew==:"],
  ["Content-Length", "18"],
] as const;

function ask(input: string, signature: string, changed: readonly (readonly [string, string])[] = FIELDS): Promise<string> {
  const identity = createHmacIdentity(
    {
      kind: "hmac",
      name: "partners",
      headers: null,
      principal: { id: ["owner"], tenant: "tenant", roles: "roles", scopes: "scopes" },
      keys: KEYS,
      components: [],
      maxAgeMs: 60_000,
      requireNonce: false,
    },
    hostOf(new FakeClock(1000, CREATED_MS)),
  );
  const fields = [...changed, ["Signature-Input", input], ["Signature", signature]] as const;
  const request = exchangeOf({
    method: "POST",
    target: "/foo?param=Value&Pet=dog",
    authority: "example.com",
    bodyLength: input.includes("content-digest") ? 18 : 0,
    fields,
  });
  return tell(identity.identify(request));
}

describe("the signatures of RFC 9421", () => {
  for (const [title, keyId, input, signature] of VECTORS) {
    it(`${title}: is good, and by no bit of another one`, async () => {
      assert.equal(await ask(input, signature), `owner of ${keyId}`);
      const [label = "", encoded = ""] = signature.split("=:");
      const bytes = Buffer.from(encoded, "base64");
      bytes[7] = (bytes[7] ?? 0) ^ 1;
      assert.match(await ask(input, `${label}=:${bytes.toString("base64")}:`), /^SP_AUTH_INVALID: .* not by that key/);
    });
  }

  it("are of the fields as they are", async () => {
    const [, , input, signature] = VECTORS[3];
    const changed = FIELDS.map(([name, value]) => [name, name === "Date" ? `${value} ` : value] as const);
    assert.match(await ask(input, signature, changed), /^SP_AUTH_INVALID/);
  });
});
