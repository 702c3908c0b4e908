// Whether a signature is the key's own: the one call that everything else stands around. node:crypto's synchronous verify on a KeyObject
// costs a third of what asynchronous ones do (verify.bench.ts). RFC 7518 3.3 to 3.5, RFC 8037 3.1.
//
// An ECDSA signature (r, s) has a twin (r, n - s) that is as good, and RFC 7518 asks for neither: signers make both, so both are taken. A
// token's text is therefore no name of it, and nothing here uses it as one: who revokes by token goes by `jti`.

import { constants, type KeyObject, verify } from "node:crypto";
import type { AlgorithmFacts } from "./algorithms.ts";
import type { TokenKey } from "./keys.ts";
import type { UnverifiedJws } from "./read-token.ts";

/** Never throws. */
export function verifySignature(token: UnverifiedJws, key: TokenKey): boolean {
  // The key has the last word on the algorithm, not the token: that is what an attacker chose.
  if (!key.algorithms.includes(token.algorithm) || token.signature.length !== key.signatureBytes) return false;
  try {
    const signed = Buffer.from(token.signedText, "latin1");
    return verify(token.facts.digest, signed, toOptions(token.facts, key.object), token.signature);
  } catch {
    return false;
  }
}

function toOptions({ scheme, saltBytes }: AlgorithmFacts, key: KeyObject) {
  switch (scheme) {
    case "pkcs1":
      return { key, padding: constants.RSA_PKCS1_PADDING };
    case "pss":
      // The mask is made with the same digest where nothing else is said.
      return { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: saltBytes };
    case "ecdsa":
      return { key, dsaEncoding: "ieee-p1363" as const };
    case "eddsa":
      return { key };
  }
}
