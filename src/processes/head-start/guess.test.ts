import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { guess } from "./guess.ts";

const listeners = [
  { name: "http", address: "127.0.0.1:8080" },
  { name: "https", address: "0.0.0.0:8443", tls: {} },
];

describe("the guess at a configuration", () => {
  it("has every listener, and as many workers as are asked for", () => {
    const seen = [
      { name: "http", address: { host: "127.0.0.1", port: 8080 } },
      { name: "https", address: { host: "0.0.0.0", port: 8443 } },
    ];
    assert.deepEqual(guess({ listeners, gateway: { workers: 3 } }, 2), { listeners: seen, workers: 3 });
    assert.deepEqual(guess({ listeners, gateway: { workers: "auto" } }, 2), { listeners: seen, workers: 2 });
    assert.deepEqual(guess({ listeners }, 8), { listeners: seen, workers: 8 });
  });

  it("is not made of what takes more than a look", () => {
    for (const address of ["127.0.0.1:0", "[::1]:8080", "unix:/run/x.sock", "${env:ADDRESS}", "127.0.0.1:99999", 8080, undefined]) {
      assert.equal(guess({ listeners: [{ name: "http", address }] }, 2), null, String(address));
    }
    for (const value of [null, 1, "x", [], {}, { listeners: [] }, { listeners: {} }, { listeners: [null] }])
      assert.equal(guess(value, 2), null);
    assert.equal(guess({ listeners: [{ name: "http", address: "127.0.0.1:1", reusePort: true }] }, 2), null);
    for (const workers of [0, -1, 1.5, "2", 257, null, []]) {
      const made = guess({ listeners, gateway: { workers } }, 2);
      assert.equal(made, workers === null ? made : null);
    }
    assert.equal(guess({ listeners, gateway: "x" }, 2), null);
  });
});
