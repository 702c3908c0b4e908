// What an endpoint is asked, and what its answer means.

import { Fields, fieldName, type ResponseHead, type UpstreamRequest } from "../../http/index.ts";
import { encodeHealthRequest, HEALTH_CHECK_PATH, readHealthStatus } from "./grpc-health.ts";
import type { HealthSettings } from "./settings.ts";

const USER_AGENT = fieldName("User-Agent");
const CONTENT_TYPE = fieldName("Content-Type");
const GRPC_TIMEOUT = fieldName("Grpc-Timeout");
const GRPC_STATUS = fieldName("Grpc-Status");

const UNIMPLEMENTED = "12";

export interface HealthAnswer {
  readonly head: ResponseHead;
  /** As much of it as any answer needs. */
  readonly body: Uint8Array;
  readonly trailers: Fields | null;
}

export interface Question {
  toRequest(authority: string): UpstreamRequest;
  readonly body: Uint8Array | null;
  /** Null: the endpoint is well. Else why not, for the log. */
  judge(answer: HealthAnswer): string | null;
}

export function createQuestion({ ask, timeoutMs }: HealthSettings): Question {
  return ask.kind === "http" ? askPath(ask.path) : askService(ask.service, timeoutMs);
}

function askPath(path: string): Question {
  const fields = new Fields("");
  fields.add(USER_AGENT, "sallyport-health");
  return {
    body: null,
    toRequest: (authority) => toRequest("GET", path, authority, fields, 0),
    // A redirect is not health: it leads to a login page, or to another service.
    judge: ({ head: { status } }) => (status >= 200 && status <= 299 ? null : `it answers ${status}`),
  };
}

function askService(service: string, timeoutMs: number): Question {
  const body = encodeHealthRequest(service);
  const fields = new Fields("");
  fields.add(USER_AGENT, "sallyport-health");
  fields.add(CONTENT_TYPE, "application/grpc+proto");
  fields.add(GRPC_TIMEOUT, `${timeoutMs}m`);
  return {
    body,
    toRequest: (authority) => toRequest("POST", HEALTH_CHECK_PATH, authority, fields, body.length),
    judge: judgeService,
  };
}

function judgeService({ head, body, trailers }: HealthAnswer): string | null {
  if (head.status !== 200) return `it answers ${head.status}`;
  const status = trailers?.get(GRPC_STATUS) ?? head.fields.get(GRPC_STATUS);
  if (status === UNIMPLEMENTED) return "it has no grpc.health.v1.Health";
  if (status === null) return "it answers without a gRPC status";
  if (status !== "0") return `it answers with the gRPC status ${status}`;
  const serving = readHealthStatus(body);
  return serving === "SERVING" ? null : serving === null ? "its answer is no HealthCheckResponse" : `it says ${serving}`;
}

function toRequest(method: string, target: string, authority: string, fields: Fields, bodyLength: number): UpstreamRequest {
  return { method, target, authority, fields, bodyLength, expectsContinue: false, acceptsTrailers: bodyLength > 0, upgrade: null };
}
