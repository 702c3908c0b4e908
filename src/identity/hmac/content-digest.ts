// Content-Digest (RFC 9530): what a signature that covers it says of the body. The steps that hold a body to it read all of it before any of
// it goes on.

import { createHash, timingSafeEqual } from "node:crypto";
import { CONTINUE, type Exchange, type MemoryKey, type Policy, type StepResult } from "../../pipeline/index.ts";
import { BAD_CREDENTIAL } from "../faults.ts";
import { Refused } from "./signed-components.ts";

/** What was signed, by the digest's algorithm. */
export interface SignedDigest {
  readonly identity: string;
  readonly digests: readonly (readonly [algorithm: "sha256" | "sha512", digest: Uint8Array])[];
}

/** What a body is held to, which has to be in memory for it. */
const MOST_BYTES = 1024 * 1024;
const ALGORITHMS = new Map([
  ["sha-256", "sha256"],
  ["sha-512", "sha512"],
] as const);
const MEMBER = /^([a-z*][a-z0-9_.*-]*)=:([A-Za-z0-9+/]*={0,2}):$/;

const SIGNED: MemoryKey<SignedDigest> = { name: "signed digest" };

/** The digests that are known here, at least one. Throws Refused. */
export function readDigests(value: string): SignedDigest["digests"] {
  const found = new Map<string, Uint8Array>();
  for (const member of value.split(",")) {
    const [, name = "", encoded = ""] = MEMBER.exec(member.trim()) ?? [];
    if (name === "" || found.has(name)) throw new Refused("its Content-Digest can't be read");
    found.set(name, Buffer.from(encoded, "base64"));
  }
  const known = [...ALGORITHMS].flatMap(([name, algorithm]) => {
    const digest = found.get(name);
    return digest === undefined ? [] : [[algorithm, digest] as const];
  });
  if (known.length === 0) throw new Refused("its Content-Digest is neither sha-256 nor sha-512");
  return known;
}

export function isDigestOf(digests: SignedDigest["digests"], body: Uint8Array): boolean {
  return digests.every(([algorithm, digest]) => {
    const made = createHash(algorithm).update(body).digest();
    return made.length === digest.length && timingSafeEqual(made, digest);
  });
}

/** The body of this request is still to be held to these. */
export function holdBodyTo(exchange: Exchange, signed: SignedDigest): void {
  exchange.memory.put(SIGNED, signed);
}

/** On each route of the identity: the body is read, then compared. */
export const DIGEST_POLICIES: readonly Policy[] = [
  { name: "content-digest", phase: "body", reads: ["principal"], request: collect },
  { name: "content-digest", phase: "body", reads: ["principal"], request: compare },
];

function collect(exchange: Exchange): StepResult {
  return exchange.memory.get(SIGNED) === null ? CONTINUE : exchange.collectBody(MOST_BYTES);
}

function compare(exchange: Exchange): StepResult {
  const signed = exchange.memory.get(SIGNED);
  if (signed === null || exchange.requestBody === null || isDigestOf(signed.digests, exchange.requestBody.toBytes())) return CONTINUE;
  // Whoever signed did not sign this.
  exchange.principal = null;
  return exchange.answerFault(BAD_CREDENTIAL.with(`${signed.identity}: the body is not the one whose Content-Digest was signed`));
}
