export { LocalCounters, type LocalCountersOptions } from "./local-counters.ts";
