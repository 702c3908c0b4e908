// What becomes of a request to the admin address: the engine's own pipeline with a few steps. Whether it means us, whether it may, which
// page, and the page's answer, which may take its time without holding up anybody else.

import { Buffer } from "node:buffer";
import { type Fault, Timer, type TimerOwner } from "../base/index.ts";
import { ABSOLUTE_FORM, checkAuthority, FIELD, Fields, FoldedNames, fieldName, parseHost, parseTarget, Target } from "../http/index.ts";
import {
  ANSWERED,
  CONTINUE,
  compilePlan,
  type Exchange,
  httpDate,
  type MemoryKey,
  PENDING,
  type Plan,
  type Policy,
  type StepResult,
} from "../pipeline/index.ts";
import { type AdminSite, isCrossSite } from "./admin-site.ts";
import type { AdminToken } from "./admin-token.ts";
import { answerChange, problem } from "./change-answer.ts";
import type { ControlPlane } from "./control-plane.ts";
import { type Answer, ENDPOINTS, type Endpoint, type PageAnswer } from "./endpoints.ts";
import * as CONTROL from "./faults.ts";

/** Who may ask: exchanged whole when a reload brings other words into force. */
export interface AdminRules {
  readonly site: AdminSite;
  /** Null asks for none. */
  readonly token: AdminToken | null;
  /** Without a token: whether the client must have shown a certificate. */
  readonly needsCertificate: boolean;
}

/** A wrong token is answered this late: 128 connections guess 256 times a second at the most. A right one never waits. */
const WRONG_TOKEN_MS = 500;
/** What looks must not hang at night; a reload of ten thousand routes may take its time. */
const LOOK_MS = 10_000;
const CHANGE_MS = 120_000;
/** Of a POST's body that means nothing, and of one that is read. */
const BODY_BYTES = 4096;
const READ_BODY_BYTES = 64 * 1024;
/** Where pages have an `{id}`. */
const ID_SEGMENT = /^(\/[a-z]+\/)([^/]+)(\/[a-z]+)?$/;

const WWW_AUTHENTICATE = fieldName("WWW-Authenticate");
/** A browser takes an answer for nothing but what it says it is, and shows and lends it to no other site. */
const HARDENING = [
  [fieldName("X-Content-Type-Options"), "nosniff"],
  [fieldName("Content-Security-Policy"), "default-src 'none'; frame-ancestors 'none'"],
  [fieldName("Cross-Origin-Resource-Policy"), "same-origin"],
  [fieldName("Referrer-Policy"), "no-referrer"],
] as const;
// Dots are not resolved: a page has one spelling.
const PATH_RULES = { encodedSlash: "reject", backslash: "reject", duplicateSlashes: "keep", dotSegments: "reject" } as const;

/** The plan of every request; `rules` is asked for each. */
export function compileAdminPlan(plane: ControlPlane, rules: () => AdminRules): Plan {
  const pages = new Map<string, Map<string, Plan>>();
  for (const endpoint of ENDPOINTS) {
    const methods = pages.get(endpoint.path) ?? new Map<string, Plan>();
    methods.set(endpoint.method, compilePage(plane, endpoint));
    pages.set(endpoint.path, methods);
  }
  const open = new Set(ENDPOINTS.filter(({ isOpen }) => isOpen).map(({ path }) => path));
  const target = new Target();
  const request = (exchange: Exchange): StepResult => {
    const { head } = exchange;
    const fault = parseTarget(head.target, head.method, PATH_RULES, target) ?? judgeAuthority(target, head.authority);
    if (fault !== null) return exchange.answerFault(fault);
    const isOpen = open.has(target.path);
    const refusal = judge(exchange, rules(), isOpen);
    if (refusal === CONTROL.WRONG_TOKEN) return answerLate(exchange, refusal);
    if (refusal !== null) return exchange.answerFault(refusal);
    const [, before = "", id = "", behind = ""] = pages.has(target.path) ? [] : (ID_SEGMENT.exec(target.path) ?? []);
    const path = id === "" ? target.path : `${before}{id}${behind}`;
    const methods = isPlain(head.target, target) ? pages.get(path) : undefined;
    if (methods === undefined) return exchange.answerFault(CONTROL.NOT_FOUND);
    const page = methods.get(head.method === "HEAD" ? "GET" : head.method);
    if (page === undefined) {
      exchange.allow = [...methods.keys()].map((method) => (method === "GET" ? "GET, HEAD" : method)).join(", ");
      return exchange.answerFault(CONTROL.METHOD);
    }
    exchange.memory.put(ASKED, { id, query: target.query });
    return exchange.setPlan(page) ? CONTINUE : ANSWERED;
  };
  return compilePlan(toTarget("", null, 0), [{ name: "admin", phase: "route", request }, harden]).plan;
}

/** A target may name a host of its own, which must be the one that Host names. */
function judgeAuthority(target: Target, authority: string): Fault | null {
  const host = parseHost(authority);
  return checkAuthority(target, "kind" in host ? null : host);
}

