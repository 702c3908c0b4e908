import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { AddressExchange } from "./address-exchange.ts";

describe("what workers hear of each other's clients", () => {
  it("is the sum of the others, listener by listener", () => {
    const exchange = new AddressExchange<string>();
    exchange.tell("one", { http: { a: 3, b: 1 } });
    exchange.tell("two", { http: { a: 2 }, https: { a: 7 } });
    assert.deepEqual(exchange.othersOf("one"), { http: { a: 2 }, https: { a: 7 } });
    assert.deepEqual(exchange.othersOf("two"), { http: { a: 3, b: 1 } });
    assert.deepEqual(exchange.othersOf("three"), { http: { a: 5, b: 1 }, https: { a: 7 } });
  });

  it("is each one's last word, and nothing of who has ended", () => {
    const exchange = new AddressExchange<string>();
    exchange.tell("one", { http: { a: 3 }, https: { a: 1 } });
    exchange.tell("one", { http: { a: 0, c: 2 } });
    assert.deepEqual(exchange.othersOf("two"), { http: { c: 2 }, https: { a: 1 } });
    assert.equal(exchange.forget("one"), true);
    assert.equal(exchange.forget("one"), false);
    assert.deepEqual(exchange.othersOf("two"), {});
  });
});
