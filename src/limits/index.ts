// The door of the limits room: rules, the port of what counts, and the counters of this process. The shared ones are in rooms of their own
// below it (limits/redis/index.ts), so that a gateway without them loads none of their libraries.
export {
  Ask,
  BY_CLOSED,
  BY_LOCAL,
  BY_OPEN,
  BY_STORE,
  type Counters,
  type CountersWatcher,
  type DecidedBy,
  Take,
  type TakeOwner,
} from "./counters.ts";
export { LocalCounters, type LocalCountersOptions } from "./local/index.ts";
export {
  createQuotaOperations,
  type QuotaOperations,
  type QuotaOperationsHost,
  QuotaRefusal,
  type QuotaReset,
  type QuotaView,
} from "./quota-operations.ts";
export type { QuotaFilter, QuotaGrant, QuotaName, QuotaRecord, QuotaReserve, QuotaStore } from "./quotas.ts";
export type {
  ConcurrencyRule,
  FixedWindowRule,
  LeakyBucketRule,
  LimitRule,
  Meter,
  OnStoreFailure,
  QuotaPeriod,
  QuotaRule,
  SlidingLogRule,
  SlidingWindowRule,
  TokenBucketRule,
} from "./rule.ts";
export { WithoutStore } from "./without-store.ts";
