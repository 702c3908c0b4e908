// Syncs over Redis: one script for many keys, on the server's clock. A server of its own takes a whole batch in a call or a few; in a cluster a
// batch is cut by hash tags. There are few of those, since each of them is a call.

import { randomUUID } from "node:crypto";
import { hashTagOf } from "../redis/hash-tag.ts";
import type { LuaScript, RedisLink } from "../redis/link.ts";
import { mostDebt } from "./shared-count.ts";
import type { SyncBatch, SyncEntry, SyncPort, SyncReading, SyncReply } from "./sync-port.ts";

export interface RedisSyncOptions {
  readonly link: RedisLink;
  /** Whether keys of one call need a hash tag. */
  readonly isCluster: boolean;
  /** Put before every key. */
  readonly prefix: string;
}

/** Of the link's: enough for a cluster of eight masters. */
const SYNC_TAGS = 8;
/** A script holds up everybody else on its server: this many keys take it about a millisecond. */
const MOST_KEYS_A_CALL = 256;
/** For a batch that comes again; what comes later than this is counted twice. */
const SEEN_MS = 3_600_000;

/**
 * KEYS: what remembers the call, then one for each entry. ARGV: sequence, fadeMs, syncEveryMs, SEEN_MS; then for each entry its kind and ten
 * numbers. Answers with the time, and a line for each entry.
 *
 * A key's value is the line "atMs windowStartMs count earlier askedPerMs admittedPerMs". shared-count.ts has the same in TypeScript.
 */
const SYNC: LuaScript = {
  name: "sync",
  text: `
local time = redis.call("TIME")
local now = tonumber(time[1]) * 1000 + tonumber(time[2]) / 1000
local sequence, fade, every = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
-- What stands under a key and is none of the script's counts as nothing: an error would come again with each sync of that key.
local function number(text)
  local n = tonumber(text)
  if n and n > -1e300 and n < 1e300 then return n end
end
local last = redis.pcall("GET", KEYS[1])
local seen = type(last) == "string" and number(last) or 0
local again = seen >= sequence
if not again then redis.call("SET", KEYS[1], ARGV[1], "PX", ARGV[4]) end
local answer = { string.format("%.3f", now) }
if #KEYS == 1 then return answer end
local values = redis.call("MGET", unpack(KEYS, 2))
for i = 1, #values do
  local a = 4 + (i - 1) * 11
  local kind, startOf = ARGV[a + 1], tonumber(ARGV[a + 2])
  local units, earlierUnits = tonumber(ARGV[a + 3]), tonumber(ARGV[a + 4])
  local asked, admitted = tonumber(ARGV[a + 5]), tonumber(ARGV[a + 6])
  local askedBefore, admittedBefore, before = tonumber(ARGV[a + 7]), tonumber(ARGV[a + 8]), tonumber(ARGV[a + 9])
  local first, second = tonumber(ARGV[a + 10]), tonumber(ARGV[a + 11])
  local at, start, count, earlier, askedSum, admittedSum = now, 0, 0, 0, 0, 0
  local known = false
  if values[i] then
    local s1, s2, s3, s4, s5, s6 = string.match(values[i], "^(%S+) (%S+) (%S+) (%S+) (%S+) (%S+)$")
    s1, s2, s3, s4, s5, s6 = number(s1), number(s2), number(s3), number(s4), number(s5), number(s6)
    if s1 and s2 and s3 and s4 and s5 and s6 then
      known = true
      at, start, count, earlier, askedSum, admittedSum = s1, s2, s3, s4, s5, s6
    end
  end
  local counts = not (again and known)
  if not counts then
    units, earlierUnits, asked, admitted, askedBefore, admittedBefore = 0, 0, 0, 0, 0, 0
  end
  local since = math.max(0, now - at)
  local fading, entryFading = math.exp(-since / fade), math.exp(-math.max(0, now - before) / fade)
  askedSum = math.max(0, askedSum * fading - askedBefore * entryFading) + asked
  admittedSum = math.max(0, admittedSum * fading - admittedBefore * entryFading) + admitted
  local life
  if kind == "b" then
    local rate, most = first, second
    local unreported = math.min(rate * every, askedSum * every + math.max(0, units))
    count = known and math.max(count - rate * since, -unreported) or -unreported
    count = math.min(count + units, most)
    earlier, start = 0, 0
    life = math.max(0, count) / rate
  else
    local window = first
    local startNow = math.floor(now / window) * window
    if not known or start < startNow - window then
      count, earlier = 0, 0
    elseif start < startNow then
      count, earlier = 0, count
    end
    start = startNow
    local ago = math.max(0, (startNow - startOf) / window)
    if ago == 0 then
      count, earlier = count + units, earlier + earlierUnits
    elseif ago == 1 then
      earlier = earlier + units
    end
    count, earlier = math.max(0, count), math.max(0, earlier)
    life = 2 * window
  end
  local numbers = string.format("%.17g %.17g %.9g %.9g", count, earlier, askedSum, admittedSum)
  answer[i + 1] = string.format("%.3f ", now) .. numbers
  if counts then
    redis.call("SET", KEYS[i + 1], string.format("%.3f %.0f ", now, start) .. numbers, "PX", string.format("%.0f", math.ceil(life + 2 * every)))
  end
end
return answer
`,
};

