// A bearer token, and the key set that verifies it: made anew for each run, so that no secret is kept anywhere.
import { generateKeyPairSync, sign } from "node:crypto";

export const TOKEN_ISSUER = "https://issuer.test/";
export const TOKEN_AUDIENCE = "bench";

interface TokenFiles {
  /** Of an hour's life, with the claims that issuers usually put into one: about 750 characters. */
  readonly token: string;
  /** The public key as a JWKS. */
  readonly keySet: string;
}

let made: TokenFiles | null = null;

export function tokenFiles(): TokenFiles {
  made ??= make();
  return made;
}

function make(): TokenFiles {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: TOKEN_ISSUER,
    aud: TOKEN_AUDIENCE,
    sub: "auth0|5f7c8ec7c33c6c004bbafe82",
    tid: "tenant-4711",
    roles: ["reader", "writer"],
    scope: "openid profile orders",
    iat: now,
    nbf: now,
    exp: now + 3600,
    jti: "b2f0a3ae-4c34-4b6f-8b5d-0f1d2c3b4a59",
  };
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${encode({ alg: "RS256", typ: "at+jwt", kid: "bench" })}.${encode(claims)}`;
  const token = `${text}.${sign("sha256", Buffer.from(text), privateKey).toString("base64url")}`;
  const key = { ...publicKey.export({ format: "jwk" }), kid: "bench", use: "sig", alg: "RS256" };
  return { token, keySet: JSON.stringify({ keys: [key] }) };
}
