// Nanoseconds to show an upstream who calls: the token that is kept, one in each of many principals' names, and one made for the request.

import { generateKeyPairSync } from "node:crypto";
import { systemClock } from "../../base/index.ts";
import { type FieldName, Fields, fieldName } from "../../http/index.ts";
import type { Signer } from "../../identity/internal-keys/index.ts";
import { type Attempt, Principal } from "../../pipeline/index.ts";
import { compileInternalToken } from "./index.ts";

const KEYS = {
  EdDSA: generateKeyPairSync("ed25519").privateKey,
  ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
};
const principals = Array.from(
  { length: 10_000 },
  (_, index) =>
    new Principal({
      identity: "users",
      source: "jwt",
      id: `user-${index}`,
      tenant: "acme",
      roles: ["reader", "writer"],
      scopes: ["orders:read", "orders:write"],
      claims: {},
      plan: null,
      expiresAtMs: null,
      lines: [],
    }),
);

/** What a policy sees of an attempt, without a connection. */
class BenchAttempt {
  readonly upstream = { name: "orders" };
  readonly exchange = {
    principal: principals[0] as Principal,
    head: { fields: receivedFields() },
    answersByMs: 5000,
    endsByMs: 0,
    runtime: { wheel: { nowMs: 0 } },
  };
  fields = this.exchange.head.fields;

  setField(name: FieldName, value: string): void {
    if (this.fields === this.exchange.head.fields) this.fields = this.fields.copy();
    this.fields.set(name, value);
  }

  onUpstreamFault(): void {
    throw new Error("no token was made");
  }
}

function receivedFields(): Fields {
  const fields = new Fields("");
  for (let i = 0; i < 8; i++) fields.add(fieldName(`X-Field-${i}`), "some value");
  return fields;
}

function stepOf(algorithm: "EdDSA" | "ES256", deadline: boolean): (attempt: BenchAttempt) => void {
  const signer: Signer = { kid: "k", algorithm, object: KEYS[algorithm], expiresAtMs: Number.MAX_SAFE_INTEGER };
  const policy = compileInternalToken(
    { name: "orders", internalToken: { audience: "orders", ttlMs: 600_000, header: "X-Internal-Token", deadline } },
    { keys: { issuer: "https://edge.test", current: () => signer }, clock: systemClock, identities: [] },
  );
  const step = policy?.attempt;
  if (step === undefined) throw new Error("the upstream wants no token");
  return (attempt) => void step(attempt as unknown as Attempt);
}

function measure(name: string, rounds: number, run: (attempt: BenchAttempt, round: number) => void): void {
  let best = Number.POSITIVE_INFINITY;
  const attempt = new BenchAttempt();
  for (let repeat = 0; repeat < 7; repeat++) {
    const start = performance.now();
    for (let i = 0; i < rounds; i++) {
      attempt.fields = attempt.exchange.head.fields;
      run(attempt, i);
    }
    best = Math.min(best, ((performance.now() - start) / rounds) * 1e6);
  }
  console.log(`${name.padEnd(56)} ${best.toFixed(1).padStart(9)} ns`);
}

const kept = stepOf("EdDSA", false);
const perRequestEd = stepOf("EdDSA", true);
const perRequestEc = stepOf("ES256", true);
const constant = fieldName("X-Internal-Token");

measure("a constant line of an attempt's own, to compare", 500_000, (attempt) => attempt.setField(constant, "value"));
measure("kept: one principal", 500_000, kept);
measure("kept: 10,000 principals in turn", 500_000, (attempt, round) => {
  attempt.exchange.principal = principals[round % principals.length] as Principal;
  kept(attempt);
});
measure("made for the request, with its deadline: EdDSA", 5000, perRequestEd);
measure("made for the request, with its deadline: ES256", 5000, perRequestEc);
