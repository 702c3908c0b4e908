import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RequestIds } from "./request-ids.ts";

describe("request ids", () => {
  it("are 16 digits of the process, a dash and a number that counts up to base 36 without a gap", () => {
    const ids = new RequestIds();
    const first = ids.next();
    const process = first.slice(0, 17);
    assert.match(process, /^[0-9a-f]{16}-$/);
    let last = Number.parseInt(first.slice(17), 36);
    // Over two of the places where the digits before the last two change.
    for (let i = 0; i < 3 * 36 * 36; i++) {
      const id = ids.next();
      assert.ok(id.startsWith(process));
      assert.equal(Number.parseInt(id.slice(17), 36), ++last);
    }
  });

  it("differ from those of another process", () => {
    assert.notEqual(new RequestIds().next().slice(0, 16), new RequestIds().next().slice(0, 16));
  });
});
