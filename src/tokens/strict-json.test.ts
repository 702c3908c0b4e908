import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseJsonObject, readJsonObject } from "./strict-json.ts";

const BOUNDS = { depth: 5, members: 8 };
const read = (text: string) => readJsonObject(Buffer.from(text), BOUNDS);

const GOOD = [
  "{}",
  '{"a":1}',
  ' { "a" : [1, -2.5e3, true, null, "x"] }\r\n',
  '{"a":{"a":{"a":1}},"b":[{"a":1},{"a":2}]}',
  '{"a":"a","b":"a"}',
  '{"a":["a","a"]}',
  '{"a:":1,"a":2}',
  '{"a":"\\"b\\":1,\\"b\\":2"}',
  '{"\\"":1,"\\\\":2,"a\\\\\\"":3}',
  '{"\\u0061":1,"b":2}',
  '{"a":"}{]["}',
  '{"é":1,"e\u0301":2}',
  '{"A":1,"a":2}',
  '{"":1}',
  '{"a":"\\ud83d\\ude00"}',
];

const BAD = [
  ["", "nothing"],
  ["null", "no object"],
  ["1", "no object"],
  ['"a"', "no object"],
  ["[]", "no object"],
  ['[{"a":1}]', "no object"],
  ['{"a":1,"a":1}', "twice"],
  ['{"a":1,"b":2,"a":3}', "twice"],
  ['{"a":1,"\\u0061":2}', "twice, with an escape"],
  ['{"/":1,"\\/":2}', "twice, with an escape"],
  ['{"":1,"":2}', "twice, without a name"],
  ['{"b":{"a":1,"a":2}}', "twice, below"],
  ['{"b":[[{"a":1,"a":2}]]}', "twice, in lists"],
  ['{"a":{"x":1},"b":1,"a":2}', "twice, around an object"],
  ['{"a":[{"x":1}],"b":1,"a":2}', "twice, around a list"],
  ['{"a" : 1, "a"\t\r\n: 2}', "twice, with white space"],
  ['{"__proto__":{}}', "__proto__"],
  ['{"a":{"\\u005f_proto__":1}}', "__proto__ with an escape"],
  ['{"a":"\\ud800"}', "half a pair"],
  ['{"\\udc00":1}', "half a pair in a name"],
  ['{"a":["\\ude00\\ud83d"]}', "a pair in the wrong order"],
  ['{"a":[[[[[1]]]]]}', "too deep"],
  ['{"a":1,"b":1,"c":1,"d":1,"e":1,"f":1,"g":1,"h":1,"i":1}', "too many members"],
  ['{"a":[{"b":1},{"b":1},{"b":1},{"b":1},{"b":1},{"b":1},{"b":1},{"b":1}]}', "too many members in all"],
  ['{"a":1}{"a":1}', "two"],
  ["}", "closed before it opens"],
  ['{"a":"', "an open text"],
  ['{"a":"\\', "an open escape"],
  ['{"a":"\\"}', "an escaped quote"],
  ["{a:1}", "no JSON"],
  ['{"a":01}', "no JSON"],
  ['{"a":NaN}', "no JSON"],
  ['{"a":"\t"}', "no JSON"],
] as const;

describe("a strict JSON object", () => {
  for (const text of GOOD) it(`is ${text.trim()}`, () => assert.deepEqual(read(text), JSON.parse(text)));
  for (const [text, why] of BAD) it(`is not ${text}: ${why}`, () => assert.equal(read(text), null));

  it("is UTF-8 without a byte order mark", () => {
    assert.equal(read('\ufeff{"a":1}'), null);
    assert.equal(readJsonObject(Buffer.from('{"a":"é"}', "latin1"), BOUNDS), null);
    assert.equal(readJsonObject(Buffer.from('{"a":1}', "utf16le"), BOUNDS), null);
  });

  it("has no half of a surrogate pair in text that was never bytes", () => {
    assert.equal(parseJsonObject('{"a":"\ud800"}', BOUNDS), null);
    assert.deepEqual(parseJsonObject('{"a":"\ud83d\ude00"}', BOUNDS), { a: "\ud83d\ude00" });
  });

  it("is whole: no cut of one is one, and none throws", () => {
    for (const text of GOOD) {
      const bytes = Buffer.from(text.trim());
      for (let at = 0; at < bytes.length; at++) assert.equal(readJsonObject(bytes.subarray(0, at), BOUNDS), null, `${text} at ${at}`);
    }
    for (const [text] of BAD) for (let at = 0; at < text.length; at++) parseJsonObject(text.slice(0, at), BOUNDS);
  });

  it("is what JSON.parse says of it, for texts made of pieces by chance, unless a name stands twice", () => {
    const pieces = ["{", "}", "[", "]", ",", ":", '"a"', '"b"', '"\\u0061"', "1", " ", '"', "\\"];
    let state = 7;
    const next = (below: number): number => {
      state = (state * 1103515245 + 12345) & 0x7fffffff;
      return Math.floor((state / 0x7fffffff) * below) % below;
    };
    let good = 0;
    for (let round = 0; round < 50_000; round++) {
      const text = `{${Array.from({ length: next(8) }, () => pieces[next(pieces.length)]).join("")}}`;
      const value = read(text);
      if (value === null) continue;
      good++;
      assert.deepEqual(value, JSON.parse(text));
    }
    assert.ok(good > 100, `${good}`);
  });

  it("of many members is read in no time that grows with their square", () => {
    const text = `{${Array.from({ length: 20_000 }, (_, i) => `"m${i}":0`).join(",")}}`;
    const before = performance.now();
    assert.notEqual(parseJsonObject(text, { depth: 2, members: 20_000 }), null);
    assert.ok(performance.now() - before < 2000);
  });
});
