// The algorithms that tokens are signed with, and what each asks of its key and signature: RFC 7518 3.1 and RFC 8037 3.1. What is not in
// this table does not exist for the gateway: `none`, and everything with a shared secret, which a holder could forge tokens with.

export const JWT_ALGS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"] as const;
export type JwtAlg = (typeof JWT_ALGS)[number];

export interface AlgorithmFacts {
  readonly name: JwtAlg;
  readonly scheme: "pkcs1" | "pss" | "ecdsa" | "eddsa";
  /** Null: the scheme has its own. */
  readonly digest: "sha256" | "sha384" | "sha512" | null;
  /** Of PSS: as long as the digest, and no other (RFC 7518 3.5). */
  readonly saltBytes: number;
}

const FACTS: readonly AlgorithmFacts[] = [
  { name: "RS256", scheme: "pkcs1", digest: "sha256", saltBytes: 0 },
  { name: "RS384", scheme: "pkcs1", digest: "sha384", saltBytes: 0 },
  { name: "RS512", scheme: "pkcs1", digest: "sha512", saltBytes: 0 },
  { name: "PS256", scheme: "pss", digest: "sha256", saltBytes: 32 },
  { name: "PS384", scheme: "pss", digest: "sha384", saltBytes: 48 },
  { name: "PS512", scheme: "pss", digest: "sha512", saltBytes: 64 },
  { name: "ES256", scheme: "ecdsa", digest: "sha256", saltBytes: 0 },
  { name: "ES384", scheme: "ecdsa", digest: "sha384", saltBytes: 0 },
  { name: "ES512", scheme: "ecdsa", digest: "sha512", saltBytes: 0 },
  { name: "EdDSA", scheme: "eddsa", digest: null, saltBytes: 0 },
];

/** A map and no object: `constructor` and `__proto__` are no algorithms. */
const BY_NAME: ReadonlyMap<unknown, AlgorithmFacts> = new Map(FACTS.map((facts) => [facts.name, facts]));

/** Letters count (RFC 7515 4.1.1): `rs256` is none of ours. */
export function findAlgorithm(name: unknown): AlgorithmFacts | null {
  return BY_NAME.get(name) ?? null;
}
