// The door of shared counters: what opens it loads the client's library.
export { HASH_TAGS, type LuaScript, type RedisLink, type RedisLinkConfig, type RedisPlace } from "./link.ts";
export { RedisCounters, type RedisCountersHost } from "./redis-counters.ts";
export { openRedisLink, type RedisLinkHost } from "./redis-link.ts";
