import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { FoldedNames } from "../http/index.ts";
import { CONTINUE, compilePlan, PHASES, type Phase, type PlanTarget, type Policy, type Step } from "./index.ts";

const target: PlanTarget = { route: "r", upstream: null, timeoutMs: null, bodyBytes: null, forbiddenTrailers: new FoldedNames([]) };

function reader(name: string, phase: Phase, more: Partial<Policy> = {}): Policy {
  return { name, phase, ...more };
}

describe("a plan", () => {
  it("is refused when a policy reads the principal and nothing before it authenticates", () => {
    const authorise = reader("authorise", "authorise", { reads: ["principal"] });
    const { issues } = compilePlan(target, [authorise]);
    assert.deepEqual(
      issues.map(({ policy, slot }) => [policy, slot]),
      [["authorise", "principal"]],
    );
    assert.match(issues[0]?.message ?? "", /authorise of route r reads the principal/);
  });

  it("is refused when the one that writes comes later by its phase, wherever it stands in the list", () => {
    const late = reader("late", "limits", { writes: ["principal"] });
    const early = reader("early", "early-limits", { reads: ["principal"] });
    assert.equal(compilePlan(target, [late, early]).issues.length, 1);
    assert.equal(compilePlan(target, [early, late]).issues.length, 1);
  });

  it("is good when the one that writes comes before, in the listener too", () => {
    const auth = reader("auth", "authenticate", { writes: ["principal"] });
    const authorise = reader("authorise", "authorise", { reads: ["principal"] });
    assert.deepEqual(compilePlan(target, [authorise, auth]).issues, []);
    assert.deepEqual(compilePlan(target, [authorise], [{ ...auth, phase: "guard" }]).issues, []);
  });

  it("is refused for a policy that reads what only itself writes", () => {
    const own = reader("own", "body", { reads: ["body"], writes: ["body"] });
    assert.equal(compilePlan(target, [own]).issues.length, 1);
  });

  it("takes the most that any policy wants to replay", () => {
    const plan = (...bytes: number[]) =>
      compilePlan(
        target,
        bytes.map((replayBytes, at) => reader(`p${at}`, "transform", { replayBytes })),
      ).plan.replayBytes;
    assert.equal(plan(), 0);
    assert.equal(plan(10, 500, 20), 500);
  });

  it("puts steps in the order of phases and leaves that of the list within one, responses the other way round", () => {
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...PHASES), { maxLength: 20 }), (phases) => {
        const steps = phases.map((): Step => () => CONTINUE);
        const policies = phases.map((phase, at) => reader(`${at}`, phase, { request: steps[at] as Step, response: steps[at] as Step }));
        const { plan } = compilePlan(target, policies);
        const order = plan.request.toArray().map((step) => steps.indexOf(step));
        assert.deepEqual(
          [...order].sort((a, b) => a - b),
          [...phases.keys()],
        );
        for (let i = 1; i < order.length; i++) {
          const [a, b] = [order[i - 1] as number, order[i] as number];
          const [first, second] = [a, b].map((at) => PHASES.indexOf(phases[at] as Phase)) as [number, number];
          assert.ok(first < second || (first === second && a < b));
        }
        assert.deepEqual(plan.response.toArray().reverse(), plan.request.toArray());
      }),
    );
  });

  it("does not run the listener's request steps again, but its responses, ends and attempts", () => {
    const step: Step = () => CONTINUE;
    const end = () => {};
    const { plan } = compilePlan(target, [], [reader("outer", "guard", { request: step, response: step, end, attempt: () => CONTINUE })]);
    assert.deepEqual([plan.request.length, plan.response.length, plan.end.length, plan.attempt.length], [0, 1, 1, 1]);
  });
});
