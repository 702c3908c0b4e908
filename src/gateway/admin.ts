// What the admin address answers: /healthz, /readyz, /metrics, /config. The same engine and pipeline as for clients, with one step.

import { Buffer } from "node:buffer";
import { DEFAULT_PATH_RULES, FIELD, Fields, FoldedNames, parseTarget, Target } from "../http/index.ts";
import { compilePlan, type Exchange, httpDate, type Plan, type StepResult } from "../pipeline/index.ts";
import { ROUTE } from "../router/index.ts";
import { METRICS_CONTENT_TYPE, type MetricRegistry } from "../telemetry/index.ts";

export interface AdminSource {
  readonly registry: MetricRegistry;
  /** False from the moment a stop was asked for: load balancers take the gateway out. */
  isReady(): boolean;
  generation(): string;
  /** JSON: what is running, without anything secret. */
  readonly describe: () => string;
}

/** The plan of every request to the admin address. */
export function compileAdminPlan(source: AdminSource): Plan {
  const target = new Target();
  const request = (exchange: Exchange): StepResult => {
    const head = exchange.head;
    const fault = parseTarget(head.target, head.method, DEFAULT_PATH_RULES, target);
    if (fault !== null) return exchange.answerFault(fault);
    const page = readPage(target.path, source);
    if (page === null) return exchange.answerFault(ROUTE.NOT_FOUND);
    if (head.method !== "GET" && head.method !== "HEAD") {
      exchange.allow = "GET, HEAD";
      return exchange.answerFault(ROUTE.METHOD_NOT_ALLOWED);
    }
    const fields = new Fields("");
    fields.add(FIELD.DATE, httpDate(exchange.runtime.clock.wall()));
    fields.add(FIELD.CONTENT_TYPE, page.type);
    fields.add(FIELD.CACHE_CONTROL, "no-store");
    return exchange.answer(page.status, fields, Buffer.from(page.text));
  };
  const plan = { route: "", upstream: null, timeoutMs: null, bodyBytes: 0, forbiddenTrailers: new FoldedNames([]) };
  return compilePlan(plan, [{ name: "admin", phase: "route", request }]).plan;
}

interface Page {
  readonly status: number;
  readonly type: string;
  readonly text: string;
}

function readPage(path: string, source: AdminSource): Page | null {
  switch (path) {
    case "/healthz":
      return { status: 200, type: "application/json", text: `{"status":"ok","generation":"${source.generation()}"}\n` };
    case "/readyz": {
      const status = source.isReady() ? 200 : 503;
      return {
        status,
        type: "application/json",
        text: `{"status":"${source.isReady() ? "ready" : "draining"}","generation":"${source.generation()}"}\n`,
      };
    }
    case "/metrics":
      return { status: 200, type: METRICS_CONTENT_TYPE, text: source.registry.expose() };
    case "/config":
      return { status: 200, type: "application/json", text: source.describe() };
    default:
      return null;
  }
}
