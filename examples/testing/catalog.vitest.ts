// The test kit under vitest: `npx vitest run --dir examples/testing`, with vitest.config.ts beside it for this file's ending.
import { fileURLToPath } from "node:url";
import { checkSpellings, createTestGateway, hang } from "sallyport/testing";
import { describe, expect, it } from "vitest";

const file = fileURLToPath(new URL("gateway.yaml", import.meta.url));

describe("our gateway", () => {
  it("strips the prefix and tells the catalogue where a request came in", async () => {
    await using gateway = await createTestGateway({ file, upstreams: { catalog: { json: { name: "Teapot" } } } });
    const response = await gateway.request("GET http://shop.test/api/products/1?size=2", { headers: { "X-User-Id": "root" } });
    expect(response.status).toBe(200);
    expect(response.route).toBe("products");
    const request = gateway.upstream("catalog").lastRequest;
    expect(request.target).toBe("/products/1?size=2");
    expect(request.headers.get("x-edge")).toBe("1");
    expect(request.headers.has("x-user-id")).toBe(false);
  });

  it("answers 504 when the catalogue is silent for 10 s, and the test takes milliseconds", async () => {
    await using gateway = await createTestGateway({ file, upstreams: { catalog: hang() } });
    const pending = gateway.request("GET http://shop.test/api/products/1");
    await gateway.clock.advance("11s");
    const response = await pending;
    expect(response.status).toBe(504);
    expect(response.fault).toBe("SP_EXCHANGE_DEADLINE");
  });

  it("is not talked into another route by how a request is spelt", async () => {
    await using gateway = await createTestGateway({ file });
    expect(await checkSpellings(gateway)).toEqual([]);
  });
});
