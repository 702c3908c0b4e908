// Watching what each policy does, for those who explain a request. Wrapped in when plans compile: without a tracer there is
// nothing of it in a plan. It sees the steps of requests and responses, not those of attempts.

import type { Exchange } from "./exchange.ts";
import type { Phase, Policy, Step } from "./policy.ts";
import type { StepResult } from "./results.ts";

export interface PolicyTracer {
  /** Calls `run`, which is the policy's own step, and returns what it returned; before and after it, the exchange may be looked at. */
  onStep(
    exchange: Exchange,
    policy: { readonly name: string; readonly phase: Phase },
    side: "request" | "response",
    run: () => StepResult,
  ): StepResult;
}

/** The same policy, of whose request and response steps the tracer hears. */
export function tracePolicy(policy: Policy, tracer: PolicyTracer): Policy {
  const { request, response } = policy;
  const about = { name: policy.name, phase: policy.phase };
  const wrap =
    (side: "request" | "response", step: Step): Step =>
    (exchange) =>
      tracer.onStep(exchange, about, side, () => step(exchange));
  return {
    ...policy,
    ...(request !== undefined && { request: wrap("request", request) }),
    ...(response !== undefined && { response: wrap("response", response) }),
  };
}
