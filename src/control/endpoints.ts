// Every page of the admin address: what it is for, who may have it, what it answers. Routing, `GET /` and the OpenAPI document are made
// of this one list.

import type { FaultDefinition } from "../base/index.ts";
import { StoreFailure } from "../stores/index.ts";
import { METRICS_CONTENT_TYPE } from "../telemetry/index.ts";
import type { ControlPlane, GatewayStatus, PublicKeys, ReloadOutcome } from "./control-plane.ts";
import { NOT_FOUND, STORE } from "./faults.ts";
import { JSON_TYPE, json } from "./json-answer.ts";
import { KEY_ENDPOINTS } from "./key-endpoints.ts";
import { describeApi } from "./openapi.ts";
import { QUOTA_ENDPOINTS } from "./quota-endpoints.ts";

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly text: string;
  /** Left out: nobody may keep it. */
  readonly cacheForSeconds?: number;
}

/** Why a page does not do what was asked of it: becomes a problem (RFC 9457). */
export interface Refused {
  readonly fault: FaultDefinition;
  readonly detail: string;
}

/** What a page reads of its request. */
export interface AdminRequest {
  /** Who asks, for logs. */
  readonly cause: string;
  /** What stands in the path in the place of `{id}`; "" where there is no such place. */
  readonly id: string;
  /** With its `?`; "" for none. */
  readonly query: string;
  /** Null for none. */
  readonly contentType: string | null;
  readonly body: Uint8Array;
}

export type PageAnswer = Answer | ReloadOutcome | Refused;

/** What a page answers with, by the name of its schema in admin-schemas.ts; `text` is not JSON. */
export type AnswerSchema =
  | "Health"
  | "Config"
  | "GatewayStatus"
  | "Workers"
  | "Upstreams"
  | "Generation"
  | "Certificates"
  | "ReloadOutcome"
  | "ApiKey"
  | "ApiKeys"
  | "IssuedKey"
  | "Quotas"
  | "QuotaReset"
  | "Jwks"
  | "Endpoints"
  | "OpenApi"
  | "text";

export interface Endpoint {
  /** `{id}` stands for one segment. */
  readonly path: string;
  /** GET takes HEAD along. */
  readonly method: "GET" | "POST";
  /** For probes and for services, which have no secret: no token is asked for, and HTTP/1.0 may leave Host out. */
  readonly isOpen: boolean;
  readonly summary: string;
  /** The statuses it answers with itself, each with what that means. */
  readonly statuses: Readonly<Record<number, string>>;
  readonly schema: AnswerSchema;
  /** The schema of the body of a POST; left out, a body means nothing. */
  readonly takes?: "NewApiKey" | "KeyRotation" | "NewQuotaReset";
  /** Parameters of the query, each with what it is for. */
  readonly query?: Readonly<Record<string, string>>;
  answer(plane: ControlPlane, request: AdminRequest): PageAnswer | Promise<PageAnswer>;
}

/** Of a reload: also what it says when nothing came of it. */
const CHANGE_STATUSES = {
  200: "Every worker serves it, or what was asked for is served already.",
  409: "Refused, and nothing changed: `issues` say why, each with its place.",
  503: "Impossible now, and nothing changed: `detail` says why.",
} as const;

