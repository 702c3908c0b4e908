import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FIELD, Fields } from "../../http/index.ts";
import { listCookies, MOST_VALUE, mustBeSecure, namesOf, readValue, removeAll, writeShortLived, writeValue } from "./cookies.ts";

const NAME = "__Host-sid";
const OPTIONS = { isSecure: true };

function fieldsOf(...lines: string[]): Fields {
  const fields = new Fields("");
  for (const line of lines) fields.add(FIELD.COOKIE, line);
  return fields;
}

/** What a browser that has `before` has after these lines, in the form of a Cookie field. */
function keep(before: ReadonlyMap<string, string>, lines: readonly string[]): Map<string, string> {
  const after = new Map(before);
  for (const line of lines) {
    const [pair = "", ...attributes] = line.split("; ");
    const [name = "", value = ""] = pair.split(/=(.*)/);
    if (attributes.includes("Max-Age=0")) after.delete(name);
    else after.set(name, value);
  }
  return after;
}

const read = (jar: ReadonlyMap<string, string>) => readValue([...jar], NAME);

describe("the cookie of a session", () => {
  it("is found among others, over several lines", () => {
    const cookies = listCookies(fieldsOf("a=1; __Host-sid=x=y", "=z;b; c = 2 "));
    assert.deepEqual(cookies, [
      ["a", "1"],
      [NAME, "x=y"],
      ["c", "2"],
    ]);
    assert.equal(readValue(cookies, NAME), "x=y");
    assert.equal(readValue(cookies, "sid"), null);
  });

  it("is not what another site may set: a browser holds no name to its prefix that begins with a space of another kind", () => {
    for (const space of ["\u00a0", "\v", "\f"]) {
      for (const name of [`${space}${NAME}`, `${NAME}${space}`]) assert.equal(readValue(listCookies(fieldsOf(`${name}=x`)), NAME), null);
    }
  });

  it("can't be read by scripts, goes to no other host and comes along from the provider", () => {
    assert.deepEqual(writeValue(NAME, "v", [], OPTIONS), [`${NAME}=v; Path=/; HttpOnly; SameSite=Lax; Secure`]);
    assert.deepEqual(writeValue("sid", "v", [], { isSecure: false }), ["sid=v; Path=/; HttpOnly; SameSite=Lax"]);
    assert.equal(writeShortLived("a", "v", 600, OPTIONS), "a=v; Max-Age=600; Path=/; HttpOnly; SameSite=Lax; Secure");
  });

  it("is Secure wherever its name or the connection says so", () => {
    assert.equal(mustBeSecure("sid", "https"), true);
    assert.equal(mustBeSecure("sid", "http"), false);
    for (const name of ["__Host-sid", "__Secure-sid", "__host-sid"]) assert.equal(mustBeSecure(name, "http"), true);
  });

  for (const length of [1, 3700, 3701, 3698 + 3700, 3698 + 3701, MOST_VALUE]) {
    it(`comes back whole from ${length} characters, and leaves no part of another length behind`, () => {
      const value = `${"x".repeat(length - 1)}y`;
      for (const before of [0, 1, 5000, 9000, 14_000]) {
        const old = before === 0 ? new Map<string, string>() : keep(new Map(), writeValue(NAME, "o".repeat(before), [], OPTIONS));
        const lines = writeValue(NAME, value, namesOf([...old], NAME), OPTIONS);
        const jar = keep(old, lines);
        assert.equal(read(jar), value);
        assert.equal(jar.size, Math.max(1, length > 3700 ? Math.ceil((length + 2) / 3700) : 1));
        for (const line of lines) assert.ok(line.length < 4096, "larger than browsers keep");
        assert.equal(read(keep(jar, removeAll(namesOf([...jar], NAME), OPTIONS))), null);
      }
    });
  }

  it("is damaged when it is there twice, a part is missing or there twice, or the first does not count", () => {
    const parts = keep(new Map(), writeValue(NAME, "x".repeat(8000), [], OPTIONS));
    assert.equal(parts.size, 3);
    for (const name of parts.keys()) {
      const fewer = [...parts].filter(([other]) => other !== name);
      // Without the first there is nothing that would be a session.
      assert.equal(readValue(fewer, NAME), name === `${NAME}.0` ? null : "damaged");
      assert.equal(readValue([...parts, [name, "z"]], NAME), "damaged");
    }
    const damaged: (readonly [string, string])[][] = [
      [
        [NAME, "a"],
        [NAME, "b"],
      ],
      [[NAME, ""]],
      [[`${NAME}.0`, "x"]],
      [[`${NAME}.0`, "9~x"]],
      [[`${NAME}.0`, "0~x"]],
      [[`${NAME}.0`, "2~x"]],
    ];
    for (const cookies of damaged) {
      assert.equal(readValue(cookies, NAME), "damaged");
    }
  });
});
