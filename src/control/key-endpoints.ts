// The pages of API keys. What is done stands in identity/api-key; here are paths, bodies and what a refusal is called.

import type { ApiKeyOperations } from "../identity/index.ts";
import { KeyRefusal } from "../identity/index.ts";
import { StoreFailure } from "../stores/index.ts";
import type { ControlPlane } from "./control-plane.ts";
import type { Answer, Endpoint, Refused } from "./endpoints.ts";
import { KEY_ABSENT, KEY_ENDED, KEY_INVALID, KEY_MEDIA_TYPE, NO_DATABASE, STORE } from "./faults.ts";
import { json } from "./json-answer.ts";
import { MalformedJson, readJson, WrongMediaType } from "./json-body.ts";

const REFUSALS = { invalid: KEY_INVALID, absent: KEY_ABSENT, ended: KEY_ENDED } as const;
const NO_STORE =
  "the configuration has no identity that takes API keys, or no database: `database: { sqlite: { path: ./state/sallyport.db } }` and an identity with `apiKey`";

const COMMON = { 409: "There is no database to keep keys in: `detail` says what to configure.", 503: "The database can't be asked now." };
const ONE = { ...COMMON, 404: "There is no key of that id." };
const BAD = { 400: "What was asked for is malformed: `detail` says where.", 415: "The body is not application/json." };
const FILTERS = {
  owner: "Only keys of this owner.",
  identity: "Only keys of this identity.",
  all: "`true` lists those, too, that are revoked or have expired.",
};

export const KEY_ENDPOINTS: readonly Endpoint[] = [
  {
    path: "/keys",
    method: "GET",
    isOpen: false,
    summary: "The API keys, the newest first, without what gets anybody in.",
    statuses: { 200: "The keys.", 400: "The query is malformed: `detail` says where.", ...COMMON },
    schema: "ApiKeys",
    query: FILTERS,
    answer: (plane, request) => answer(plane, async (keys) => json({ keys: await keys.list(readFilter(request.query)) })),
  },
  {
    path: "/keys",
    method: "POST",
    isOpen: false,
    summary: "Makes an API key. The answer has the key itself, which is never told again.",
    statuses: { 201: "The key and what is kept of it.", ...BAD, ...COMMON },
    schema: "IssuedKey",
    takes: "NewApiKey",
    answer: (plane, request) => answer(plane, async (keys) => json(await keys.create(readJson(request)), 201)),
  },
  {
    path: "/keys/{id}",
    method: "GET",
    isOpen: false,
    summary: "One API key, without what gets anybody in.",
    statuses: { 200: "The key.", ...ONE },
    schema: "ApiKey",
    answer: (plane, { id }) => answer(plane, async (keys) => json(await keys.show(id))),
  },
  {
    path: "/keys/{id}/rotate",
    method: "POST",
    isOpen: false,
    summary: "Makes a successor that may do the same. Both are good for the overlap, a day unless said.",
    statuses: {
      201: "The successor, and what it takes the place of.",
      ...BAD,
      ...ONE,
      409: "The key is at its end, or there is no database.",
    },
    schema: "IssuedKey",
    takes: "KeyRotation",
    answer: (plane, request) => answer(plane, async (keys) => json(await keys.rotate(request.id, readJson(request)), 201)),
  },
  {
    path: "/keys/{id}/revoke",
    method: "POST",
    isOpen: false,
    summary: "Ends an API key: no node lets it in 5 s later. It can't be taken back.",
    statuses: { 200: "The key, revoked.", ...ONE },
    schema: "ApiKey",
    answer: (plane, { id }) => answer(plane, async (keys) => json(await keys.revoke(id))),
  },
];

async function answer({ keys }: ControlPlane, work: (keys: ApiKeyOperations) => Promise<Answer>): Promise<Answer | Refused> {
  if (keys === null) return { fault: NO_DATABASE, detail: NO_STORE };
  try {
    return await work(keys);
  } catch (error) {
    if (error instanceof KeyRefusal) return { fault: REFUSALS[error.reason], detail: error.message };
    if (error instanceof StoreFailure) return { fault: STORE, detail: error.message };
    if (error instanceof WrongMediaType) return { fault: KEY_MEDIA_TYPE, detail: error.message };
    if (error instanceof MalformedJson) return { fault: KEY_INVALID, detail: error.message };
    throw error;
  }
}

function readFilter(query: string): { owner?: string; identity?: string; all?: boolean } {
  const filter: { owner?: string; identity?: string; all?: boolean } = {};
  const parameters = [...new URLSearchParams(query)];
  if (new Set(parameters.map(([name]) => name)).size < parameters.length) throw new KeyRefusal("invalid", "the query says something twice");
  for (const [name, value] of parameters) {
    if (name === "owner" || name === "identity") filter[name] = value;
    else if (name === "all" && (value === "true" || value === "false")) filter.all = value === "true";
    else throw new KeyRefusal("invalid", "the query takes `owner`, `identity` and `all=true`");
  }
  return filter;
}
