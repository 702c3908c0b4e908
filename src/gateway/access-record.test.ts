// What a line of the access log says of who was limited. The rest of it is told in records.test.ts.

import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createTestGateway } from "../testing/index.ts";

const CONFIG = `version: 1
database: { sqlite: { path: ./keys.db } }
identities: { keys: { apiKey: { header: X-Api-Key } } }
listeners: [{ name: http, address: 127.0.0.1:8080 }]
rateLimits:
  one: { key: user, fixedWindow: { limit: 1, window: 1m } }
  tried: { key: user, fixedWindow: { limit: 1, window: 1m }, dryRun: true }
  paced: { key: user, leakyBucket: { rate: 1/s, maxDelay: 5s } }
  two: { key: tenant, fixedWindow: { limit: 2, window: 1m } }
routes:
  - { name: strict, match: { path: /strict }, auth: [keys], rateLimits: [one, tried, two], respond: { body: a } }
  - { name: loose, match: { path: /loose }, auth: [keys], rateLimits: [tried], respond: { body: a } }
  - { name: paced, match: { path: /paced }, auth: [keys], rateLimits: [paced], respond: { body: a } }
`;

describe("a line of the access log", () => {
  it("says whose tenant and plan it was, where the caller has them", async () => {
    await using gateway = await createTestGateway({ yaml: CONFIG });
    const whole = await gateway.request("/loose", { as: { id: "alice", tenant: "acme", plan: "gold" } });
    assert.deepEqual([whole.record?.tenant, whole.record?.plan], ["acme", "gold"]);
    const bare = await gateway.request("/loose", { as: { id: "bob" } });
    assert.equal(bare.record?.principal, "bob");
    assert.ok(bare.record !== null && !("tenant" in bare.record) && !("plan" in bare.record));
  });

  it("names the limits that refused the request, and the dry runs that would have", async () => {
    await using gateway = await createTestGateway({ yaml: CONFIG });
    const as = { id: "alice", tenant: "acme" };
    const seen: unknown[] = [];
    for (const path of ["/strict", "/strict", "/loose", "/loose"]) {
      const { status, record } = await gateway.request(path, { as });
      seen.push([status, record?.refusedBy, record?.wouldRefuse]);
    }
    assert.deepEqual(seen, [
      [200, undefined, undefined],
      [429, ["one"], ["tried"]],
      [200, undefined, ["tried"]],
      [200, undefined, ["tried"]],
    ]);
  });

  it("says for how long a limit held the request", async () => {
    await using gateway = await createTestGateway({ yaml: CONFIG });
    const answers = [1, 2].map(() => gateway.request("/paced", { as: { id: "alice" } }));
    await gateway.clock.advance("5s");
    const [first, second] = await Promise.all(answers);
    assert.deepEqual([first?.record?.delayMs, second?.record?.delayMs], [undefined, 1000]);
  });
});