/** Only what the whole request says is wrong: a stranger learns nothing of which pages there are. */
function judge(exchange: Exchange, { site, token, needsCertificate }: AdminRules, isOpen: boolean): Fault | null {
  const { head, client } = exchange;
  // A probe of the old school names no host; no browser can do without.
  if (!(isOpen && head.authority === "") && !site.isMeant(head, client.facts)) return CONTROL.WRONG_HOST;
  if (isCrossSite(head)) return CONTROL.CROSS_SITE;
  if (isOpen) return null;
  if (token === null) return needsCertificate && client.facts.tls?.peerCertificate == null ? CONTROL.NO_CERTIFICATE : null;
  const authorization = head.fields.getCombined(FIELD.AUTHORIZATION);
  if (authorization === null) return CONTROL.NO_TOKEN;
  return token.admits(authorization) ? null : CONTROL.WRONG_TOKEN;
}

/** Whether the target spells its path as it is routed: nothing escaped that needs no escape. */
function isPlain(text: string, target: Target): boolean {
  const start = target.form === ABSOLUTE_FORM ? target.scheme.length + "://".length + target.authority.length : 0;
  const spelt = text.slice(start, text.length - target.query.length);
  return spelt === target.path || (spelt === "" && target.path === "/");
}

function compilePage(plane: ControlPlane, endpoint: Endpoint): Plan {
  const isChange = endpoint.method === "POST";
  const page: Policy[] = [
    { name: "answer", phase: "route", request: (exchange) => startAnswer(exchange, plane, endpoint) },
    { name: "send", phase: "route", request: sendAnswer },
  ];
  const bodyBytes = endpoint.takes === undefined ? BODY_BYTES : READ_BODY_BYTES;
  if (isChange) page.unshift({ name: "body", phase: "route", request: (exchange) => exchange.collectBody(bodyBytes) });
  return compilePlan(toTarget(endpoint.path, isChange ? CHANGE_MS : LOOK_MS, isChange ? bodyBytes : 0), page, [harden]).plan;
}

function toTarget(route: string, timeoutMs: number | null, bodyBytes: number) {
  return { route, upstream: null, timeoutMs, bodyBytes, forbiddenTrailers: new FoldedNames([]) };
}

/** What routing read of the target for the page. */
const ASKED: MemoryKey<{ readonly id: string; readonly query: string }> = { name: "admin question" };

type Came = { readonly answer: PageAnswer } | { readonly error: unknown };
const CAME: MemoryKey<Came> = { name: "admin answer" };

function startAnswer(exchange: Exchange, plane: ControlPlane, endpoint: Endpoint): StepResult {
  const { address } = exchange.client.facts;
  const { id = "", query = "" } = exchange.memory.get(ASKED) ?? {};
  const coming = endpoint.answer(plane, {
    cause: `admin API${address === "" ? "" : `, from ${address}`}`,
    id,
    query,
    contentType: exchange.head.fields.getCombined(FIELD.CONTENT_TYPE),
    body: exchange.requestBody?.toBytes() ?? new Uint8Array(),
  });
  if (!(coming instanceof Promise)) {
    exchange.memory.put(CAME, { answer: coming });
    return CONTINUE;
  }
  const ticket = exchange.suspend();
  const come = (came: Came) => {
    exchange.memory.put(CAME, came);
    exchange.resume(ticket);
  };
  coming.then(
    (answer) => come({ answer }),
    (error) => come({ error }),
  );
  return PENDING;
}

function sendAnswer(exchange: Exchange): StepResult {
  const came = exchange.memory.get(CAME);
  if (came === null || "error" in came) throw came?.error ?? new Error("an admin page came to no answer");
  if (exchange.requestId === "") exchange.requestId = exchange.runtime.nextRequestId();
  const { status, type, text, cacheForSeconds } = toAnswer(came.answer, exchange.requestId);
  const fields = new Fields("");
  fields.add(FIELD.DATE, httpDate(exchange.runtime.clock.wall()));
  fields.add(FIELD.CONTENT_TYPE, type);
  fields.add(FIELD.CACHE_CONTROL, cacheForSeconds === undefined ? "no-store" : `public, max-age=${cacheForSeconds}`);
  return exchange.answer(status, fields, Buffer.from(text));
}

function toAnswer(came: PageAnswer, requestId: string): Answer {
  if ("outcome" in came) return answerChange(came, requestId);
  return "fault" in came ? problem(came.fault, came.detail, { requestId }) : came;
}

/** What every answer carries, a fault's too. */
const harden: Policy = {
  name: "harden",
  phase: "route",
  response: (exchange) => {
    const { fields, status } = exchange.response!;
    for (const [name, value] of HARDENING) fields.set(name, value);
    if (status === 401) fields.set(WWW_AUTHENTICATE, 'Bearer realm="sallyport admin"');
    return CONTINUE;
  },
};

function answerLate(exchange: Exchange, fault: Fault): StepResult {
  exchange.runtime.wheel.armFromTouch(new Timer(new LateAnswer(exchange, fault), 0), WRONG_TOKEN_MS);
  return PENDING;
}

/** One fault, told later. */
class LateAnswer implements TimerOwner {
  readonly #exchange: Exchange;
  readonly #fault: Fault;
  readonly #ticket: number;

  constructor(exchange: Exchange, fault: Fault) {
    this.#exchange = exchange;
    this.#fault = fault;
    this.#ticket = exchange.suspend();
  }

  onTimer(): void {
    this.#exchange.fail(this.#ticket, this.#fault);
  }
}
