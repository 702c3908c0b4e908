// The pages of quotas. What is done stands in limits/quota-operations.ts; here are paths, bodies and what a refusal is called.

import { type QuotaFilter, type QuotaOperations, QuotaRefusal } from "../limits/index.ts";
import { StoreFailure } from "../stores/index.ts";
import type { ControlPlane } from "./control-plane.ts";
import type { Answer, Endpoint, Refused } from "./endpoints.ts";
import { KEY_MEDIA_TYPE, NO_QUOTAS, QUOTA_ABSENT, QUOTA_INVALID, STORE } from "./faults.ts";
import { json } from "./json-answer.ts";
import { MalformedJson, readJson, WrongMediaType } from "./json-body.ts";

const REFUSALS = { invalid: QUOTA_INVALID, absent: QUOTA_ABSENT } as const;
const NONE = "the configuration has no quota: `rateLimits: { NAME: { key: user, quota: { limit: 1000, per: month }, … } }` and `database`";

const COMMON = {
  404: "There is no quota of that name: `detail` lists those that there are.",
  409: "The configuration has no quota.",
  503: "The database can't be asked now.",
};
const FILTERS = {
  limit: "Only this quota's.",
  key: "Only this key's, written as the answer has it.",
  all: "`true` lists, too, what was used in periods that have ended, for 35 days.",
  most: "At most so many, from 1 to 10000: 1000 when left out.",
};

export const QUOTA_ENDPOINTS: readonly Endpoint[] = [
  {
    path: "/quotas",
    method: "GET",
    isOpen: false,
    summary: "What was used of quotas, the most used first. Units that a gateway holds ready count as used.",
    statuses: { 200: "The counters.", 400: "The query is malformed: `detail` says where.", ...COMMON },
    schema: "Quotas",
    query: FILTERS,
    answer: (plane, { query }) => answer(plane, async (quotas) => json({ quotas: await quotas.list(readFilter(query)) })),
  },
  {
    path: "/quotas/reset",
    method: "POST",
    isOpen: false,
    summary: "Sets what was used in the current period back to nothing, for one key or all. Gateways see it within a second.",
    statuses: {
      200: "How many counters were set back; none is none that was there.",
      400: "What was asked for is malformed: `detail` says where.",
      415: "The body is not application/json.",
      ...COMMON,
    },
    schema: "QuotaReset",
    takes: "NewQuotaReset",
    answer: (plane, request) => answer(plane, async (quotas) => json(await quotas.reset(readJson(request)))),
  },
];

async function answer({ quotas }: ControlPlane, work: (quotas: QuotaOperations) => Promise<Answer>): Promise<Answer | Refused> {
  if (quotas === null) return { fault: NO_QUOTAS, detail: NONE };
  try {
    return await work(quotas);
  } catch (error) {
    if (error instanceof QuotaRefusal) return { fault: REFUSALS[error.reason], detail: error.message };
    if (error instanceof StoreFailure) return { fault: STORE, detail: error.message };
    if (error instanceof WrongMediaType) return { fault: KEY_MEDIA_TYPE, detail: error.message };
    if (error instanceof MalformedJson) return { fault: QUOTA_INVALID, detail: error.message };
    throw error;
  }
}

function readFilter(query: string): QuotaFilter {
  const filter: { limit?: string; key?: string; all?: boolean; most?: number } = {};
  const parameters = [...new URLSearchParams(query)];
  if (new Set(parameters.map(([name]) => name)).size < parameters.length)
    throw new QuotaRefusal("invalid", "the query says something twice");
  for (const [name, value] of parameters) {
    if (name === "limit" || name === "key") filter[name] = value;
    else if (name === "all" && (value === "true" || value === "false")) filter.all = value === "true";
    else if (name === "most" && /^(?:[1-9]\d{0,3}|10000)$/.test(value)) filter.most = Number(value);
    else throw new QuotaRefusal("invalid", "the query takes `limit`, `key`, `all=true` and `most`, from 1 to 10000");
  }
  return filter;
}
