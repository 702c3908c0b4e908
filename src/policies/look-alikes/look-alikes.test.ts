import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { get, PolicyStage } from "../../../test/pipeline/policy-stage.ts";
import type { RouteConfig } from "../../config/index.ts";
import type { RouteCondition } from "../../router/index.ts";
import { compileConditionNames, lookAlikes } from "./index.ts";

function on(kind: RouteCondition["on"], name: string): RouteConfig {
  const conditions = [{ on: kind, name, absent: false, values: ["2"] }];
  return { match: { hosts: [], paths: ["/x"], methods: [], conditions } } as unknown as RouteConfig;
}

async function told(routes: readonly RouteConfig[], names: readonly string[]): Promise<string[]> {
  const policy = lookAlikes(compileConditionNames(routes) ?? assert.fail());
  const stage = await PolicyStage.create({ listenerPolicies: [policy] });
  const client = stage.send(get("/x", names.map((name) => `${name}: 1\r\n`).join("")));
  assert.equal(client.status, 200);
  const seen = stage.server.seen[0]?.fields.map(([name]) => name).filter((name) => name !== "host");
  stage.finish();
  return seen ?? [];
}

describe("a field that a route matches on", () => {
  it("reaches upstreams only as routing looked at it, letters in any case", async () => {
    const names = ["X_Api_Version", "X-Api-Version", "x--api-version", "x-API-version", "X.Api.Version", "X-Api-Versions", "Accept_"];
    assert.deepEqual(await told([on("header", "X-Api-Version")], names), ["x-api-version", "x-api-version", "x-api-versions", "accept_"]);
  });

  it("keeps each spelling that some route looks at", async () => {
    const routes = [on("header", "X-A-B"), on("header", "X_A_B"), on("header", "X-C")];
    assert.deepEqual(await told(routes, ["X-A-B", "X_A_B", "x.a.b", "X-C", "x_c"]), ["x-a-b", "x_a_b", "x-c"]);
  });

  it("is Accept or Content-Type where the version stands in a media type", async () => {
    const names = ["Accept", "Content-Type", "Content_Type", "X_Api_Version"];
    assert.deepEqual(await told([on("mediaType", "application/vnd.a")], names), ["accept", "content-type", "x_api_version"]);
  });

  it("is not there where no route looks at a header: then this is no policy", () => {
    assert.equal(compileConditionNames([]), null);
    assert.equal(compileConditionNames([on("query", "v")]), null);
  });
});
