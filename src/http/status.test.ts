import assert from "node:assert/strict";
import { STATUS_CODES } from "node:http";
import { describe, it } from "node:test";
import { isBodiless, reasonPhrase } from "./status.ts";

// Names that RFC 9110 15 changed, or codes that it does not know, where the runtime keeps to older texts.
const RENAMED = new Set([208, 413, 418, 422, 425, 509, 510]);

describe("reason phrases", () => {
  it("are the standard's", () => {
    for (const [code, phrase] of Object.entries(STATUS_CODES)) {
      if (!RENAMED.has(Number(code))) assert.equal(reasonPhrase(Number(code)), phrase, code);
    }
    assert.equal(reasonPhrase(413), "Content Too Large");
    assert.equal(reasonPhrase(422), "Unprocessable Content");
  });

  it("are empty for a code that has none", () => {
    for (const code of [0, 199, 299, 418, 599, 1000]) assert.equal(reasonPhrase(code), "");
  });
});

describe("isBodiless", () => {
  it("holds for HEAD, 1xx, 204 and 304", () => {
    for (const status of [100, 101, 103, 199, 204, 304]) assert.equal(isBodiless("GET", status), true, `${status}`);
    for (const status of [200, 201, 205, 206, 301, 404, 500]) assert.equal(isBodiless("GET", status), false, `${status}`);
    assert.equal(isBodiless("HEAD", 200), true);
    assert.equal(isBodiless("head", 200), false);
  });
});
