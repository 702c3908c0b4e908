// Keys that request signatures (RFC 9421 3.3) are checked by, as a configuration has them: a shared secret, or PEM of a public key. A key is
// of one algorithm alone, and strong enough for it.

import { createPublicKey, createSecretKey, type KeyObject } from "node:crypto";
import type { HmacKey } from "./identity-config.ts";

const LEAST_SECRET = 32;
const PREFIX = "base64:";

/** A text in place of the key says what is wrong with it, without any part of it. */
export function readSignatureKey(algorithm: HmacKey["algorithm"], text: string): KeyObject | string {
  if (algorithm === "hmac-sha256") return readSecret(text);
  if (text.includes("PRIVATE KEY")) return "it is a private key: the gateway needs the public one alone";
  let key: KeyObject;
  try {
    key = createPublicKey(text);
  } catch {
    return "it is no PEM of a public key";
  }
  return judgeKey(algorithm, key) ?? key;
}

/** Null: it is good. */
export function checkSignatureKey(algorithm: HmacKey["algorithm"], text: string): string | null {
  const key = readSignatureKey(algorithm, text);
  return typeof key === "string" ? key : null;
}

function readSecret(text: string): KeyObject | string {
  if (text.includes("-----BEGIN")) return "it is PEM, and `hmac-sha256` takes a shared secret";
  const isEncoded = text.startsWith(PREFIX);
  const encoded = text.slice(PREFIX.length);
  const bytes = isEncoded ? Buffer.from(encoded, "base64") : Buffer.from(text, "utf8");
  if (isEncoded && bytes.toString("base64") !== encoded) return "what stands behind `base64:` is no base64";
  if (bytes.length < LEAST_SECRET) return `it has ${bytes.length} bytes, where ${LEAST_SECRET} are the least`;
  return createSecretKey(bytes);
}

function judgeKey(algorithm: HmacKey["algorithm"], key: KeyObject): string | null {
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = key;
  switch (algorithm) {
    case "ed25519":
      return type === "ed25519" ? null : `it is of the kind ${type}, and \`ed25519\` takes that alone`;
    case "ecdsa-p256-sha256":
      return type === "ec" && details?.namedCurve === "prime256v1" ? null : "it is not on the curve P-256";
    default: {
      if (type !== "rsa" && type !== "rsa-pss") return `it is of the kind ${type}, and \`rsa-pss-sha512\` takes RSA`;
      const bits = details?.modulusLength ?? 0;
      return bits >= 2048 && bits <= 8192 ? null : `it has ${bits} bits, where 2048 to 8192 will do`;
    }
  }
}
