import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FOLD, FoldedNames, fieldName, foldName, hashFolded, isFoldedName, isSameName, isToken } from "./field-name.ts";

const TCHARS = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const token = fc.string({ unit: fc.constantFrom(...TCHARS), minLength: 1, maxLength: 24 });
/** Few letters and many separators: names that fold alike are frequent. */
const close = fc.string({ unit: fc.constantFrom(..."aAbB1-_.!~"), minLength: 1, maxLength: 6 });

function hash(text: string): number {
  return hashFolded(text, 0, text.length);
}

describe("tokens", () => {
  it("are made of tchar, at least one", () => {
    for (let c = 0; c < 256; c++) {
      assert.equal(FOLD[c] !== 0, TCHARS.includes(String.fromCharCode(c)), `byte ${c}`);
      assert.equal(isToken(`a${String.fromCharCode(c)}`), TCHARS.includes(String.fromCharCode(c)));
    }
    for (const bad of ["", "a b", "a:", "\u0141", "a\u0161", "é"]) assert.equal(isToken(bad), false, bad);
  });

  it("alone make a field name", () => {
    assert.throws(() => fieldName("a b"), /"a b" is not a field name/);
    assert.throws(() => fieldName(""));
    assert.deepEqual(fieldName("X-User_Id"), { text: "X-User_Id", lower: "x-user_id", folded: "x-user-id", hash: hash("x-user-id") });
  });
});

describe("folding", () => {
  it("makes one dash of every run of what is neither letter nor digit, and lower case of letters", () => {
    for (const [text, folded] of [
      ["Content-Length", "content-length"],
      ["CONTENT_LENGTH", "content-length"],
      ["content..--__length", "content-length"],
      ["_X", "-x"],
      ["x-", "x-"],
      ["!#$%&'*+-.^_`|~", "-"],
      ["a1", "a1"],
    ] as const)
      assert.equal(foldName(text), folded);
  });

  it("is done once: folding again changes nothing", () => {
    fc.assert(
      fc.property(token, (text) => {
        assert.equal(foldName(foldName(text)), foldName(text));
      }),
    );
  });

  it("gives the same hash to names that fold alike, and finds them alike", () => {
    fc.assert(
      fc.property(close, close, (a, b) => {
        const areAlike = foldName(a) === foldName(b);
        assert.equal(isFoldedName(a, 0, a.length, foldName(b)), areAlike);
        if (areAlike) assert.equal(hash(a), hash(b));
        assert.equal(hash(a), hash(foldName(a)));
      }),
      { numRuns: 2_000 },
    );
  });

  it("reads a name in the middle of other text", () => {
    fc.assert(
      fc.property(token, token, token, (before, name, after) => {
        const text = before + name + after;
        const to = before.length + name.length;
        assert.equal(hashFolded(text, before.length, to), hash(name));
        assert.ok(isFoldedName(text, before.length, to, foldName(name)));
        assert.ok(isSameName(text, before.length, to, name.toLowerCase()));
      }),
    );
  });
});

describe("isSameName", () => {
  it("ignores the case of letters and nothing else", () => {
    fc.assert(
      fc.property(close, close, (a, b) => {
        assert.equal(isSameName(a, 0, a.length, b.toLowerCase()), a.toLowerCase() === b.toLowerCase());
      }),
    );
    assert.equal(isSameName("^", 0, 1, "~"), false);
    assert.equal(isSameName("@", 0, 1, "`"), false);
    assert.equal(isSameName("[", 0, 1, "{"), false);
    assert.equal(isSameName("É", 0, 1, "é"), false);
  });
});

describe("FoldedNames", () => {
  it("finds what a list searched by hand finds", () => {
    fc.assert(
      fc.property(fc.array(close, { maxLength: 40 }), fc.array(close, { maxLength: 20 }), (members, asked) => {
        const names = new FoldedNames(members.map(fieldName));
        for (const text of [...asked, ...members]) {
          const expected = members.find((member) => foldName(member) === foldName(text));
          const found = names.find(hash(text), text, 0, text.length);
          assert.equal(found === null ? undefined : foldName(found.text), expected === undefined ? undefined : foldName(expected));
        }
      }),
    );
  });

  it("tells names apart whose hashes are the same", () => {
    // 31 * "b" + "C" = 31 * "c" + "$"-like sums: found by search, for the hash is no secret.
    const byHash = new Map<number, string>();
    const pairs: (readonly [string, string])[] = [];
    const letters = "abcdefghijklmnopqrstuvwxyz0123456789";
    for (const a of letters) {
      for (const b of letters) {
        for (const c of letters) {
          const twin = byHash.get(hash(a + b + c));
          if (twin !== undefined) pairs.push([twin, a + b + c]);
          byHash.set(hash(a + b + c), a + b + c);
        }
      }
    }
    assert.ok(pairs.length > 0, "there are collisions to test");
    for (const [one, other] of pairs.slice(0, 200)) {
      const names = new FoldedNames([fieldName(one)]);
      assert.equal(names.find(hash(other), other, 0, other.length), null);
      const both = new FoldedNames([fieldName(one), fieldName(other)]);
      assert.equal(both.find(hash(other), other, 0, other.length)?.text, other);
    }
  });

  it("of no names finds nothing", () => {
    assert.equal(new FoldedNames([]).find(hash("a"), "a", 0, 1), null);
  });
});
