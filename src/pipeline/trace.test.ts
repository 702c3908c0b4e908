import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { get, PolicyStage } from "../../test/pipeline/policy-stage.ts";
import type { Policy, PolicyTracer } from "./index.ts";
import { CONTINUE, tracePolicy } from "./index.ts";

class Recorder implements PolicyTracer {
  readonly heard: string[] = [];

  readonly onStep: PolicyTracer["onStep"] = (exchange, policy, side, run) => {
    const before = exchange.head.path;
    const result = run();
    const change = exchange.head.path === before ? "" : ` ${before} -> ${exchange.head.path}`;
    this.heard.push(`${policy.phase}/${policy.name} ${side} ${result}${change}`);
    return result;
  };
}

describe("a traced policy", () => {
  it("tells of each request and response step, with the exchange as it was before and after", async () => {
    const tracer = new Recorder();
    const inner: Policy = {
      name: "path",
      phase: "transform",
      request(exchange) {
        exchange.head.path = "/y";
        return CONTINUE;
      },
    };
    const outer: Policy = { name: "both", phase: "cors", request: () => CONTINUE, response: () => CONTINUE };
    const stage = await PolicyStage.create({ policies: [inner, outer].map((policy) => tracePolicy(policy, tracer)) });
    assert.equal(stage.send(get("/x")).response().body, "GET /y ");
    assert.deepEqual(tracer.heard, ["cors/both request 0", "transform/path request 0 /x -> /y", "cors/both response 0"]);
    stage.finish();
  });

  it("fails as it would by itself", async () => {
    const tracer = new Recorder();
    const refusing: Policy = {
      name: "no",
      phase: "guard",
      request() {
        throw new Error("as a bug would");
      },
    };
    const stage = await PolicyStage.create({ policies: [tracePolicy(refusing, tracer)] });
    assert.equal(stage.send(get()).code, "SP_EXCHANGE_BUG");
    assert.deepEqual(tracer.heard, []);
    stage.finish();
  });

  it("keeps everything else of the policy", () => {
    const policy: Policy = { name: "p", phase: "body", reads: ["principal"], writes: ["body"], end() {}, replayBytes: 7 };
    assert.deepEqual(tracePolicy(policy, new Recorder()), policy);
  });
});
