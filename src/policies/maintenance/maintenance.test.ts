import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { valuesOf } from "../../../test/kit/index.ts";
import { get, PolicyStage } from "../../../test/pipeline/policy-stage.ts";
import { CidrSet } from "../../base/index.ts";
import type { MaintenanceConfig } from "../../config/index.ts";
import { forwardRequest } from "../index.ts";
import { compileMaintenance } from "./index.ts";

const PLAIN: MaintenanceConfig = { retryAfterSeconds: null, allowFrom: [], message: null };

function start(config: Partial<MaintenanceConfig>): Promise<PolicyStage> {
  return PolicyStage.create({
    listenerPolicies: [forwardRequest(CidrSet.of("10.0.0.0/8"))],
    policies: [compileMaintenance({ ...PLAIN, ...config }) ?? assert.fail()],
  });
}

describe("a route in maintenance", () => {
  it("answers 503 and says when to come again and why, as the operator wrote it", async () => {
    const stage = await start({ retryAfterSeconds: 600, message: 'We move the "shop"; back at noon.' });
    const client = stage.send(get());
    const answer = client.response();
    const { requestId, ...problem } = JSON.parse(answer.body) as Record<string, unknown>;
    assert.deepEqual(problem, {
      type: "about:blank",
      title: "The service is closed for maintenance.",
      status: 503,
      code: "SP_MAINTENANCE_CLOSED",
      detail: 'We move the "shop"; back at noon.',
    });
    assert.equal(requestId, stage.begun[0]?.requestId);
    assert.deepEqual(valuesOf(answer, "retry-after"), ["600"]);
    assert.deepEqual(valuesOf(answer, "content-type"), ["application/problem+json"]);
    assert.equal(stage.server.records.length, 0);
    stage.finish();
  });

  it("says nothing of either where the operator says nothing", async () => {
    const stage = await start({});
    const answer = stage.send(get()).response();
    assert.match(answer.startLine, / 503 /);
    assert.deepEqual(valuesOf(answer, "retry-after"), []);
    assert.ok(!("detail" in (JSON.parse(answer.body) as object)));
    stage.finish();
  });

  it("lets addresses through, of the client behind a trusted proxy too, and goes by no one else's word", async () => {
    const stage = await start({ allowFrom: ["192.0.2.0/24", "2001:db8::/32"] });
    const status = (from: string, fields = "") => stage.connect(from).send(get("/x", fields)).status;
    assert.equal(status("192.0.2.9"), 200);
    assert.equal(status("2001:db8::1"), 200);
    assert.equal(status("198.51.100.1"), 503);
    assert.equal(status("10.0.0.1", "X-Forwarded-For: 192.0.2.9\r\n"), 200);
    assert.equal(status("10.0.0.1", "X-Forwarded-For: 198.51.100.1\r\n"), 503);
    assert.equal(status("198.51.100.1", "X-Forwarded-For: 192.0.2.9\r\n"), 503);
    stage.finish();
  });

  it("is no policy where the route is open", () => assert.equal(compileMaintenance(null), null));
});
