import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { get, PolicyStage } from "../../../test/pipeline/policy-stage.ts";
import type { RewriteConfig } from "../../config/index.ts";
import { DEFAULT_PATH_RULES } from "../../http/index.ts";
import { normalise } from "../index.ts";
import { compileRewrite } from "./index.ts";

const PLAIN: RewriteConfig = {
  stripPrefix: null,
  addPrefix: null,
  path: null,
  host: { kind: "keep" },
  query: { keepOnly: null, remove: [], set: [] },
};

async function sent(config: RewriteConfig, target: string): Promise<string> {
  const stage = await PolicyStage.create({
    listenerPolicies: [normalise(DEFAULT_PATH_RULES)],
    policies: [compileRewrite(config) ?? assert.fail("rewrites nothing")],
  });
  assert.equal(stage.send(get(target)).status, 200, target);
  const [, path = ""] = stage.server.seen[0]?.startLine.split(" ") ?? [];
  stage.finish();
  return path;
}

describe("rewriting", () => {
  const strip = { ...PLAIN, stripPrefix: "/api", addPrefix: null };
  const add = { ...PLAIN, stripPrefix: null, addPrefix: "/v1" };
  const both = { ...PLAIN, stripPrefix: "/api", addPrefix: "/v1" };
  for (const [config, from, to] of [
    [strip, "/api", "/"],
    [strip, "/api/", "/"],
    [strip, "/api/x", "/x"],
    [strip, "/api//evil.example", "/evil.example"],
    [strip, "/api///x//y", "/x//y"],
    [strip, "/api/x/", "/x/"],
    [strip, "/api?q=/api", "/?q=/api"],
    [strip, "/api/api/x", "/api/x"],
    [strip, "/api/./x/../y", "/y"],
    [strip, "/%61pi/x", "/x"],
    [add, "/", "/v1/"],
    [add, "/x", "/v1/x"],
    [add, "/x/?a=b", "/v1/x/?a=b"],
    [add, "//x", "/v1//x"],
    [both, "/api", "/v1/"],
    [both, "/api/", "/v1/"],
    [both, "/api/x%20y?z", "/v1/x%20y?z"],
    [both, "/api//x", "/v1//x"],
  ] as const) {
    it(`${config.stripPrefix ?? ""} → ${config.addPrefix ?? ""} sends ${from} as ${to}`, async () => {
      assert.equal(await sent(config, from), to);
    });
  }

  it("is nothing where nothing is said", () => {
    assert.equal(compileRewrite(PLAIN), null);
  });
});
