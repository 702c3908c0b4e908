// What a token costs that has not been seen before: read, verified, judged; and what its parts cost.

import { generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { isTokenProblem, judgeClaims, readKey, readToken, type TokenKey, type UnverifiedToken, verifySignature } from "./index.ts";

const NOW = Date.UTC(2026, 0, 1);
const RULES = { issuer: "https://id.example.com/", audiences: ["api"], clockSkewMs: 60_000, requireExpiry: true, required: [] };
const CLAIMS = {
  iss: RULES.issuer,
  sub: "auth0|5f7c8ec7c33c6c004bbafe82",
  aud: ["api", "https://id.example.com/userinfo"],
  iat: NOW / 1000 - 60,
  exp: NOW / 1000 + 3600,
  azp: "my_client_id",
  scope: "openid profile email read:orders write:orders",
  tenant: "acme",
  roles: ["admin", "editor", "viewer"],
};

interface Subject {
  readonly name: string;
  readonly token: string;
  readonly key: TokenKey;
}

function makeSubject(name: string, pair: { publicKey: KeyObject; privateKey: KeyObject }): Subject {
  const key = readKey({ ...(pair.publicKey.export({ format: "jwk" }) as Record<string, string>), kid: "2026-01" });
  if (isTokenProblem(key)) throw new Error(key.detail);
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const text = `${encode({ alg: name, typ: "at+jwt", kid: "2026-01" })}.${encode(CLAIMS)}`;
  const signature = sign(name === "EdDSA" ? null : "sha256", Buffer.from(text), { key: pair.privateKey, dsaEncoding: "ieee-p1363" });
  return { name, token: `${text}.${signature.toString("base64url")}`, key };
}

let good = 0;

/** Short runs, of which the best is least disturbed. */
function measure(name: string, rounds: number, operation: () => boolean): void {
  for (let i = 0; i < 4 * rounds; i++) operation();
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 60; run++) {
    const startMs = performance.now();
    for (let i = 0; i < rounds; i++) if (operation()) good++;
    best = Math.min(best, ((performance.now() - startMs) * 1000) / rounds);
  }
  console.log(`${name.padEnd(24)} ${best.toFixed(1).padStart(8)} µs`);
}

const subjects = [
  makeSubject("RS256", generateKeyPairSync("rsa", { modulusLength: 2048 })),
  makeSubject("ES256", generateKeyPairSync("ec", { namedCurve: "P-256" })),
  makeSubject("EdDSA", generateKeyPairSync("ed25519")),
];
for (const { name, token, key } of subjects) {
  const read = readToken(token) as UnverifiedToken;
  measure(`${name}, whole token`, 200, () => {
    const whole = readToken(token);
    return !isTokenProblem(whole) && verifySignature(whole, key) && judgeClaims(whole.claims, RULES, NOW) === null;
  });
  measure(`${name}, signature alone`, 200, () => verifySignature(read, key));
}
const rsa = (subjects[0] as Subject).token;
console.log(`(a token of ${rsa.length} characters)`);
measure("reading alone", 1000, () => !isTokenProblem(readToken(rsa)));
console.log(`(${good > 0})`);
