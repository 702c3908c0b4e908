export { type Blame, defineFault, type Fault, type FaultDefinition, type FaultKind, listFaults, type RetrySafety } from "./fault.ts";
