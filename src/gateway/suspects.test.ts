import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Suspects } from "./suspects.ts";

describe("an address that has flooded", () => {
  it("is suspected for a minute from its last flood on, by its network where it is IPv6", () => {
    const suspects = new Suspects();
    suspects.add("192.0.2.7", 0);
    suspects.add("2001:db8::1", 0);
    suspects.add("192.0.2.7", 30_000);
    assert.equal(suspects.has("192.0.2.7", 89_999), true);
    assert.equal(suspects.has("192.0.2.7", 90_000), false);
    assert.equal(suspects.has("2001:db8::ffff", 59_999), true);
    assert.equal(suspects.has("2001:db8:0:1::1", 1), false);
    assert.equal(suspects.has("192.0.2.8", 1), false);
  });

  it("is nobody on a unix socket", () => {
    const suspects = new Suspects();
    suspects.add("", 0);
    assert.equal(suspects.has("", 1), false);
  });

  it("is forgotten for newer ones when there are very many", () => {
    const suspects = new Suspects();
    for (let i = 0; i <= 10_000; i++) suspects.add(`10.0.${i >> 8}.${i & 255}`, i);
    assert.equal(suspects.has("10.0.0.0", 10_001), false);
    assert.equal(suspects.has("10.0.0.1", 10_001), true);
  });
});
