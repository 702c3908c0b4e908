// Makes signed tokens, for those of the gateway's own. With the two algorithms that are quick to sign with.

import { type KeyObject, sign } from "node:crypto";

export interface SigningKey {
  readonly kid: string;
  readonly algorithm: "EdDSA" | "ES256";
  /** Private. */
  readonly object: KeyObject;
}

export interface TokenHeader {
  /** `typ`. */
  readonly type: string;
}

/** A compact JWT. Throws when the key is not of the algorithm: who calls has made it. */
export function signToken(claims: Readonly<Record<string, unknown>>, { type }: TokenHeader, key: SigningKey): string {
  const header = { alg: key.algorithm, kid: key.kid, typ: type };
  const signedText = `${encode(header)}.${encode(claims)}`;
  return `${signedText}.${signText(signedText, key).toString("base64url")}`;
}

function signText(text: string, { algorithm, object }: SigningKey): Buffer {
  const bytes = Buffer.from(text, "latin1");
  if (algorithm === "EdDSA") {
    if (object.asymmetricKeyType !== "ed25519") throw new Error("EdDSA signs with an Ed25519 key");
    return sign(null, bytes, object);
  }
  if (object.asymmetricKeyDetails?.namedCurve !== "prime256v1") throw new Error("ES256 signs with a P-256 key");
  return sign("sha256", bytes, { key: object, dsaEncoding: "ieee-p1363" });
}

function encode(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}
