export { type Answer, MeterModel, type Standing, type Verdict } from "./meter-model.ts";
export { ModelCounters, makeModel } from "./model-counters.ts";
