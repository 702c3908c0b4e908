import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { get, PolicyStage } from "../../../test/pipeline/policy-stage.ts";
import { FakeClock } from "../../base/index.ts";
import { FakeCalls } from "../../calls/index.ts";
import { MISSING_SCOPES } from "../../identity/index.ts";
import { HeardWatcher, OPA_URL, settle, stageAuthorize, toPrincipal, toRule } from "./authorize-fakes.ts";
import { compileAuthorize } from "./index.ts";

const host = () => ({ clock: new FakeClock(), calls: new FakeCalls(), watcher: new HeardWatcher() });
const PERMIT_ALL = { policies: [{ file: "p.cedar", text: "permit(principal, action, resource);" }] };
const PERMIT_NONE = { policies: [{ file: "p.cedar", text: "forbid(principal, action, resource);" }] };

describe("authorize on a route", () => {
  it("takes no part where it is not configured", () => {
    assert.equal(compileAuthorize({ name: "r", authorize: null }, host()), null);
  });

  it("does not compile when it says nothing: what allows nothing was meant to say something", () => {
    assert.throws(() => compileAuthorize({ name: "r", authorize: { rule: toRule({}), cedar: null, opa: null } }, host()), /r: .*empty/);
  });

  it("reads the principal, in the phase behind authentication", () => {
    const policy = compileAuthorize({ name: "r", authorize: { rule: toRule({ roles: ["a"] }), cedar: null, opa: null } }, host());
    assert.deepEqual([policy?.phase, policy?.reads], ["authorise", ["principal"]]);
  });

  it("asks nobody for a credential who needs one, whatever the rule", async () => {
    for (const rule of [{ roles: ["a"] }, { not: toRule({ roles: ["a"] }) }, { from: ["0.0.0.0/0"] }]) {
      const { stage } = await stageAuthorize(PolicyStage.create, { rule, principal: null });
      const client = stage.send(get());
      assert.equal(client.status, 401);
      assert.equal(client.code, "SP_AUTH_REQUIRED");
      assert.equal(stage.server.seen.length, 0);
      stage.finish();
    }
  });

  it("lets through whom its rule allows", async () => {
    const { stage } = await stageAuthorize(PolicyStage.create, {
      rule: { roles: ["clerk"] },
      principal: toPrincipal({ roles: ["clerk"] }),
    });
    assert.equal(stage.send(get()).status, 200);
    stage.finish();
  });

  it("names the part that refused, in the log and not to the client", async () => {
    const { stage } = await stageAuthorize(PolicyStage.create, { rule: { claims: [{ claim: "tid", oneOf: ["t1"] }] } });
    const client = stage.send(get());
    assert.equal(client.status, 403);
    assert.equal(client.code, "SP_AUTH_FORBIDDEN");
    assert.equal(stage.ended[0]?.fault?.detail, "rule claims.tid does not hold");
    assert.ok(!client.text.includes("tid"));
    stage.finish();
  });

  it("keeps the scopes that are missing for the challenge", async () => {
    const { stage } = await stageAuthorize(PolicyStage.create, {
      rule: { scopes: ["a", "b", "c"] },
      principal: toPrincipal({ scopes: ["b"] }),
    });
    const client = stage.send(get());
    assert.equal(client.status, 403);
    assert.equal(client.code, "SP_AUTH_SCOPE");
    assert.equal(stage.ended[0]?.memory.get(MISSING_SCOPES)?.text, "a c");
    stage.finish();
  });

  it("judges by the client's address and the time of each request", async () => {
    const times = [{ days: [], startMinute: 0, endMinute: 1, zone: "UTC" }];
    const { stage } = await stageAuthorize(PolicyStage.create, { rule: { from: ["10.0.0.0/8"], times } });
    assert.equal(stage.send(get()).status, 403);
    assert.equal(stage.connect("10.9.9.9").send(get()).status, 200);
    stage.advance(60_000);
    assert.equal(stage.connect("10.9.9.9").send(get()).status, 403);
    stage.finish();
  });

  it("allows what all of rule, Cedar and OPA allow, and nothing else", async () => {
    for (let bits = 0; bits < 8; bits++) {
      const { stage, calls } = await stageAuthorize(PolicyStage.create, {
        rule: { roles: [(bits & 1) === 0 ? "other" : "clerk"] },
        cedar: (bits & 2) === 0 ? PERMIT_NONE : PERMIT_ALL,
        opa: {},
        principal: toPrincipal({ roles: ["clerk"] }),
      });
      calls.replyJson(OPA_URL, { result: (bits & 4) !== 0 });
      const client = stage.send(get());
      await settle(stage);
      assert.equal(client.status, bits === 7 ? 200 : 403, `${bits}`);
      assert.equal(calls.made.length, (bits & 3) === 3 ? 1 : 0, "nobody is asked about what is denied already");
      stage.finish();
    }
  });
});
