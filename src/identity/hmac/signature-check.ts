// Whether bytes were signed by a key, by the four algorithms of RFC 9421 3.3 that are taken. Synchronous: tens of microseconds each.

import { constants, createHmac, type KeyObject, timingSafeEqual, verify } from "node:crypto";
import type { HmacKey } from "../../config/index.ts";

export function isSignedBy(key: KeyObject, algorithm: HmacKey["algorithm"], data: Uint8Array, signature: Uint8Array): boolean {
  switch (algorithm) {
    case "hmac-sha256": {
      const made = createHmac("sha256", key).update(data).digest();
      return made.length === signature.length && timingSafeEqual(made, signature);
    }
    case "ed25519":
      return verify(null, data, key, signature);
    case "ecdsa-p256-sha256":
      return verify("sha256", data, { key, dsaEncoding: "ieee-p1363" }, signature);
    default:
      return verify("sha512", data, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 64 }, signature);
  }
}
