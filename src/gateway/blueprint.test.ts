import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FakeClock, TimerWheel } from "../base/index.ts";
import { type GatewayConfig, parseConfig } from "../config/index.ts";
import { MemoryNetwork } from "../transport/index.ts";
import { Pool } from "../upstreams/index.ts";
import { proveAuthParts } from "./auth-parts.ts";
import { type BlueprintParts, compileBlueprint } from "./blueprint.ts";
import { proveLimitParts } from "./limit-parts.ts";
import { PoolSet } from "./pool-set.ts";

const CONFIG = `version: 1
listeners:
  - { name: one, address: 127.0.0.1:8080, bounds: { body: 10B } }
  - { name: two, address: 127.0.0.1:8081 }
upstreams:
  a: { endpoints: [http://127.0.0.1:3001] }
routes:
  - { name: plain, match: { path: /plain }, public: true, upstream: a }
  - name: full
    match: { hosts: [x.test], path: /full/:id, methods: [GET] }
    public: true
    upstream: a
    paths: { encodedSlash: keep }
    headers: { request: { set: { X-A: "1" } } }
    cors: { origins: ["https://*.example.com"] }
    errors: { upstream: problem, type: "https://errors.example.com/" }
  - { name: moved, match: { path: /moved }, public: true, redirect: { to: /plain } }
`;

function compile(text = CONFIG) {
  const { config, issues } = parseConfig(text, "gateway.yaml");
  assert.deepEqual(issues, []);
  return compileBlueprint(config ?? assert.fail(), parts(config ?? assert.fail()));
}

function parts(config: GatewayConfig): BlueprintParts {
  const pools = new PoolSet(new MemoryNetwork({ schedule: null }).transport, new TimerWheel(new FakeClock(0)));
  const [auth, limits] = [proveAuthParts(config), proveLimitParts(config)];
  return { pool: (upstream) => pools.take(upstream), auth, limits, tracer: null, provenAs: null, challenges: null, covers: () => null };
}

/** Every object that can be reached from the blueprint without calling anything, pools aside, by its path. */
function reach(value: unknown, path: string, found: Map<object, string>): Map<object, string> {
  if (typeof value !== "object" || value === null || value instanceof Pool || found.has(value)) return found;
  found.set(value, path);
  for (const key of Reflect.ownKeys(value)) reach(Reflect.get(value, key), `${path}.${String(key)}`, found);
  return found;
}

describe("a blueprint", () => {
  it("has nothing that can be assigned, pushed to or put into", () => {
    const blueprint = compile();
    const found = reach(blueprint, "blueprint", new Map());
    for (const [object, path] of found) {
      assert.ok(Object.isFrozen(object), `${path} is not frozen`);
      assert.ok(!(object instanceof Map || object instanceof Set), `${path} can be put into`);
    }
    assert.ok([...found.values()].some((path) => path.startsWith("blueprint.listenerPlans.one.forbiddenTrailers")));
  });

  it("has lists of steps that give nothing of their own away", () => {
    const { request } = compile().listenerPlans["one"] ?? assert.fail();
    const before = request.toArray();
    request.toArray().length = 0;
    assert.deepEqual(request.toArray(), before);
    assert.throws(() => Object.assign(request, { length: 0 }), TypeError);
  });

  it("does not follow a configuration that is changed afterwards", () => {
    const { config } = parseConfig(CONFIG, "gateway.yaml");
    assert.ok(config);
    const blueprint = compileBlueprint(config, parts(config));
    const routes = [...blueprint.routes];
    (config.routes as unknown[]).length = 0;
    assert.deepEqual(blueprint.routes, routes);
  });

  it("has one set of pools, and a plan for each listener", () => {
    const blueprint = compile();
    assert.deepEqual(
      blueprint.pools.map((pool) => pool.name),
      ["a"],
    );
    assert.deepEqual(Object.keys(blueprint.listenerPlans), ["one", "two"]);
    assert.equal(blueprint.listenerPlans["one"]?.bodyBytes, 10);
    assert.deepEqual(blueprint.routes, ["plain", "full", "moved"]);
  });
});
