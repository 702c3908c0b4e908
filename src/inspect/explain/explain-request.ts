// What becomes of one request, by sending it: the gateway in process, its upstreams played, every step watched. There is no second
// implementation that could disagree with the first; only why routes lost is told by router/explain.ts, and a test holds the two together.

import { listFaults } from "../../base/index.ts";
import type { GatewayConfig } from "../../config/index.ts";
import type { Fields } from "../../http/index.ts";
import { ANSWERED, type Exchange, PENDING, type PolicyTracer } from "../../pipeline/index.ts";
import { limitAsksOf } from "../../policies/index.ts";
import { AnnouncedHead, type ConditionalHead, explainMatch, type RouteVerdict } from "../../router/index.ts";
import { createTestGateway, type RequestOptions, type TestGateway, type UpstreamRequest } from "../../testing/index.ts";
import { describeAsk } from "./describe-ask.ts";
import { Mask } from "./mask.ts";
import { describeChanges, takeSnapshot } from "./snapshot.ts";

export interface ExplainedStep {
  readonly side: "request" | "response";
  readonly phase: string;
  readonly policy: string;
  /** Sentences without a full stop. */
  readonly changes: readonly string[];
  readonly outcome: "passed" | "answered" | "waited";
}

export interface Explanation {
  readonly generation: string;
  /** After normalisation; null when the request was refused before. */
  readonly routed: { readonly host: string; readonly path: string; readonly method: string } | null;
  readonly route: string | null;
  /** Every route, the nearest to winning first; empty when routing was not reached. */
  readonly verdicts: readonly RouteVerdict[];
  readonly steps: readonly ExplainedStep[];
  /** Null when nothing is sent. */
  readonly upstream: {
    readonly name: string;
    readonly endpoint: string;
    readonly method: string;
    readonly target: string;
    readonly host: string;
    readonly headers: readonly (readonly [name: string, value: string])[];
    readonly bodyBytes: number;
  } | null;
  readonly response: {
    readonly status: number;
    readonly fault: string | null;
    /** What the client is not told: particulars of the fault, and what an operator may do about it. Null without a fault. */
    readonly detail: string | null;
    readonly remedy: string | null;
    readonly headers: readonly (readonly [name: string, value: string])[];
    readonly body: string;
  };
}

export interface ExplainOptions extends RequestOptions {
  /** What the upstream answers; 200 when left out, and to gRPC calls OK. */
  readonly upstreamStatus?: number;
}

interface Seen {
  readonly host: string;
  readonly path: string;
  readonly method: string;
  readonly head: ConditionalHead;
}

/** Explains one request. `request` is `METHOD URL`, byte for byte. Rejects when it is none, or when the configuration does not compile. */
export async function explainRequest(config: GatewayConfig, request: string, options: ExplainOptions = {}): Promise<Explanation> {
  const explainer = await Explainer.open(config);
  try {
    return await explainer.explain(request, options);
  } finally {
    await explainer[Symbol.asyncDispose]();
  }
}

/** Explains one request after the other: the gateway is made once. */
export class Explainer implements AsyncDisposable {
  readonly #config: GatewayConfig;
  readonly #gateway: TestGateway;
  readonly #watch: Watch;
  readonly #remedies = new Map(listFaults().map(({ code, remedy }) => [code, remedy]));

  private constructor(config: GatewayConfig, gateway: TestGateway, watch: Watch) {
    this.#config = config;
    this.#gateway = gateway;
    this.#watch = watch;
  }

  static async open(config: GatewayConfig): Promise<Explainer> {
    const watch = new Watch(new Mask(config));
    const gateway = await createTestGateway({ resolved: config, tracer: watch, now: new Date() });
    watch.exempting = config.rateLimits
      .filter(({ exempt }) => exempt !== null)
      .map(({ name }) => ({ name, count: () => gateway.metrics().value(EXEMPT.name, { ...EXEMPT.labels, limit: name }) }));
    return new Explainer(config, gateway, watch);
  }

