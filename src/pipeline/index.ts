export { Attempt } from "./attempt.ts";
export { compilePlan, type PlanIssue, type PlanTarget, sortByPhase } from "./compile.ts";
export { Exchange } from "./exchange.ts";
export { ExchangeMemory, type MemoryKey } from "./exchange-memory.ts";
export type { ExchangeRuntime } from "./exchange-runtime.ts";
export * as EXCHANGE from "./faults.ts";
export { FixedList } from "./fixed-list.ts";
export { GRPC_STATUS, GRPC_STATUS_NAMES, grpcStatusOf, isWebType, toGrpcType } from "./grpc-call.ts";
export { encodeGrpcMessage } from "./grpc-fault.ts";
export { PathRecipe, withOneSlash } from "./path-template.ts";
export {
  type AttemptStep,
  type BodySink,
  type BodyTransform,
  DELIVER,
  type EndStep,
  type ForwardStep,
  type Judge,
  PHASES,
  type Phase,
  type Plan,
  type Policy,
  type Slot,
  type Step,
  type UpstreamClaim,
  type UpstreamPort,
} from "./policy.ts";
export { type ClaimLine, type Claims, Principal, type PrincipalFacts, type PrincipalSource } from "./principal.ts";
export type { BodyReader, RequestBody } from "./request-body.ts";
export { httpDate } from "./rescue.ts";
export { ANSWERED, CONTINUE, PENDING, type StepResult } from "./results.ts";
export { DONE, FORWARD, REQUEST, RESPONSE, SENDING } from "./stages.ts";
export { type PolicyTracer, tracePolicy } from "./trace.ts";
export { compileParts, FieldValue, type ValuePart } from "./value-template.ts";
