// What it costs to know a token again, on the way that each request goes; and what the memory of 100,000 verified tokens is.

import { generateKeyPairSync, hash } from "node:crypto";
import { Principal } from "../../pipeline/index.ts";
import { isTokenProblem, readKey, signToken } from "../../tokens/index.ts";
import { CONFIG, exchangeOf, JwtStage } from "./jwt-stage.contract.ts";

const NOW = Date.UTC(2026, 5, 1);
const pair = generateKeyPairSync("ed25519");
const signing = { kid: "k", algorithm: "EdDSA", object: pair.privateKey } as const;
const key = readKey({ ...(pair.publicKey.export({ format: "jwk" }) as Record<string, string>), kid: "k" });
if (isTokenProblem(key)) throw new Error(key.detail);

function makeToken(index: number): string {
  const claims = {
    iss: CONFIG.issuer,
    sub: `auth0|5f7c8ec7c33c6c004bb${index.toString(16).padStart(5, "0")}`,
    aud: [CONFIG.audiences[0], `${CONFIG.issuer}/userinfo`],
    iat: NOW / 1000,
    exp: NOW / 1000 + 3600,
    jti: `3b0c1d52-8f61-4d0a-9b7e-${index.toString(16).padStart(12, "0")}`,
    azp: "my_client_id",
    email: `user${index}@customers.example.com`,
    scope: "openid profile email read:orders write:orders",
    tenant: `tenant-${index % 100}`,
    roles: ["admin", "editor", "viewer"],
    permissions: ["orders:read", "orders:write", "invoices:read", "invoices:write", "customers:read"],
  };
  return signToken(claims, { type: "at+jwt" }, signing);
}

const tokens = Array.from({ length: 1024 }, (_, i) => makeToken(i));
const exchanges = tokens.map((token) =>
  exchangeOf([
    ["Host", "api.example.com"],
    ["Authorization", `Bearer ${token}`],
    ["Accept", "*/*"],
  ]),
);
let good = 0;

/** Short runs, of which the best is least disturbed. */
function measure(name: string, rounds: number, operation: (round: number) => boolean): void {
  for (let i = 0; i < 8 * rounds; i++) operation(i);
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < 60; run++) {
    const startMs = performance.now();
    for (let i = 0; i < rounds; i++) if (operation(i)) good++;
    best = Math.min(best, ((performance.now() - startMs) * 1e6) / rounds);
  }
  console.log(`${name.padEnd(44)} ${best.toFixed(0).padStart(8)} ns`);
}

function createStage(cachedTokens: number): JwtStage {
  const stage = new JwtStage(NOW, { cachedTokens });
  stage.keys.replace([key as Exclude<typeof key, { reason: string }>]);
  // The bench counts nothing: lists of what was asked would be what it measures.
  stage.lookups.push = () => 0;
  return stage;
}

console.log(`(tokens of ${tokens[0]!.length} characters)`);
const stage = createStage(2048);
const { identity } = stage;
measure("1,024 known tokens in turn", 4096, (i) => identity.identify(exchanges[i & 1023]!) instanceof Principal);
measure("one known token", 4096, () => identity.identify(exchanges[0]!) instanceof Principal);
const other = stage.create({ name: "other", issuer: "https://other.example", cachedTokens: 2048 });
measure("another's token, found out before", 4096, (i) => other.identify(exchanges[i & 1023]!) === null);
for (const encoding of ["binary", "base64url", "hex"] as const) {
  measure(`the digest alone, as ${encoding}`, 4096, (i) => hash("sha256", tokens[i & 1023]!, encoding).length > 0);
}

/** A fifth of what is spoken of: each is signed and verified first. */
const COUNT = 20_000;
const collect = (globalThis as { gc?: () => void }).gc ?? (() => (globalThis as { Bun?: { gc(isSync: boolean): void } }).Bun?.gc(true));
const large = createStage(COUNT);
const measureMemory = (): number => {
  for (let i = 0; i < 3; i++) collect();
  const { heapUsed, rss } = process.memoryUsage();
  return (globalThis as { Bun?: unknown }).Bun === undefined ? heapUsed : rss;
};
const before = measureMemory();
for (let i = 0; i < COUNT; i++) {
  const outcome = large.ask(makeToken(i), `10.${i >> 16}.${(i >> 8) & 255}.${i & 255}`);
  if (outcome instanceof Principal) good++;
}
const each = (measureMemory() - before) / COUNT;
console.log(
  `a verified token holds ${each.toFixed(0)} bytes; 100,000 of them ${((each * 100_000) / 2 ** 20).toFixed(0)} MiB (Node needs --expose-gc)`,
);
// Still there: what nobody asks any more is collected while it is measured.
if (large.ask(makeToken(0)) instanceof Principal) good++;
console.log(`(${good})`);
