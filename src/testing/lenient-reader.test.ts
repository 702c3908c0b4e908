import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readLeniently } from "./lenient-reader.ts";
import { Dice, respell, respellName } from "./respell.ts";

describe("a lenient reader", () => {
  for (const [path, reading] of [
    ["/a/b", "/a/b"],
    ["/a%2Fb", "/a/b"],
    ["/a//b", "/a/b"],
    ["/a%5C..%5Cb", "/b"],
    ["/a/%2e%2E/b", "/b"],
    ["/a/./b/.", "/a/b/"],
    ["/%41%62", "/Ab"],
    ["/%C3%A9", "/%C3%A9"],
    ["/../..", "/"],
  ] as const) {
    it(`may take ${path} for ${reading}`, () =>
      assert.ok(readLeniently(path, false).includes(reading), readLeniently(path, false).join(" ")));
  }

  it("cuts parameters off where it is said to know them", () => {
    assert.deepEqual(readLeniently("/a;x/..;/b", false), ["/a%3Bx/..%3B/b", "/a;x/..;/b"]);
    assert.ok(readLeniently("/a;x/..;/b", true).includes("/b"));
  });

  it("has one reading of what can't be read otherwise", () => {
    assert.deepEqual(readLeniently("/orders/1", true), ["/orders/1"]);
  });
});

describe("another spelling", () => {
  it("is the same for the same seed, and differs for others", () => {
    const spell = (seed: number) =>
      Array.from(
        { length: 50 },
        (
          (dice) => () =>
            respell("/a/b/c", ["/x/y"], dice)
        )(new Dice(seed)),
      ).join("\n");
    assert.equal(spell(7), spell(7));
    assert.notEqual(spell(7), spell(8));
  });

  it("always begins with a slash", () => {
    const dice = new Dice(3);
    for (let i = 0; i < 5000; i++) assert.match(respell("/a/b", ["/", "/x/y/"], dice), /^\//);
  });

  it("of a field's name folds to the same letters", () => {
    const dice = new Dice(3);
    const spelt = Array.from({ length: 100 }, () => respellName("X-User-Id", dice));
    assert.deepEqual([...new Set(spelt.map((name) => name.toLowerCase().replaceAll(/[^a-z]/g, "")))], ["xuserid"]);
    assert.ok(new Set(spelt).size > 10);
  });
});
