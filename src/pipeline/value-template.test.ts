import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { inspect } from "node:util";
import { Secret } from "../base/index.ts";
import { compileParts, type Exchange, FieldValue } from "./index.ts";

const EXCHANGE = {
  pattern: { text: "/u/:id/*", segments: ["u", null], params: [{ name: "id", segment: 1 }], hasTail: true },
  routedPath: "/u/a%20b/c//d",
  requestId: "id-1",
  clientScheme: "https",
  clientAddress: "192.0.2.1",
  head: { method: "POST", host: "a.test", path: "/rewritten" },
} as unknown as Exchange;

describe("a value with holes", () => {
  it("takes each fact of the request, and parameters as they stand in the routed path", () => {
    const facts = (["id", "method", "scheme", "host", "path", "client"] as const).flatMap((request) => [{ request }, " "]);
    assert.equal(new FieldValue(facts).read(EXCHANGE), "id-1 POST https a.test /u/a%20b/c//d 192.0.2.1 ");
    assert.equal(new FieldValue(["<", { param: "id" }, "|", { param: "*" }, ">"]).read(EXCHANGE), "<a%20b|c//d>");
  });

  it("is empty where the request has no such thing", () => {
    const unrouted = { ...EXCHANGE, pattern: null, clientAddress: "" } as unknown as Exchange;
    assert.equal(new FieldValue(["[", { param: "id" }, { param: "*" }, { request: "client" }, "]"]).read(unrouted), "[]");
    assert.equal(new FieldValue([{ param: "other" }]).read(EXCHANGE), "");
    assert.equal(new FieldValue([]).read(EXCHANGE), "");
  });

  it("joins what is known beforehand to one part, which needs no request", () => {
    const parts = compileParts(["a", new Secret("b"), "c"]);
    assert.deepEqual(
      parts.map((part) => part.literal),
      ["abc"],
    );
    assert.equal(new FieldValue(["a", new Secret("b"), "c"]).read(undefined as unknown as Exchange), "abc");
    assert.equal(compileParts(["a", { param: "id" }, "b", "c"]).length, 3);
  });

  it("shows a secret in the value alone", () => {
    const value = new FieldValue(["key ", new Secret("hush"), { param: "id" }]);
    assert.equal(value.read(EXCHANGE), "key husha%20b");
    const shown = inspect([value, compileParts([new Secret("hush")])], { depth: 9, showHidden: true }) + JSON.stringify(value);
    assert.ok(!shown.includes("hush"), shown);
  });
});