  async explain(request: string, options: ExplainOptions = {}): Promise<Explanation> {
    const { upstreams, generation } = this.#gateway;
    for (const upstream of upstreams) {
      upstream.forget();
      upstream.handle(options.upstreamStatus === undefined ? undefined : { status: options.upstreamStatus });
    }
    this.#watch.restart();
    const response = await this.#gateway.request(request, options);
    const { mask, seen, steps } = this.#watch;
    const { route, fault } = response;
    return {
      generation,
      routed: seen === null ? null : { host: seen.host, path: seen.path, method: seen.method },
      route,
      verdicts: seen === null ? [] : judge(this.#config, seen, route, fault),
      steps,
      upstream: toSent(upstreams.flatMap((upstream) => upstream.requests)[0], mask),
      response: {
        status: response.status,
        fault,
        detail: fault === null ? null : (response.record?.detail ?? null),
        remedy: fault === null ? null : (this.#remedies.get(fault) ?? null),
        headers: toShown(response.headers, mask),
        body: response.text(),
      },
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#gateway.close();
  }
}

function toSent(sent: UpstreamRequest | undefined, mask: Mask): Explanation["upstream"] {
  if (sent === undefined) return null;
  const { upstream: name, endpoint, method, host } = sent;
  return {
    name,
    endpoint,
    method,
    target: mask.target(sent.target),
    host,
    headers: toShown(sent.headers, mask),
    bodyBytes: sent.bytes.length,
  };
}

function toShown(headers: Iterable<readonly [string, string]>, mask: Mask): (readonly [string, string])[] {
  return [...headers].map(([name, value]) => [name, mask.header(name, value)] as const);
}

/** A preflight is judged by what it announces when that is how it was routed. */
function judge(config: GatewayConfig, seen: Seen, route: string | null, fault: string | null): RouteVerdict[] {
  const routes = config.routes.map(({ name, match }) => ({ name, ...match, value: null }));
  const verdicts = explainMatch(routes, seen);
  const [first, ...others] = verdicts;
  const winner = first?.outcome === "won" ? first.name : null;
  const { fields } = seen.head;
  const announced = readField(fields, "access-control-request-method");
  if (winner === route) return verdicts;
  if (route === null && first !== undefined) {
    // It won, and then judged the path by its own rules.
    return [
      { name: first.name, outcome: "path", detail: `takes it, but its own \`paths\` refuse how it is spelt (${fault ?? "no fault"})` },
      ...others,
    ];
  }
  if (announced === null) return verdicts;
  const head = new AnnouncedHead(seen.head, readField(fields, "access-control-request-headers") ?? "");
  return explainMatch(routes, { ...seen, method: announced, head });
}

function readField(fields: Fields, name: string): string | null {
  for (const line of fields.copy().toLines().split("\r\n")) {
    const colon = line.indexOf(":");
    if (line.slice(0, colon).toLowerCase() === name) return line.slice(colon + 1).trim();
  }
  return null;
}

/** Who is exempt asks nothing of a limit; only this tells that it would have been asked. */
const EXEMPT = { name: "sallyport_rate_limit_requests_total", labels: { outcome: "exempt" } } as const;

interface ExemptingLimit {
  readonly name: string;
  /** Requests that it has exempted so far. */
  count(): number;
}

class Watch implements PolicyTracer {
  readonly mask: Mask;
  steps: ExplainedStep[] = [];
  /** As routing saw the request. */
  seen: Seen | null = null;
  /** Of the last step that asked limits: a store may have answered it by the next step only. */
  #limited: string[] = [];
  #toldAsks = 0;
  exempting: readonly ExemptingLimit[] = [];

  constructor(mask: Mask) {
    this.mask = mask;
  }

  restart(): void {
    this.steps = [];
    this.seen = null;
    this.#limited = [];
    this.#toldAsks = 0;
  }

  onStep(...[exchange, policy, side, run]: Parameters<PolicyTracer["onStep"]>): ReturnType<PolicyTracer["onStep"]> {
    if (policy.phase === "route" && side === "request") this.#see(exchange);
    this.#tellLimits(exchange);
    const limited: string[] | null = policy.name === "rate-limits" && side === "request" ? [] : null;
    // Response steps of a refusal come while it runs.
    if (limited !== null) this.#limited = limited;
    const exempted = limited === null ? [] : this.exempting.map(({ count }) => count());
    const before = takeSnapshot(exchange, side);
    const result = run();
    const changes = describeChanges(before, takeSnapshot(exchange, side), side, this.mask);
    if (policy.phase === "route" && side === "request" && exchange.pattern !== null)
      changes.push(`takes the route whose path is ${exchange.pattern.text}`);
    if (limited !== null) {
      this.#tellLimits(exchange);
      for (const [index, { name, count }] of this.exempting.entries()) if (count() !== exempted[index]) limited.push(`${name} exempts it`);
      changes.unshift(...limited);
      this.#limited = changes;
    }
    const detail = exchange.fault?.detail ?? "";
    if (result === ANSWERED && side === "request" && detail !== "") changes.push(`refuses it: ${detail}`);
    const outcome = result === ANSWERED ? "answered" : result === PENDING ? "waited" : "passed";
    this.steps.push({ side, phase: policy.phase, policy: policy.name, changes, outcome });
    return result;
  }

  #tellLimits(exchange: Exchange): void {
    const asks = limitAsksOf(exchange);
    while (this.#toldAsks < asks.length) this.#limited.push(describeAsk(asks[this.#toldAsks++]!));
  }

  #see({ head }: Exchange): void {
    this.seen ??= { host: head.host, path: head.path, method: head.method, head: { fields: head.fields.copy(), query: head.query } };
  }
}