export const ENDPOINTS: readonly Endpoint[] = [
  {
    path: "/",
    method: "GET",
    isOpen: false,
    summary: "These pages.",
    statuses: { 200: "The list." },
    schema: "Endpoints",
    answer: () => json({ endpoints: ENDPOINTS.map(({ method, path, summary }) => ({ method, path, summary })) }),
  },
  {
    path: "/healthz",
    method: "GET",
    isOpen: true,
    summary: "Whether the process answers. For probes: no token is asked for.",
    statuses: { 200: "It does." },
    schema: "Health",
    answer: (plane) => json({ status: "ok", generation: plane.status().generation }),
  },
  {
    path: "/readyz",
    method: "GET",
    isOpen: true,
    summary: "Whether requests are taken. For load balancers: no token is asked for.",
    statuses: { 200: "Some worker serves.", 503: "Starting, or a stop was asked for, or no worker serves." },
    schema: "Health",
    answer: (plane) => {
      const { state, generation } = plane.status();
      const isReady = plane.isReady();
      return json({ status: isReady ? "ready" : state === "serving" ? "unready" : state, generation }, isReady ? 200 : 503);
    },
  },
  {
    path: "/metrics",
    method: "GET",
    isOpen: false,
    summary: "The metrics of all processes, in the Prometheus text format.",
    statuses: { 200: "The metrics." },
    schema: "text",
    answer: async (plane) => ({ status: 200, type: METRICS_CONTENT_TYPE, text: await plane.exposeMetrics() }),
  },
  {
    path: "/config",
    method: "GET",
    isOpen: false,
    summary: "What is running, and its routes in outline. No secrets, no values of headers, no bodies.",
    statuses: { 200: "The outline." },
    schema: "Config",
    answer: (plane) => ({ status: 200, type: JSON_TYPE, text: plane.describeConfig() }),
  },
  {
    path: "/status",
    method: "GET",
    isOpen: false,
    summary: "Everything about the gateway as a whole: generation, workers, last reload, certificates.",
    statuses: { 200: "The status." },
    schema: "GatewayStatus",
    answer: (plane) => json(plane.status()),
  },
  {
    path: "/generation",
    method: "GET",
    isOpen: false,
    summary: "Which configuration is served, and what a rollback would go back to.",
    statuses: { 200: "The generation." },
    schema: "Generation",
    answer: (plane) => json(pickGeneration(plane.status())),
  },
  {
    path: "/workers",
    method: "GET",
    isOpen: false,
    summary: "The processes that serve.",
    statuses: { 200: "The workers, by slot." },
    schema: "Workers",
    answer: (plane) => json({ workers: plane.status().workers }),
  },
  {
    path: "/upstreams",
    method: "GET",
    isOpen: false,
    summary: "The upstreams, with their connections summed over the workers.",
    statuses: { 200: "The upstreams." },
    schema: "Upstreams",
    answer: async (plane) => json({ upstreams: await plane.listUpstreams() }),
  },
  {
    path: "/certificates",
    method: "GET",
    isOpen: false,
    summary: "The certificates in use, and when each expires.",
    statuses: { 200: "The certificates." },
    schema: "Certificates",
    answer: (plane) => json({ certificates: plane.status().certificates }),
  },
  {
    path: "/.well-known/jwks.json",
    method: "GET",
    isOpen: true,
    summary: "The public keys of internal tokens, a JWK Set (RFC 7517). For services: no token is asked for.",
    statuses: { 200: "The keys.", 404: "No upstream is shown such tokens.", 503: "The database can't be asked now." },
    schema: "Jwks",
    answer: (plane) => answerKeys(plane.publicKeys()),
  },
  {
    path: "/openapi.json",
    method: "GET",
    isOpen: false,
    summary: "This API as an OpenAPI 3.1 document.",
    statuses: { 200: "The document." },
    schema: "OpenApi",
    answer: () => json(describeApi(ENDPOINTS)),
  },
  {
    path: "/reload",
    method: "POST",
    isOpen: false,
    summary: "Loads the files anew, and answers when every worker serves what came of them, or when it is clear that none will.",
    statuses: CHANGE_STATUSES,
    schema: "ReloadOutcome",
    answer: (plane, { cause }) => plane.reload(cause),
  },
  {
    path: "/rollback",
    method: "POST",
    isOpen: false,
    summary: "Goes back to what was served before the last change. A second one goes forward again.",
    statuses: CHANGE_STATUSES,
    schema: "ReloadOutcome",
    answer: (plane, { cause }) => plane.rollback(cause),
  },
  ...KEY_ENDPOINTS,
  ...QUOTA_ENDPOINTS,
];

async function answerKeys(keys: Promise<PublicKeys> | null): Promise<PageAnswer> {
  if (keys === null) return { fault: NOT_FOUND, detail: "no upstream of the configuration has an `internalToken`" };
  try {
    const { text, cacheForSeconds } = await keys;
    return { status: 200, type: JSON_TYPE, text: `${text}\n`, cacheForSeconds };
  } catch (error) {
    if (!(error instanceof StoreFailure)) throw error;
    return { fault: STORE, detail: error.message };
  }
}

function pickGeneration({ generation, previousGeneration, isRolledBack, isDegraded, lastReload }: GatewayStatus): object {
  return { generation, previousGeneration, isRolledBack, isDegraded, lastReload };
}
