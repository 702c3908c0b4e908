export { ApproximateCounters, type ApproximateOptions } from "./approximate-counters.ts";
export { MemorySyncPort, MemorySyncStore } from "./memory-sync-port.ts";
export { RedisSync, type RedisSyncOptions } from "./redis-sync.ts";
export {
  type ApproximateRule,
  isApproximateRule,
  type SyncBatch,
  type SyncEntry,
  type SyncPort,
  type SyncReading,
  type SyncReply,
} from "./sync-port.ts";
