import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { hashFolded } from "../../http/index.ts";
import { changes, findChange, findRun, isSuspect, keepRun, noteChange } from "./run-cache.ts";

const BYTES = Uint8Array.of(1, 2, 3);

function hashOf(name: string): number {
  return hashFolded(name, 0, name.length);
}

describe("a run of lines", () => {
  it("is kept when its shape comes for the second time, and found by its whole text", () => {
    keepRun(1001, "a: 1", BYTES);
    assert.equal(findRun(1001, "a: 1"), null);
    keepRun(1001, "a: 1", BYTES);
    assert.deepEqual(findRun(1001, "a: 1"), BYTES);
    assert.equal(findRun(1001, "a: 2"), null);
  });

  it("is a copy: the buffer that it was written into is used again", () => {
    const buffer = Uint8Array.of(1, 2, 3);
    keepRun(1002, "b: 1", buffer);
    keepRun(1002, "b: 1", buffer);
    buffer.fill(9);
    assert.deepEqual(findRun(1002, "b: 1"), BYTES);
  });

  it("tells where another of its shape differs from it", () => {
    keepRun(1003, "c: 1", BYTES);
    keepRun(1003, "c: 1", BYTES);
    assert.equal(findChange(1003, "c: 2"), 3);
    assert.equal(findChange(1003 + 256, "c: 2"), -1);
  });

  it("of more than 2 KiB is not kept", () => {
    const text = `d: ${"x".repeat(2048)}`;
    keepRun(1004, text, BYTES);
    keepRun(1004, text, BYTES);
    assert.equal(findRun(1004, text), null);
  });
});

describe("a line", () => {
  it("that has changed three times is written by itself", () => {
    const hash = hashOf("x-run-cache-test");
    for (let i = 0; i < 3; i++) {
      assert.equal(isSuspect(hash), false);
      noteChange(hash);
    }
    assert.equal(isSuspect(hash), true);
    assert.equal(changes(hash), true);
  });

  it("of a credential is suspect from the start, and does not count as changing", () => {
    for (const name of ["authorization", "cookie", "set-cookie", "proxy-authorization", "x-api-key", "x-internal-token"]) {
      assert.equal(isSuspect(hashOf(name)), true);
      assert.equal(changes(hashOf(name)), false);
    }
  });

  it("that changed once gets another chance after a million", () => {
    const hash = hashOf("x-run-cache-test");
    for (let i = 0; i < 1 << 20; i++) changes(hash);
    assert.equal(isSuspect(hash), false);
    assert.equal(isSuspect(hashOf("cookie")), true);
  });
});