export class RedisSync implements SyncPort {
  readonly #link: RedisLink;
  /** By tag; one where none is needed. */
  readonly #prefixes: readonly string[];
  readonly #gateway = randomUUID();

  constructor({ link, isCluster, prefix }: RedisSyncOptions) {
    this.#link = link;
    this.#prefixes = isCluster ? Array.from({ length: SYNC_TAGS }, (_, tag) => `${prefix}{${tag}}`) : [prefix];
  }

  async sync(batch: SyncBatch): Promise<SyncReply> {
    // The first comes with the link, which is not known to be up or down then.
    await this.#link.started;
    const { entries } = batch;
    const byTag: number[][] = this.#prefixes.map(() => []);
    entries.forEach(({ key }, index) => {
      byTag[hashTagOf(key, byTag.length)]!.push(index);
    });
    const readings = new Array<SyncReading>(entries.length);
    const calls: Promise<number>[] = [];
    byTag.forEach((indexes, tag) => {
      for (let from = 0; from < indexes.length; from += MOST_KEYS_A_CALL) {
        const some = indexes.slice(from, from + MOST_KEYS_A_CALL);
        calls.push(this.#call(batch, tag, from / MOST_KEYS_A_CALL, some, readings));
      }
    });
    // Asked nothing, the store tells the time.
    if (calls.length === 0) calls.push(this.#call(batch, 0, 0, [], readings));
    const times = await Promise.all(calls);
    return { atMs: Math.max(...times), calls: calls.length, readings };
  }

  /** The link is its opener's. */
  close(): void {}

  /** Writes the readings of some entries; returns the server's time. `part`: which call of the batch to this tag this is. */
  async #call(batch: SyncBatch, tag: number, part: number, indexes: readonly number[], readings: SyncReading[]): Promise<number> {
    const prefix = this.#prefixes[tag]!;
    const keys = [`${prefix}sync-seen:${this.#gateway}:${part}`];
    const values: (string | number)[] = [batch.sequence, batch.fadeMs, batch.syncEveryMs, SEEN_MS];
    for (const index of indexes) {
      const entry = batch.entries[index]!;
      keys.push(`${prefix}sync:${entry.meter.id}:${entry.key}`);
      writeEntry(entry, batch, values);
    }
    const answer = await this.#link.run(SYNC, keys, values);
    if (!Array.isArray(answer) || answer.length !== keys.length) throw new Error("Redis answered a sync with something else");
    const [atMs] = readNumbers(answer[0], 1);
    indexes.forEach((index, position) => {
      const [readAtMs, count, earlier, askedPerMs, admittedPerMs] = readNumbers(answer[position + 1], 5);
      readings[index] = { atMs: readAtMs!, count: count!, earlier: earlier!, askedPerMs: askedPerMs!, admittedPerMs: admittedPerMs! };
    });
    return atMs!;
  }
}

function writeEntry(entry: SyncEntry, { syncEveryMs }: SyncBatch, values: (string | number)[]): void {
  const { rule, windowStartMs, units, earlierUnits, askedPerMs, admittedPerMs, askedBefore, admittedBefore, beforeMs } = entry;
  const isBucket = rule.kind === "tokenBucket";
  values.push(isBucket ? "b" : "w", windowStartMs, units, earlierUnits, askedPerMs, admittedPerMs, askedBefore, admittedBefore, beforeMs);
  if (isBucket) values.push(rule.ratePerMs, mostDebt(rule.burst, rule.ratePerMs, syncEveryMs));
  else values.push(rule.windowMs, 0);
}

function readNumbers(line: unknown, count: number): number[] {
  const numbers = typeof line === "string" ? line.split(" ").map(Number) : [];
  if (numbers.length !== count || !numbers.every(Number.isFinite)) throw new Error("Redis answered a sync with something else");
  return numbers;
}

/** FNV-1a, folded. */
