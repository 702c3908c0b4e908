import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { AdminStage, GUARDED } from "./control-plane-fake.ts";

const TOKEN = "Authorization: Bearer s3cret-of-the-operator";

/** What may be put together to a request; the first of each is what is right. */
const METHODS = ["POST", "GET", "HEAD", "PUT", "post", "OPTIONS"];
const TARGETS = [
  "/reload",
  "http://127.0.0.1:9901/reload",
  "/reload?force=1",
  "/reload/",
  "//reload",
  "/%72eload",
  "/healthz/../reload",
  "/healthz/%2e%2e/reload",
  "/RELOAD",
  "/reload;a",
  "http://evil.example/reload",
];
const RIGHT_TARGETS = TARGETS.slice(0, 3);
const HOSTS = ["127.0.0.1:9901", "localhost", "evil.example", "localhost.evil.example", "127.1", ""];
const TOKENS = [
  [TOKEN],
  [],
  ["Authorization: Bearer wrong"],
  [TOKEN, TOKEN],
  ["Authorization: Basic s3cret-of-the-operator"],
  [`X_${TOKEN}`],
];
const SITES = [[], ["Sec-Fetch-Site: none"], ["Sec-Fetch-Site: cross-site"], ["Origin: null"], ["Origin: http://evil.example"]];
/** The last one has the token dropped, as any field that is for one connection alone. */
const OTHERS = [
  [],
  ["X-HTTP-Method-Override: POST"],
  ["X-Original-URL: /reload"],
  ["X-Forwarded-Host: localhost"],
  ["Connection: Authorization"],
];

describe("a reload over the admin address", () => {
  it("happens when method, path, host, token and site are all right, and in no other case", async () => {
    const stage = await AdminStage.start(GUARDED);
    let granted = 0;
    // The right one is likely, so that requests are mostly wrong in one thing only.
    const mostly = <T>(choices: readonly T[]) =>
      fc.oneof({ weight: 3, arbitrary: fc.constant(choices[0]!) }, { weight: 2, arbitrary: fc.constantFrom(...choices) });
    const request = fc.record({
      method: mostly(METHODS),
      target: mostly(TARGETS),
      host: mostly(HOSTS),
      token: mostly(TOKENS),
      site: mostly(SITES),
      other: fc.constantFrom(...OTHERS),
    });
    await fc.assert(
      fc.asyncProperty(request, async ({ method, target, host, token, site, other }) => {
        const before = stage.plane.causes.length;
        const { status } = await stage.ask(`${method} ${target}`, [`Host: ${host}`, ...token, ...site, ...other, "Content-Length: 0"]);
        // An absolute target names its host, which must be the same.
        const isSameHost = target.startsWith("/") || host === "127.0.0.1:9901";
        const mayReload =
          method === "POST" &&
          RIGHT_TARGETS.includes(target) &&
          HOSTS.indexOf(host) < 2 &&
          isSameHost &&
          token === TOKENS[0] &&
          SITES.indexOf(site) < 2 &&
          other !== OTHERS.at(-1);
        assert.equal(stage.plane.causes.length - before, mayReload ? 1 : 0);
        assert.equal(status === 200, mayReload);
        if (mayReload) granted++;
      }),
      { numRuns: 600 },
    );
    assert.ok(granted > 5, "some were right");
    assert.deepEqual(stage.bugs, []);
    await stage.stop();
  });
});
