import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { PathFilter } from "./path-filter.ts";

describe("PathFilter", () => {
  it("holds back nothing that was added, however short", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.string().map((text) => `/${text}`),
          { maxLength: 200 },
        ),
        (paths) => {
          const filter = new PathFilter();
          filter.fill(paths, paths.length);
          for (const path of paths) assert.ok(filter.mayHold(path), path);
        },
      ),
    );
  });

  it("holds back most of what was not, and all where nothing was", () => {
    const filter = new PathFilter();
    assert.equal(filter.mayHold("/a"), false);
    const known = Array.from({ length: 3000 }, (_, index) => `/team-${index % 100}/static/page-${index}`);
    filter.fill(known, known.length);
    const strangers = Array.from({ length: 3000 }, (_, index) => `/team-${index % 100}/service-${index}/items/${index * 7}`);
    const passed = strangers.filter((path) => filter.mayHold(path)).length;
    assert.ok(passed < 600, `${passed} of 3000`);
  });
});
