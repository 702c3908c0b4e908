import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { get, PolicyStage, post } from "../../../test/pipeline/policy-stage.ts";
import { compileMethodOverride } from "./index.ts";

const NAMES = [
  "X-HTTP-Method-Override",
  "x-http-method-override",
  "X_HTTP_Method_Override",
  "X-HTTP_Method.Override",
  "X-HTTP-Method",
  "x__http~method",
  "X-Method-Override",
  "X_METHOD_OVERRIDE",
];
const OTHERS = ["X-HTTP-Methods", "X-Method", "XHTTPMethodOverride", "X-HTTP-Method-Overrides", "Method-Override"];

async function told(request: string): Promise<string[]> {
  const policy = compileMethodOverride("remove") ?? assert.fail();
  const stage = await PolicyStage.create({ policies: [policy] });
  assert.equal(stage.send(request).status, 200);
  const names = stage.server.seen[0]?.fields.map(([name]) => name).filter((name) => name !== "host" && name !== "content-length");
  stage.finish();
  return names ?? [];
}

describe("a request for another method than its own", () => {
  it("loses every field that says so, in every spelling, and no other", async () => {
    const lines = [...NAMES, ...OTHERS].map((name) => `${name}: DELETE\r\n`).join("");
    const others = OTHERS.map((name) => name.toLowerCase());
    assert.deepEqual(await told(get("/x", lines)), others);
    assert.deepEqual(await told(post("body", lines)), others);
  });

  it("is let pass where the route says so", () => assert.equal(compileMethodOverride("keep"), null));
});
