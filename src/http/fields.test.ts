import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type FieldName, FoldedNames, fieldName, foldName, hashFolded } from "./field-name.ts";
import { FieldBlock, Fields, hasFolded } from "./fields.ts";

const A = fieldName("A");
const X_ID = fieldName("X-Id");
const SET_COOKIE = fieldName("Set-Cookie");

/** Fields as a parser leaves them, behind a start line. */
function received(...lines: readonly (readonly [name: string, value: string])[]): Fields {
  let text = "GET / HTTP/1.1\r\n";
  const fields = new Fields(text + lines.map(([name, value]) => `${name}: ${value}\r\n`).join(""));
  for (const [name, value] of lines) {
    const at = text.length;
    text += `${name}: ${value}\r\n`;
    fields.mark(at, at + name.length, at + name.length + 2, text.length - 2, hashFolded(name, 0, name.length));
  }
  fields.textEnd = text.length;
  return fields;
}

describe("fields", () => {
  it("are found by their name in any case, the first of several", () => {
    const fields = received(["a", "1"], ["X-ID", "2"], ["A", "3"], ["X_Id", "4"]);
    assert.equal(fields.get(A), "1");
    assert.equal(fields.get(X_ID), "2");
    assert.equal(fields.getCombined(A), "1, 3");
    assert.equal(fields.get(SET_COOKIE), null);
    assert.equal(fields.getCombined(SET_COOKIE), null);
    assert.equal(fields.has(X_ID), true);
    assert.deepEqual([fields.received, fields.size], [4, 4]);
  });

  it("may be added behind those received", () => {
    const fields = received(["a", "1"]);
    fields.add(A, "2");
    fields.add(SET_COOKIE, "s");
    assert.equal(fields.toLines(), "a: 1\r\nA: 2\r\nSet-Cookie: s\r\n");
    assert.equal(fields.getCombined(A), "1, 2");
    assert.deepEqual([fields.received, fields.size], [1, 3]);
    assert.deepEqual([fields.nameAt(2), fields.valueAt(2), fields.isKept(2)], ["Set-Cookie", "s", true]);
  });

  it("are set to one line, received and added ones alike", () => {
    const fields = received(["a", "1"], ["b", "2"], ["A", "3"]);
    fields.add(A, "4");
    fields.set(A, "5");
    assert.equal(fields.toLines(), "b: 2\r\nA: 5\r\n");
    assert.equal(fields.getCombined(A), "5");
  });

  it("are removed by exact name, or in every spelling", () => {
    const lines = [
      ["X-Id", "1"],
      ["x_id", "2"],
      ["X--ID", "3"],
      ["y", "4"],
    ] as const;
    const exact = received(...lines);
    exact.remove(X_ID);
    assert.equal(exact.toLines(), "x_id: 2\r\nX--ID: 3\r\ny: 4\r\n");
    assert.equal(hasFolded(exact, X_ID), true);
    const folded = received(...lines);
    assert.equal(folded.removeFolded(new FoldedNames([X_ID])), 3);
    assert.equal(folded.toLines(), "y: 4\r\n");
    assert.equal(hasFolded(folded, X_ID), false);
    assert.equal(folded.removeFolded(new FoldedNames([X_ID])), 0);
  });

  it("that were removed keep their place, their name and their value", () => {
    const fields = received(["a", "1"], ["b", "2"]);
    fields.dropAt(0);
    fields.dropAt(0);
    assert.deepEqual([fields.size, fields.isKept(0), fields.isKept(1), fields.nameAt(0), fields.valueAt(0)], [2, false, true, "a", "1"]);
    assert.equal(fields.toLines(), "b: 2\r\n");
  });

  it("that Connection nominates are removed by exact name", () => {
    const fields = received(["X-Id", "1"], ["x_id", "2"]);
    fields.removeNominated("close, x-ID", 7, 11);
    assert.equal(fields.toLines(), "x_id: 2\r\n");
  });

  it("know which of them came as secrets, and a copy does too", () => {
    const fields = received(["a", "1"]);
    assert.equal(fields.secrets, null);
    fields.secrets = ["a"];
    assert.deepEqual(fields.copy().secrets, ["a"]);
  });

  it("show the shared lines as a block until a single one is removed", () => {
    const block = new FieldBlock(["Via", "1.1 x"]);
    const fields = received(["a", "1"]);
    assert.equal(fields.block, null);
    fields.addBlock(block);
    fields.add(A, "2");
    assert.equal(fields.block, block);
    assert.equal(fields.toLines(), "a: 1\r\nVia: 1.1 x\r\nA: 2\r\n");
    fields.remove(fieldName("Via"));
    assert.deepEqual([fields.block, fields.added], [null, ["A", "2"]]);
  });

  it("keep the shared lines a block while others are asked for, set and removed, and in a copy", () => {
    const block = new FieldBlock(["Via", "1.1 x", "X-Id", "7"]);
    const fields = received(["a", "1"]);
    fields.addBlock(block);
    fields.add(X_ID, "8");
    assert.deepEqual([fields.get(X_ID), fields.get(fieldName("via")), fields.get(SET_COOKIE), fields.has(A)], ["7", "1.1 x", null, true]);
    fields.set(A, "2");
    fields.remove(SET_COOKIE);
    const copy = fields.copy();
    assert.deepEqual([fields.block, copy.block], [block, block]);
    copy.set(X_ID, "9");
    assert.equal(copy.toLines(), "Via: 1.1 x\r\nA: 2\r\nX-Id: 9\r\n");
    assert.equal(fields.toLines(), "Via: 1.1 x\r\nX-Id: 7\r\nX-Id: 8\r\nA: 2\r\n");
  });

  it("keep the shared lines a block while all lines are looked at by number", () => {
    const block = new FieldBlock(["Via", "1.1 x", "X-Id", "7"]);
    const fields = received(["a", "1"]);
    fields.addBlock(block);
    fields.add(A, "2");
    const lines = Array.from({ length: fields.size }, (_, i) => [fields.nameAt(i), fields.valueAt(i), fields.isAt(i, A), fields.isKept(i)]);
    assert.deepEqual(lines, [
      ["a", "1", true, true],
      ["Via", "1.1 x", false, true],
      ["X-Id", "7", false, true],
      ["A", "2", true, true],
    ]);
    assert.deepEqual([fields.getCombined(A), fields.getCombined(X_ID), fields.block], ["1, 2", "7", block]);
  });

  it("give the value of a field that must stand once", () => {
    const fields = received(["a", "1"], ["b", "2"], ["B", "3"], ["b-", "4"]);
    fields.addBlock(new FieldBlock(["Via", "1.1 x"]));
    const only = (name: string) => fields.getOnly(fieldName(name), "several");
    assert.deepEqual([only("a"), only("b"), only("via"), only("c")], ["1", "several", "1.1 x", null]);
    fields.add(A, "5");
    assert.equal(only("a"), "several");
    fields.remove(A);
    assert.equal(only("a"), null);
  });

  it("are copied so that neither copy sees the other's changes", () => {
    const fields = received(["a", "1"], ["b", "2"]);
    fields.add(X_ID, "3");
    const copy = fields.copy();
    copy.set(A, "4");
    fields.remove(X_ID);
    assert.equal(fields.toLines(), "a: 1\r\nb: 2\r\n");
    assert.equal(copy.toLines(), "b: 2\r\nX-Id: 3\r\nA: 4\r\n");
  });
});

