// What can be written of limits: where shared counters are kept, how and by what requests are counted, and how many are let in at once.
// What must agree about them is in check-limits.ts.

import * as z from "zod";
import { CIDR_EXPECTATION, parseProxyBlock } from "./addresses.ts";
import { choice, count, duration, fields, flag, fullList, list, mapOf, oneOf, plainText, shapedText, text } from "./fields.ts";
import { FIELD_NAME_EXPECTATION, parseConditionField, parseFieldName } from "./header-text.ts";
import { parseZone, ZONE_EXPECTATION } from "./identity-values.ts";
import { PRIORITIES } from "./limit-config.ts";
import {
  LIMIT_RATE_EXPECTATION,
  NODE_URL_EXPECTATION,
  parseLimitRate,
  parseNodeUrl,
  parseRedisUrl,
  parseShare,
  REDIS_URL_EXPECTATION,
  SHARE_EXPECTATION,
} from "./limit-values.ts";
import { NAME_EXPECTATION, parseName } from "./patterns.ts";

/** Of every way of counting but quotas and logs, whose entries are kept one by one. */
export const MOST_UNITS = 1_000_000_000;
export const MOST_LOGGED = 100_000;
export const MOST_QUOTA = 1_000_000_000_000;

const word = (description: string) => plainText("text", description);
const units = (most: number, description: string) => count(1, most, description);
const limitName = text(parseName, "the name of a limit", "One of `rateLimits`.");

// ── where counters are kept ──────────────────────────────────────────────────────────────────────────────────────────

const node = (description: string) => text(parseNodeUrl, NODE_URL_EXPECTATION, description);

export const counters = fields(
  {
    redis: fields(
      {
        url: text(
          parseRedisUrl,
          REDIS_URL_EXPECTATION,
          "A single server; `rediss://` is TLS. A URL with a password is given by reference: `${env:REDIS_URL}`.",
        ).optional(),
        cluster: fullList(node("A node."), "Some nodes of a cluster, from which the others are found.").optional(),
        sentinel: fields(
          {
            master: word("The name by which the sentinels know the server."),
            nodes: fullList(node("A sentinel."), "The sentinels."),
            url: text(
              parseRedisUrl,
              REDIS_URL_EXPECTATION,
              "User, password, database and TLS of the server itself; its host and port are those that the sentinels tell.",
            ).optional(),
          },
          "Sentinels that know which server is the master.",
        ).optional(),
        timeout: duration(
          { example: "50ms", off: false, max: "10s" },
          "Time for an answer; then a limit's `onStoreFailure` holds.",
        ).prefault("50ms"),
        ca: plainText(
          "a file's path",
          "Who signed the servers' certificates, as PEM; without it the authorities that the runtime ships.",
        ).optional(),
        prefix: shapedText(
          /^[A-Za-z0-9][A-Za-z0-9:._-]{0,63}$/,
          "a prefix such as `sallyport:`, of letters, digits, `:`, `.`, `_` and `-`",
          "Put before each key. Gateways that count together have the same.",
        ).default("sallyport:"),
        syncEvery: duration(
          { example: "1s", off: false, max: "1m" },
          "How often limits with `mode: approximate` tell each other what they have counted.",
        ).prefault("1s"),
      },
      "Redis or Valkey: one of `url`, `cluster`, `sentinel`.",
    ),
  },
  "Where limits with `store: redis` are counted, by all gateways together.",
);

// ── keys ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

const KEY_WORDS = "`global`, `ip`, `route`, `endpoint`, `user`, `apiKey`, `tenant`, `plan`, `{ header: … }`, `{ claim: … }` or `{ ip: … }`";
const keyWord = choice(["global", "ip", "route", "endpoint", "user", "apiKey", "tenant", "plan"], "What is counted apart.");
const keyMap = oneOf(
  {
    header: text(parseConditionField, FIELD_NAME_EXPECTATION, "Each value of a request header."),
    claim: word("Each value of a claim; a dot leads into a claim that is a map."),
    ip: fields(
      {
        v4: count(1, 32, "Bits of an IPv4 address that count.").default(32),
        v6: count(1, 128, "Bits of an IPv6 address that count.").default(64),
      },
      "Each client address, or each network of them.",
    ),
  },
  "What is counted apart, with a word about it.",
);
const keyPart = z.union([keyWord, keyMap], { error: KEY_WORDS });

// ── ways of counting ─────────────────────────────────────────────────────────────────────────────────────────────────

const window = (description: string) => duration({ example: "1m", off: false, max: "365d" }, description);
const rate = (description: string) => text(parseLimitRate, LIMIT_RATE_EXPECTATION, description);
const maxDelay = (description: string) => duration({ example: "2s", off: false, max: "1h" }, description);
const per = (description: string) => choice(["hour", "day", "month"], description);
const zone = (description: string) => text(parseZone, ZONE_EXPECTATION, description);

const ways = {
  fixedWindow: fields(
    { limit: units(MOST_UNITS, "Units in each window."), window: window("How long a window is.") },
    "Windows that begin by the clock. Around a boundary twice as many may pass.",
  ).optional(),
  slidingWindow: fields(
    { limit: units(MOST_UNITS, "Units in any window."), window: window("How long the window is.") },
    "A window that ends now, estimated from two counters: the one to take where nothing speaks for another.",
  ).optional(),
  slidingWindowLog: fields(
    { limit: units(MOST_LOGGED, "Units in any window."), window: window("How long the window is.") },
    "A window that ends now, to the letter: each request is remembered, so that memory grows with the limit.",
  ).optional(),
  tokenBucket: fields(
    { rate: rate("What flows back."), burst: units(MOST_UNITS, "What the bucket holds, and may be taken at once.") },
    "A bucket of tokens, full at first.",
  ).optional(),
  leakyBucket: fields(
    { rate: rate("How many go on."), maxDelay: maxDelay("How long a request may be held; refused beyond.") },
    "Requests that come faster are held, so that they go on evenly.",
  ).optional(),
  concurrency: fields({ limit: units(MOST_UNITS, "Requests at once.") }, "Requests that are under way at once.").optional(),
  quota: fields(
    {
      limit: units(MOST_QUOTA, "Units in each period."),
      per: per("The period, by the calendar."),
      timeZone: zone("Whose calendar.").prefault("UTC"),
      warnAt: list(
        text(parseShare, SHARE_EXPECTATION, "A share of the limit."),
        "From which shares on callers are warned, the least first.",
      ).prefault([]),
    },
    "A quota that outlasts restarts, kept in the database.",
  ).optional(),
};

