// The script by which a server counts. One call carries the takes of many requests; each is decided in its turn, all of its asks or none, by
// the server's own clock. What it says of a rule is what that rule's model says (models/).
//
//   KEYS      one for each ask
//   ARGV[1]   the takes: a character for each ask, the code of its rule, and a space behind each take
//   ARGV[2]   who asks: units of concurrency are held by this name
//   ARGV[3…]  the rules, codes from 33 on: kind, mode, cost and the two numbers of the kind
//   answer    five numbers for each ask that is judged: admitted, remaining, resetMs, retryMs, delayMs
//
// Every key expires: a window's when nothing of it counts any more, a bucket's when it is full (or empty), units that are held after a minute
// in which their holder said nothing. A key is read once a call and written once, however many takes there are of it.
//
// What stands under a key and is none of the script's counts as nothing: an error would take the link down, for everybody.

import type { LimitRule } from "../rule.ts";
import type { LuaScript } from "./link.ts";

/** How an ask is counted. */
export const ENFORCED = 0;
export const DRY_RUN = 1;
/** Not judged, not answered. */
export const CHARGED = 2;
/** Sets what is held to at least `cost` and at most the rule's second number. Of concurrency alone. */
export const RENEWED = 3;
export type Mode = typeof ENFORCED | typeof DRY_RUN | typeof CHARGED | typeof RENEWED;

export const FIRST_CODE = 33;
/** Codes are single bytes that can be printed. */
export const MOST_RULES = 90;
/** How long units are held for somebody who says nothing. */
export const LEASE_MS = 60_000;

/** `most` is for RENEWED. */
export function writeRule(rule: LimitRule, mode: Mode, cost: number, most = 0): string {
  switch (rule.kind) {
    case "fixedWindow":
      return `1 ${mode} ${cost} ${rule.limit} ${rule.windowMs}`;
    case "slidingWindow":
      return `2 ${mode} ${cost} ${rule.limit} ${rule.windowMs}`;
    case "slidingLog":
      return `3 ${mode} ${cost} ${rule.limit} ${rule.windowMs}`;
    case "tokenBucket":
      return `4 ${mode} ${cost} ${rule.ratePerMs} ${rule.burst}`;
    case "leakyBucket":
      return `5 ${mode} ${cost} ${rule.ratePerMs} ${rule.maxDelayMs}`;
    case "concurrency":
      return `6 ${mode} ${cost} ${rule.limit} ${most}`;
    case "quota":
      throw new Error("quotas are not kept in Redis");
  }
}