/** The same as Fields, done simply. */
class Model {
  lines: { readonly name: string; readonly value: string }[];

  constructor(lines: readonly (readonly [string, string])[]) {
    this.lines = lines.map(([name, value]) => ({ name, value }));
  }

  without(isMatch: (name: string) => boolean): void {
    this.lines = this.lines.filter(({ name }) => !isMatch(name));
  }

  get text(): string {
    return this.lines.map(({ name, value }) => `${name}: ${value}\r\n`).join("");
  }

  values(name: FieldName): string[] {
    return this.lines.filter((line) => line.name.toLowerCase() === name.lower).map(({ value }) => value);
  }
}

describe("any sequence of changes", () => {
  const name = fc.constantFrom("a", "A", "b", "X-Id", "x_id", "X--ID", "x-id");
  const value = fc.string({ unit: fc.constantFrom(..."xyz ,"), maxLength: 4 }).map((text) => text.trim());
  const change = fc.tuple(fc.constantFrom("add", "set", "remove", "removeFolded", "nominated", "copy"), name, value);

  it("leaves the lines that a plain list would have", () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(name, value), { maxLength: 8 }), fc.array(change, { maxLength: 12 }), (lines, changes) => {
        let fields = received(...lines);
        const model = new Model(lines);
        for (const [kind, text, value] of changes) {
          const field = fieldName(text);
          if (kind === "add" || kind === "set") {
            if (kind === "set") model.without((other) => other.toLowerCase() === field.lower);
            model.lines.push({ name: text, value });
            fields[kind](field, value);
          } else if (kind === "remove") {
            model.without((other) => other.toLowerCase() === field.lower);
            fields.remove(field);
          } else if (kind === "copy") {
            fields = fields.copy();
          } else if (fields.added === null) {
            // These two come before anything is added: they judge what was received.
            model.without((other) => (kind === "nominated" ? other.toLowerCase() === field.lower : foldName(other) === field.folded));
            if (kind === "nominated") fields.removeNominated(text, 0, text.length);
            else fields.removeFolded(new FoldedNames([field]));
          }
          assert.equal(fields.toLines(), model.text);
          for (const other of [A, X_ID, fieldName("b")]) {
            const values = model.values(other);
            assert.equal(fields.get(other), values[0] ?? null);
            assert.equal(fields.getCombined(other), values.length === 0 ? null : values.join(", "));
            assert.equal(fields.has(other), values.length > 0);
          }
        }
      }),
      { numRuns: 1_000 },
    );
  });
});
