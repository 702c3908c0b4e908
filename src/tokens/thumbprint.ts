// The name that a key gives itself: RFC 7638, with OKP by RFC 8037 2.

import { createHash } from "node:crypto";

/** Members that make the key, in the order of their names. */
const MEMBERS: Readonly<Record<string, readonly string[]>> = {
  EC: ["crv", "kty", "x", "y"],
  OKP: ["crv", "kty", "x"],
  RSA: ["e", "kty", "n"],
};

/** SHA-256 in base64url, of a public or private JWK of type RSA, EC or OKP. Throws for another type: who calls has read the key. */
export function toThumbprint(jwk: Readonly<Record<string, unknown>>): string {
  const names = MEMBERS[String(jwk["kty"])];
  if (names === undefined) throw new Error("only RSA, EC and OKP keys have a thumbprint here");
  const canonical = JSON.stringify(Object.fromEntries(names.map((name) => [name, jwk[name]])));
  return createHash("sha256").update(canonical).digest("base64url");
}
