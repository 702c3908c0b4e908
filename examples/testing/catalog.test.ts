// The test kit under node:test: `node --test examples/testing/catalog.test.ts`.
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { checkSpellings, createTestGateway, hang } from "sallyport/testing";

const file = fileURLToPath(new URL("gateway.yaml", import.meta.url));

describe("our gateway", () => {
  it("strips the prefix and tells the catalogue where a request came in", async () => {
    await using gateway = await createTestGateway({ file, upstreams: { catalog: { json: { name: "Teapot" } } } });
    const response = await gateway.request("GET http://shop.test/api/products/1?size=2", { headers: { "X-User-Id": "root" } });
    assert.equal(response.status, 200);
    assert.equal(response.route, "products");
    const request = gateway.upstream("catalog").lastRequest;
    assert.equal(request.target, "/products/1?size=2");
    assert.equal(request.headers.get("x-edge"), "1");
    assert.equal(request.headers.has("x-user-id"), false);
  });

  it("answers 504 when the catalogue is silent for 10 s, and the test takes milliseconds", async () => {
    await using gateway = await createTestGateway({ file, upstreams: { catalog: hang() } });
    const pending = gateway.request("GET http://shop.test/api/products/1");
    await gateway.clock.advance("11s");
    const response = await pending;
    assert.equal(response.status, 504);
    assert.equal(response.fault, "SP_EXCHANGE_DEADLINE");
  });

  it("is not talked into another route by how a request is spelt", async () => {
    await using gateway = await createTestGateway({ file });
    assert.deepEqual(await checkSpellings(gateway), []);
  });
});
