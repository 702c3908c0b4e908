import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Principal } from "../../pipeline/index.ts";
import { BAD_CREDENTIAL } from "../faults.ts";
import { PrincipalMaker } from "../principal-maker.ts";
import { KnownKeys } from "./known-keys.ts";

const FAULT = BAD_CREDENTIAL.with("partners: revoked");
const maker = new PrincipalMaker({
  name: "partners",
  kind: "apiKey",
  headers: null,
  principal: { id: ["owner"], tenant: "tenant", roles: "roles", scopes: "scopes" },
  from: { kind: "header", name: "X-Api-Key" },
  trustWithoutStoreMs: 0,
  cachedKeys: 2,
});

function principalOf(owner: string): Principal {
  const made = maker.make({ owner }, { expiresAtMs: null, plan: null });
  assert.ok(made instanceof Principal);
  return made;
}

describe("keys that are known", () => {
  it("go in the order of their last use", () => {
    const known = new KnownKeys(2);
    known.putGood("a", principalOf("a"));
    known.putGood("b", principalOf("b"));
    assert.ok(known.get("a", 0) instanceof Principal);
    known.putGood("c", principalOf("c"));
    assert.equal(known.get("b", 0), null);
    assert.ok(known.get("a", 0) instanceof Principal);
  });

  it("are what was read last, good or not", () => {
    const known = new KnownKeys(2);
    known.putGood("a", principalOf("a"));
    known.putBad("a", FAULT, 0);
    assert.equal(known.get("a", 0), FAULT);
    known.putGood("a", principalOf("a"));
    assert.ok(known.get("a", 0) instanceof Principal);
    assert.equal(known.size, 1);
  });

  it("are looked up again after 10 s where they were none", () => {
    const known = new KnownKeys(2);
    known.putBad("a", FAULT, 0);
    assert.equal(known.get("a", 9999), FAULT);
    assert.equal(known.get("a", 10_000), null);
    assert.equal(known.size, 0);
  });

  it("are none once they are cleared", () => {
    const known = new KnownKeys(2);
    known.putGood("a", principalOf("a"));
    known.putBad("b", FAULT, 0);
    known.clear();
    assert.deepEqual([known.get("a", 0), known.get("b", 0), known.size], [null, null, 0]);
  });
});
