import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Refusal } from "./refusal.ts";
import { listParams, parseTemplate } from "./templates.ts";

describe("a template", () => {
  it("is literal text, parameters and facts", () => {
    assert.deepEqual(parseTemplate(""), []);
    assert.deepEqual(parseTemplate("a $ b } {c}"), ["a $ b } {c}"]);
    assert.deepEqual(parseTemplate("${param:id}"), [{ param: "id" }]);
    assert.deepEqual(parseTemplate("a${param:*}b${request:host}"), ["a", { param: "*" }, "b", { request: "host" }]);
    assert.deepEqual(parseTemplate("${param:a}${param:b}"), [{ param: "a" }, { param: "b" }]);
  });

  it("writes a plain `${` as `$${`", () => {
    assert.deepEqual(parseTemplate("$${param:id}"), ["${param:id}"]);
    assert.deepEqual(parseTemplate("a$$${b}$${"), ["a$${b}${"]);
    assert.deepEqual(parseTemplate("$${a}${param:b}"), ["${a}", { param: "b" }]);
    assert.deepEqual(parseTemplate("$"), ["$"]);
    assert.deepEqual(parseTemplate("$$"), ["$$"]);
  });

  it("that is not closed, or names what there is not, is refused with what to write", () => {
    const hint = (text: string) => {
      const refusal = parseTemplate(text);
      assert.ok(refusal instanceof Refusal, text);
      assert.equal(refusal.code, "SP_CONFIG_BAD_TEMPLATE");
      return refusal.hint ?? "";
    };
    assert.match(hint("a${param:id"), /not closed/);
    assert.match(hint("${id}"), /`\$\{param:id\}`.*`\$\{env:id\}`/);
    assert.match(hint("${param:a-b}"), /`\$\{param:id\}`/);
    assert.match(hint("${request:ip}"), /id, method, scheme, host, path, client/);
    for (const text of ["${}", "${param:id:x}", "${header:X-A}", "${param}${", "${ENV:A}", "${}}"]) assert.match(hint(text), /`/);
  });

  it("gives literal text back as it was", () => {
    const piece = fc.constantFrom("a", "$", "{", "}", " ", ":", "param");
    const property = fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const text = pieces.join("");
      const parts = parseTemplate(text.replaceAll("${", () => "$${"));
      // A `$` in front of the escape would make another one.
      if (!text.includes("$${")) assert.deepEqual(parts, text === "" ? [] : [text]);
    });
    fc.assert(property, { numRuns: 500 });
  });

  it("lists what it asks of the path", () => {
    const template = parseTemplate("${param:a}/${request:id}/${param:*}");
    assert.ok(!(template instanceof Refusal));
    assert.deepEqual(listParams(template), ["a", "*"]);
  });
});
