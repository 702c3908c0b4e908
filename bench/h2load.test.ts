import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseH2load, refuseH2load } from "./h2load.ts";

const OUTPUT = `finished in 1.00s, 9648.00 req/s, 292.33KB/s
requests: 9648 total, 9656 started, 9648 done, 9647 succeeded, 1 failed, 0 errored, 2 timeout
status codes: 9646 2xx, 0 3xx, 2 4xx, 0 5xx
traffic: 292.33KB (299350) total, 94.43KB (96694) headers (space savings 94.27%), 28.27KB (28944) data
                     min         max         mean         sd        +/- sd
`;

describe("h2load's summary", () => {
  it("is read with all that went wrong", () => {
    assert.deepEqual(parseH2load(OUTPUT), { seconds: 1, requests: 9648, errors: 5, bodyBytes: 28_944 });
    assert.equal(parseH2load(OUTPUT.replace("1.00s", "250.50ms"))?.seconds, 0.2505);
  });

  it("is none when the program said something else", () => {
    assert.equal(parseH2load("could not resolve"), null);
  });

  it("counts only without errors, with answers, and with whole bodies", () => {
    const good = { seconds: 1, requests: 10, errors: 0, bodyBytes: 30 };
    assert.equal(refuseH2load(good, 3), null);
    assert.match(refuseH2load({ ...good, errors: 1 }, 3) ?? "", /1 errors/);
    assert.match(refuseH2load({ ...good, requests: 0 }, 3) ?? "", /no response/);
    assert.match(refuseH2load(good, 4) ?? "", /3 bytes a body/);
  });
});