const tier = fields(
  {
    limit: units(MOST_QUOTA, "As in the limit.").optional(),
    window: window("As in the limit.").optional(),
    rate: rate("As in the limit.").optional(),
    burst: units(MOST_UNITS, "As in the limit.").optional(),
    maxDelay: maxDelay("As in the limit.").optional(),
    per: per("As in the limit.").optional(),
    timeZone: zone("As in the limit.").optional(),
  },
  "Numbers of the limit's own way of counting; what is left out is as there.",
);

const rateLimit = fields(
  {
    key: z
      .union([keyWord, keyMap, fullList(keyPart, "Several, which are one key together.")], { error: `${KEY_WORDS}, or a list of these` })
      .meta({
        description:
          "What is counted apart. `user`, `apiKey`, `tenant`, `plan` and claims are the caller's, and need a route with `auth`; where that lets somebody in as nobody, the address counts in their place.",
      }),
    ...ways,
    cost: z
      .union(
        [
          units(MOST_UNITS, "So many units."),
          fields(
            {
              responseHeader: text(
                parseFieldName,
                FIELD_NAME_EXPECTATION,
                "A header of the upstream's response that says it; clients do not see it.",
              ),
              estimate: units(MOST_UNITS, "What is taken on the way in; the difference is charged afterwards.").default(1),
              most: units(MOST_UNITS, "What is charged at the most, whatever the upstream says.").default(1000),
            },
            "What the upstream's response says.",
          ),
        ],
        { error: `a whole number from 1 to ${MOST_UNITS}, or a map with \`responseHeader\`` },
      )
      .default(1)
      .meta({ description: "Units that a request takes." }),
    tiers: fields(
      {
        by: z
          .union([choice(["plan"], "The plan of the caller's API key."), oneOf({ claim: word("A claim.") }, "What a claim says.")], {
            error: "`plan` or `{ claim: … }`",
          })
          .meta({ description: "What says which tier is a caller's." }),
        of: mapOf(word("A plan, or the claim's value."), tier, "a map of tiers", "The tiers; everybody else has the limit's own numbers."),
      },
      "Other numbers for some callers, who are counted apart from the others.",
    ).optional(),
    exempt: fields(
      {
        from: list(text(parseProxyBlock, CIDR_EXPECTATION, "An address or CIDR block."), "Client addresses.").prefault([]),
        users: list(word("An id."), "Ids of callers.").prefault([]),
        roles: list(word("A role."), "Roles of callers.").prefault([]),
        plans: list(word("A plan."), "Plans of API keys.").prefault([]),
      },
      "Who is not counted: whoever any of these holds for.",
    ).optional(),
    dryRun: flag("Whether the limit only reports whom it would refuse.").default(false),
    store: choice(
      ["local", "redis", "database"],
      "Where it is counted: in this gateway, all its workers together; by all gateways together, in `counters`; or, a quota's only store, in the database.",
    ).optional(),
    mode: choice(
      ["exact", "approximate"],
      "Whether each request asks Redis, or each gateway counts by itself and tells the others now and then.",
    ).optional(),
    onStoreFailure: choice(
      ["open", "closed", "local"],
      "What holds while a shared store is away, and must be said with one: `open` lets everybody pass, `closed` nobody, `local` has each gateway count by itself.",
    ).optional(),
  },
  "A limit: what is counted apart, one way of counting, and where.",
);

export const rateLimits = mapOf(
  text(parseName, NAME_EXPECTATION, "The limit's name."),
  rateLimit,
  "a map of limits by name",
  "Limits, by name. They hold where listeners and routes name them.",
);

const limitUse = z.union(
  [
    limitName,
    fields(
      { limit: limitName, cost: units(MOST_UNITS, "Units that a request takes here.").optional() },
      "A limit, and what a request costs here.",
    ),
  ],
  { error: "the name of a limit, or a map of `limit` and `cost`" },
);
export const limitUses = (description: string) => list(limitUse, description);

// ── load ─────────────────────────────────────────────────────────────────────────────────────────────────────────────

export const priority = choice(PRIORITIES, "Who goes on being served when not all can be: `critical` the longest, `low` the shortest.");

export const loadShedding = fields(
  {
    minimum: count(1, 1_000_000, "Requests at once that are always let in.").default(20),
    maximum: count(1, 1_000_000, "Requests at once that are let in at the most.").default(1000),
    tolerance: z
      .number({ error: "a number from 1.1 to 100" })
      .min(1.1, { error: "a number from 1.1 to 100" })
      .max(100, { error: "a number from 1.1 to 100" })
      .default(2)
      .meta({ description: "How many times as long as without load requests may take before fewer are let in." }),
    retryAfter: duration({ example: "1s", off: false, max: "1h" }, "What those who are not let in are told to wait.").prefault("1s"),
  },
  "How many requests are let in at once, found out from how long they take; 503 beyond, those of low priority first.",
);
