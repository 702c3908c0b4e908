import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { get, PolicyStage, post } from "../../../test/pipeline/policy-stage.ts";
import { CidrSet } from "../../base/index.ts";
import type { RouteBoundsConfig } from "../../config/index.ts";
import { forwardRequest } from "../index.ts";
import { compileRouteBounds } from "./index.ts";

const NONE: RouteBoundsConfig = { lineBytes: undefined, headBytes: undefined, fieldCount: undefined, bodyBytes: undefined };

async function judge(config: Partial<RouteBoundsConfig>, request: string): Promise<string> {
  const policy = compileRouteBounds({ ...NONE, ...config }) ?? assert.fail();
  // Others' fields do not count: forwarding puts in more than there were.
  const stage = await PolicyStage.create({ listenerPolicies: [forwardRequest(CidrSet.of())], policies: [policy] });
  const client = stage.send(request);
  const verdict = client.status === 200 ? "200" : `${client.status} ${client.code}`;
  // The connection serves on either way.
  assert.equal(client.send(get("/")).responses().length, 2);
  stage.finish();
  return verdict;
}

describe("a route's bound on", () => {
  const request = get("/some/path?query", "A: 1\r\nX-Forwarded-For: 1\r\n");

  it("the request line counts it without its line end", async () => {
    const lineBytes = request.indexOf("\r\n");
    assert.equal(await judge({ lineBytes }, request), "200");
    assert.equal(await judge({ lineBytes: lineBytes - 1 }, request), "414 SP_ROUTE_BOUNDS_LINE");
  });

  it("the head counts all of it, the empty line included", async () => {
    assert.equal(await judge({ headBytes: request.length }, request), "200");
    assert.equal(await judge({ headBytes: request.length - 1 }, request), "431 SP_ROUTE_BOUNDS_HEAD");
    const body = post("a body");
    assert.equal(await judge({ headBytes: body.length - 6 }, body), "200");
  });

  it("fields counts each line that came, removed ones too", async () => {
    assert.equal(await judge({ fieldCount: 3 }, request), "200");
    assert.equal(await judge({ fieldCount: 2 }, request), "431 SP_ROUTE_BOUNDS_FIELDS");
  });

  it("nothing but the body is no policy", () => {
    assert.equal(compileRouteBounds(NONE), null);
    assert.equal(compileRouteBounds({ ...NONE, bodyBytes: 10 }), null);
  });
});