export const COUNTERS: LuaScript = {
  name: "counters",
  text: `
local floor, ceil, max, min, byte = math.floor, math.ceil, math.max, math.min, string.byte
local time = redis.call("TIME")
local now = tonumber(time[1]) * 1000 + floor(tonumber(time[2]) / 1000)
local holder = ARGV[2]
-- The most that Lua writes digit by digit.
local MOST = 99999999999999

local function whole(ms) return max(0, ceil(ms - 1e-6)) end
local function told(n) return min(max(0, floor(n)), MOST) end
local function units(n) return max(0, floor(n + 1e-6)) end

local function number(text)
  local n = tonumber(text)
  if n and n > -1e300 and n < 1e300 then return n end
end

-- Two numbers of a text, or none.
local function pair(text)
  if type(text) ~= "string" then return end
  local first, second = string.match(text, "^(%S+) (%S+)$")
  first, second = number(first), number(second)
  if first and second then return first, second end
end

local function get(key)
  local text = redis.pcall("GET", key)
  if type(text) == "string" then return text end
end

local function put(key, text, ms)
  if ms < 1 then redis.call("DEL", key)
  else redis.call("SET", key, text, "PX", string.format("%.0f", min(ms, 1e15))) end
end

local kinds = {}

kinds["1"] = {
  read = function(key, rule)
    local state = { start = now - now % rule.b, count = 0 }
    local start, count = pair(get(key))
    -- A later start is that of a clock that went back.
    if start and start >= state.start then state.count, state.touched = max(0, count), start > state.start end
    return state
  end,
  judge = function(state, rule)
    if rule.cost > rule.a then return false, 0 end
    if state.count + rule.cost <= rule.a then return true, 0 end
    return false, state.start + rule.b - now
  end,
  add = function(state, rule, n) state.count = max(0, state.count + n) end,
  tell = function(state, rule) return max(0, rule.a - state.count), state.start + rule.b - now end,
  write = function(key, state, rule)
    put(key, string.format("%.0f %.17g", state.start, state.count), state.count > 0 and state.start + rule.b - now or 0)
  end,
}

kinds["2"] = {
  read = function(key, rule)
    local state = { start = now - now % rule.b, current = 0, previous = 0 }
    local text = get(key)
    if text then
      local start, current, previous = string.match(text, "^(%S+) (%S+) (%S+)$")
      start, current, previous = number(start), number(current), number(previous)
      if start and current and previous then
        if start >= state.start then
          state.current, state.previous, state.touched = max(0, current), max(0, previous), start > state.start
        elseif start == state.start - rule.b then
          state.previous = max(0, current)
        end
      end
    end
    state.past = (now - state.start) / rule.b
    return state
  end,
  judge = function(state, rule)
    local limit, cost, current = rule.a, rule.cost, state.current
    if cost > limit then return false, 0 end
    if state.previous * (1 - state.past) + current + cost <= limit + 1e-9 then return true, 0 end
    local room = limit - current - cost
    if room >= 0 then return false, whole(rule.b * (1 - room / state.previous - state.past)) end
    return false, whole(rule.b * (1 - state.past + max(0, 1 - (limit - cost) / current)))
  end,
  add = function(state, rule, n) state.current = max(0, state.current + n) end,
  tell = function(state, rule)
    local reset = state.current > 0 and 2 or state.previous > 0 and 1 or state.past
    return units(rule.a - state.previous * (1 - state.past) - state.current), whole(rule.b * (reset - state.past))
  end,
  write = function(key, state, rule)
    local windows = state.current > 0 and 2 or state.previous > 0 and 1 or 0
    put(key, string.format("%.0f %.17g %.17g", state.start, state.current, state.previous), windows > 0 and state.start + windows * rule.b - now or 0)
  end,
}

-- A list: first the units of all that has left the window, then "time units" of what was admitted, the oldest first, with the units of all
-- entries before in them. So whatever is looked for is found by halving: a caller who has filled a log holds up nobody when it is over.
local function entry(key, index)
  return pair(redis.call("LINDEX", key, index))
end

-- The first entry from low to high that is wanted, as all behind it are; high + 1 where none is.
local function first(key, low, high, wanted)
  while low <= high do
    local middle = floor((low + high) / 2)
    local at, upTo = entry(key, middle)
    if at and wanted(at, upTo) then high = middle - 1 else low = middle + 1 end
  end
  return low
end

kinds["3"] = {
  read = function(key, rule)
    local state = { key = key, base = 0, upTo = 0 }
    local head = redis.pcall("LINDEX", key, 0)
    if not head then return state end
    local base, newest, upTo = number(type(head) == "string" and head), nil, nil
    if base then newest, upTo = entry(key, -1) end
    if not newest or upTo <= base or now - newest >= rule.b then
      redis.call("DEL", key)
      return state
    end
    if newest > now + 1000 then
      -- The clock went back: all that is there is of now, so that nobody waits for what was the future.
      redis.call("LTRIM", key, 0, 1)
      redis.call("LSET", key, 1, string.format("%.0f %.17g", now, upTo))
    end
    local oldest = entry(key, 1)
    if not oldest or now - oldest >= rule.b then
      local live = first(key, 2, redis.call("LLEN", key) - 1, function(at) return now - at < rule.b end)
      local _, gone = entry(key, live - 1)
      base = min(gone or base, upTo)
      redis.call("LTRIM", key, live - 1, -1)
      redis.call("LSET", key, 0, string.format("%.17g", base))
    end
    state.base, state.upTo = base, upTo
    return state
  end,
  judge = function(state, rule)
    if rule.cost > rule.a then return false, 0 end
    local over = state.upTo - state.base + rule.cost - rule.a
    if over <= 0 then return true, 0 end
    local key, upTo = state.key, state.base + over
    local at, units = entry(key, 1)
    if units and units < upTo then
      at = entry(key, first(key, 2, redis.call("LLEN", key) - 1, function(_, each) return each >= upTo end))
    end
    return false, at and at + rule.b - now or 0
  end,
  add = function(state, rule, n)
    local key = state.key
    local upTo = max(state.base, state.upTo + n)
    if upTo == state.base then
      redis.call("DEL", key)
      state.base, state.upTo = 0, 0
      return
    end
    if n < 0 then
      local last = first(key, 1, redis.call("LLEN", key) - 1, function(_, each) return each >= upTo end)
      redis.call("LTRIM", key, 0, last)
      redis.call("LSET", key, last, string.format("%.0f %.17g", entry(key, last) or now, upTo))
    else
      local newest
      if state.upTo > state.base then newest = entry(key, -1) else redis.call("RPUSH", key, 0) end
      if newest and newest >= now then redis.call("LSET", key, -1, string.format("%.0f %.17g", newest, upTo))
      else redis.call("RPUSH", key, string.format("%.0f %.17g", now, upTo)) end
      redis.call("PEXPIRE", key, string.format("%.0f", min(rule.b, 1e15)))
    end
    state.upTo = upTo
  end,
  tell = function(state, rule)
    if state.upTo == state.base then return rule.a, 0 end
    local at = entry(state.key, -1)
    return max(0, rule.a - state.upTo + state.base), at and at + rule.b - now or 0
  end,
  write = function() end,
}

-- Both buckets: units that have yet to flow, and when that was so.
local function readBucket(key, rule)
  local state = { owed = 0 }
  local owed, at = pair(get(key))
  if owed then
    state.owed = max(0, owed - max(0, now - at) * rule.a)
    state.touched = at > now
  end
  return state
end

local function addToBucket(state, rule, n) state.owed = max(0, state.owed + n) end

local function writeBucket(key, state, rule)
  put(key, string.format("%.17g %.0f", state.owed, now), whole(state.owed / rule.a))
end

kinds["4"] = {
  read = readBucket,
  judge = function(state, rule)
    if rule.cost > rule.b then return false, 0 end
    local short = rule.cost - (rule.b - state.owed)
    if short <= 1e-6 then return true, 0 end
    return false, whole(short / rule.a)
  end,
  add = addToBucket,
  tell = function(state, rule) return units(rule.b - state.owed), whole(state.owed / rule.a) end,
  write = writeBucket,
}

kinds["5"] = {
  read = readBucket,
  judge = function(state, rule)
    local wait = state.owed / rule.a
    if wait > rule.b + 1e-6 then return false, whole(wait - rule.b) end
    return true, 0, rule.cost > 0 and whole(wait) or 0
  end,
  add = addToBucket,
  tell = function(state, rule)
    local wait = state.owed / rule.a
    return wait > rule.b + 1e-6 and 0 or units((rule.b - wait) * rule.a) + 1, whole(wait)
  end,
  write = writeBucket,
}

-- A hash: "units until" by holder.
kinds["6"] = {
  read = function(key, rule)
    local state = { own = 0, others = 0 }
    local all = redis.pcall("HGETALL", key)
    if all.err then redis.call("DEL", key) return state end
    for i = 1, #all, 2 do
      local n, till = pair(all[i + 1])
      if not n or till <= now then redis.call("HDEL", key, all[i])
      elseif all[i] == holder then state.own = max(0, n)
      else state.others = state.others + max(0, n) end
    end
    return state
  end,
  judge = function(state, rule) return state.own + state.others + rule.cost <= rule.a, 0 end,
  add = function(state, rule, n) state.own = max(0, state.own + n) end,
  tell = function(state, rule) return max(0, rule.a - state.own - state.others), 0 end,
  write = function(key, state, rule)
    if state.own <= 0 then redis.call("HDEL", key, holder) return end
    redis.call("HSET", key, holder, string.format("%.0f %.0f", state.own, now + ${LEASE_MS}))
    redis.call("PEXPIRE", key, ${LEASE_MS})
  end,
}

local rules = {}
for i = 3, #ARGV do
  local kind, mode, cost, a, b = string.match(ARGV[i], "^(%S+) (%S+) (%S+) (%S+) (%S+)$")
  rules[i + ${FIRST_CODE - 3}] = { kind = kinds[kind], mode = tonumber(mode), cost = tonumber(cost), a = tonumber(a), b = tonumber(b) }
end

local states, stateRules, order = {}, {}, {}
local took, delays, retries, oks = {}, {}, {}, {}
local out, n = {}, 0
local codes, at, ask = ARGV[1], 1, 0
local length = #codes
while at <= length do
  local first, taken = ask + 1, true
  local code = byte(codes, at)
  while code ~= 32 do
    ask = ask + 1
    local rule = rules[code]
    local key = KEYS[ask]
    local state = states[key]
    if not state then
      state = rule.kind.read(key, rule)
      states[key], stateRules[key], order[#order + 1] = state, rule, key
    end
    took[ask], oks[ask], retries[ask], delays[ask] = rule, true, 0, 0
    if rule.mode < 2 then
      local ok, retry, delay = rule.kind.judge(state, rule)
      oks[ask], retries[ask], delays[ask] = ok, retry, delay or 0
      if not ok and rule.mode == 0 then taken = false end
    end
    at = at + 1
    code = byte(codes, at)
  end
  at = at + 1
  for i = first, ask do
    local rule = took[i]
    local state = states[KEYS[i]]
    local counted = taken and oks[i]
    if rule.mode == 3 then
      state.own = max(rule.cost, min(state.own, rule.b))
      state.touched = true
    elseif counted and rule.cost ~= 0 then
      rule.kind.add(state, rule, rule.cost)
      state.touched = true
    end
    if rule.mode < 2 then
      out[n + 1] = oks[i] and 1 or 0
      local remaining, reset = rule.kind.tell(state, rule)
      out[n + 2], out[n + 3], out[n + 4] = told(remaining), told(reset), told(retries[i])
      out[n + 5] = counted and told(delays[i]) or 0
      n = n + 5
    end
  end
end
for i = 1, #order do
  local key = order[i]
  local state = states[key]
  if state.touched then stateRules[key].kind.write(key, state, stateRules[key]) end
end
return table.concat(out, " ")
`,
};
