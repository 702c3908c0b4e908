import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { Secret } from "./secret.ts";

test("a secret prints as *** in every way and is told only by reveal()", () => {
  const secret = new Secret("hunter2");
  assert.equal(`${secret}`, "***");
  assert.equal(String(secret), "***");
  // biome-ignore lint/style/useTemplate: concatenation is one of the ways
  assert.equal(secret + "", "***");
  assert.equal(JSON.stringify({ secret }), '{"secret":"***"}');
  assert.equal(inspect({ secret }), "{ secret: *** }");
  assert.equal(inspect(secret, { showHidden: true, depth: 10, customInspect: false }).includes("hunter2"), false);
  assert.deepEqual(Object.keys(secret), []);
  assert.equal(secret.reveal(), "hunter2");
});
