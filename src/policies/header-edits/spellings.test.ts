// Which spellings of a name `headers` of a route means.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Fields, fieldName } from "../../http/index.ts";
import type { Exchange } from "../../pipeline/index.ts";
import { compileHeaderEdits } from "./index.ts";

const NOTHING = { set: [], add: [], remove: [] };

/** Fields as a client sent them. */
function received(...lines: readonly [string, string][]): Fields {
  const text = lines.map(([name, value]) => `${name}: ${value}\r\n`).join("");
  const fields = new Fields(text);
  let at = 0;
  for (const [name, value] of lines) {
    const valueStart = at + name.length + 2;
    fields.mark(at, at + name.length, valueStart, valueStart + value.length, fieldName(name).hash);
    at = valueStart + value.length + 2;
  }
  fields.textEnd = at;
  return fields;
}

function edit(side: "request" | "response", edits: { set?: [string, string[]][]; remove?: string[] }, fields: Fields): string {
  const policy = compileHeaderEdits({ request: NOTHING, response: NOTHING, [side]: { ...NOTHING, ...edits } });
  policy?.[side]?.({ head: { fields }, response: { fields } } as unknown as Exchange);
  return fields.toLines();
}

describe("edits of a request", () => {
  it("replace and remove a field in every spelling that a service may take for it", () => {
    const client = received(["x_edge", "evil"], ["X.Edge", "evil"], ["X-Edge", "evil"], ["X-Edges", "kept"]);
    assert.equal(edit("request", { set: [["X-Edge", ["1"]]] }, client), "X-Edges: kept\r\nX-Edge: 1\r\n");
    const debug = received(["X_Debug", "1"], ["x-debug", "1"], ["Accept", "*/*"]);
    assert.equal(edit("request", { remove: ["X-Debug"] }, debug), "Accept: */*\r\n");
  });

  it("reach the fields that the gateway itself has put in", () => {
    const fields = received(["A", "1"]);
    fields.add(fieldName("Via"), "1.1 sallyport");
    assert.equal(edit("request", { remove: ["Via"] }, fields), "A: 1\r\n");
  });
});

describe("edits of a response", () => {
  it("go by the exact name: a client reads no other", () => {
    const upstream = received(["x_edge", "kept"], ["X-EDGE", "old"]);
    assert.equal(edit("response", { set: [["X-Edge", ["1"]]] }, upstream), "x_edge: kept\r\nX-Edge: 1\r\n");
  });
});
