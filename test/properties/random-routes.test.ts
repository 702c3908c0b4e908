// The same promise as spellings.test.ts, on route tables that nobody wrote.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { checkSpellings, createTestGateway } from "../../src/testing/index.ts";

const segment = fc.constantFrom("a", "b", "admin", ":id");
const path = fc
  .tuple(fc.array(segment, { maxLength: 3 }), fc.boolean())
  .map(
    ([segments, hasTail]) =>
      `/${[...segments, ...(hasTail ? ["*"] : [])].map((name, index) => (name === ":id" ? `:id${index}` : name)).join("/")}`,
  );
/** Two patterns that differ in their parameters' names alone would clash. */
const table = fc.uniqueArray(path, { minLength: 1, maxLength: 6, selector: (each) => each.replaceAll(/:id\d/g, ":") });

describe("whatever the routes", () => {
  it("no spelling of a request changes whose policies run", async () => {
    let tried = 0;
    await fc.assert(
      fc.asyncProperty(table, fc.constantFrom("merge", "reject"), fc.integer({ min: 0, max: 2 ** 31 }), async (paths, slashes, seed) => {
        const routes = paths.map((each, index) => `  - { name: r${index}, match: { path: "${each}" }, public: true, upstream: one }`);
        const yaml = `version: 1
listeners: [{ name: http, address: 127.0.0.1:8080 }]
upstreams: { one: { endpoints: [http://127.0.0.1:3001] } }
defaults: { paths: { duplicateSlashes: ${slashes} } }
routes:
${routes.join("\n")}
`;
        await using gateway = await createTestGateway({ yaml });
        assert.deepEqual(await checkSpellings(gateway, { seed, runs: 10 }), []);
        tried++;
      }),
      { numRuns: 60 },
    );
    assert.ok(tried >= 60);
  });
});
