// Reading wrk's summary and refusing what must not count.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseSummary, refuseReason } from "./wrk.ts";

const OUTPUT = "Running 1s test @ http://127.0.0.1:1/\n  1 threads and 64 connections\nSUMMARY 1098765 30000 9000000 0 0 0 0 0 2100 3500\n";

describe("parseSummary", () => {
  it("reads the unrounded totals", () => {
    assert.deepEqual(parseSummary(OUTPUT), { seconds: 1.098765, requests: 30000, bytes: 9000000, errors: 0, p50Us: 2100, p99Us: 3500 });
  });
  it("adds up every kind of error", () => {
    assert.equal(parseSummary("SUMMARY 1 2 3 1 10 100 1000 10000 5 6\n")?.errors, 11111);
  });
  it("is null when wrk printed none", () => {
    assert.equal(parseSummary("unable to connect to 127.0.0.1:1 Connection refused\n"), null);
  });
});

describe("refuseReason", () => {
  const good = { seconds: 1, requests: 100, bytes: 30000, errors: 0, p50Us: 1, p99Us: 2 };
  it("accepts whole responses without errors", () => {
    assert.equal(refuseReason(good, 300), null);
    assert.equal(refuseReason({ ...good, bytes: 30500 }, 300), null);
  });
  it("refuses errors, silence and short responses", () => {
    assert.match(refuseReason({ ...good, errors: 1 }, 300) ?? "", /1 errors/);
    assert.match(refuseReason({ ...good, requests: 0 }, 300) ?? "", /no response/);
    assert.match(refuseReason({ ...good, bytes: 20000 }, 300) ?? "", /200 bytes a response, 300 expected/);
  });
});
