export { type ConfigDiff, diffConfigs } from "./diff-configs.ts";
export type { MovedRequests } from "./diff-requests.ts";
export type { Effect, EffectKind } from "./effect.ts";
