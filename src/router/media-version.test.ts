// Which version of a type Accept names, where a careless reader and a careful one could differ.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readVersion } from "./media-version.ts";

const TYPE = "application/vnd.a";

describe("a version in a media range's parameter", () => {
  it("is read without its quotes", () => {
    assert.equal(readVersion('application/vnd.a+json; version="2"', TYPE), "2");
    assert.equal(readVersion("application/vnd.a+json;q=0.5;version=2", TYPE), "2");
  });

  it("is none within the quotes of another parameter, and neither is a weight", () => {
    assert.equal(readVersion('application/vnd.a; note="; version=2;"', TYPE), null);
    assert.equal(readVersion('application/vnd.a; note="; version=2;"; version=1', TYPE), "1");
    assert.equal(readVersion('application/vnd.a; note="\\"; version=2;"; version=1', TYPE), "1");
    assert.equal(readVersion('application/vnd.a.v1; note="; q=0;", application/vnd.a.v2', TYPE), "1");
  });
});
