import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { describe, it } from "node:test";
import { isKey, KEY_LENGTH, makeKey } from "./key-format.ts";

const { id, key } = makeKey(randomBytes);

describe("a key", () => {
  it("has a beginning by which scanners know it, and its id", () => {
    assert.match(key, /^spk_[0-9A-Za-z]{12}_[0-9A-Za-z]{39}$/);
    assert.equal(key.slice(4, 16), id);
    assert.equal(key.length, KEY_LENGTH);
    assert.ok(isKey(key));
  });

  it("is none when any of its characters is another, or it is cut anywhere", () => {
    for (let at = 0; at < key.length; at++) {
      for (const other of ["0", "z", "_", " ", "\u0130"]) {
        if (key[at] !== other) assert.ok(!isKey(key.slice(0, at) + other + key.slice(at + 1)), `${at} ${other}`);
      }
      assert.ok(!isKey(key.slice(0, at)));
    }
    for (const more of [`${key}0`, `${key} `, ` ${key}`, key.toLowerCase(), ""]) assert.ok(!isKey(more));
  });

  it("is drawn fairly: bytes that would favour some digits are thrown away", () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
    const drawn = makeKey((length) => bytes.subarray(bytes.length - length));
    // 248 to 255 name no digit, so that all that is drawn from twelve such bytes are the four before them.
    assert.deepEqual([...new Set(drawn.id)].sort(), ["w", "x", "y", "z"]);
    const ids = new Set(Array.from({ length: 1000 }, () => makeKey(randomBytes).id));
    assert.equal(ids.size, 1000);
  });
});
