// Sends logged requests through the limits of a configuration: the pipeline, the limits' policies and the counters of the gateway, on a clock
// that stands where the log says. All stores are one, in this process: it counts as each of them does, by the same models.

import { FakeClock, TimerWheel } from "../../base/index.ts";
import type { GatewayConfig, RouteConfig } from "../../config/index.ts";
import { Fields, RequestHead } from "../../http/index.ts";
import { LocalCounters } from "../../limits/index.ts";
import { CONTINUE, Exchange, type ExchangeRuntime, PENDING, Principal, type StepResult } from "../../pipeline/index.ts";
import { limitAsksOf, readsCaller } from "../../policies/index.ts";
import { judgeLimit, type LimitJudgement } from "./faithfulness.ts";
import { LimitTally } from "./limit-tally.ts";
import { type LoggedCaller, type LoggedRequest, wasLimited } from "./logged-request.ts";
import { LoggedRoutes } from "./logged-routes.ts";
import { MinHeap } from "./min-heap.ts";
import { endedAtAuthentication, endedBeforeAll, endedUnseen } from "./recorded-end.ts";
import { ReplayClient } from "./replay-client.ts";
import { answerAsLogged, ReplayPlans } from "./replay-plans.ts";
import { TopCounts } from "./top-counts.ts";

/** The engine takes a moment of zero for one that has not come. */
const ORIGIN_MS = 1000;
/** How much of a route's mean duration one more request changes. */
const MEAN_SHARE = 0.02;
const NO_FIELDS = new Fields("");

interface Held {
  readonly exchange: Exchange;
  readonly ticket: number;
}

/** Requests of all limits together. */
export class RequestTally {
  replayed = 0;
  /** No requests, or answered before any limit. */
  unlimited = 0;
  withoutRoute = 0;
  foreignListener = 0;
  refused = 0;
  recorded = 0;
  /** Refused then, and now as well. */
  both = 0;
  callers = 0;
  /** Who called is of an identity that the route does not ask. */
  strangers = 0;
  hasTenants = false;
  hasPlans = false;
  readonly refusedCallers = new TopCounts();
  readonly refusedRoutes = new TopCounts();
}

export class Replay implements ExchangeRuntime {
  readonly clock = new FakeClock(ORIGIN_MS, 0);
  readonly wheel = new TimerWheel(this.clock);
  readonly requests = new RequestTally();
  readonly limits: ReadonlyMap<string, LimitTally>;
  readonly judgements: ReadonlyMap<string, LimitJudgement>;
  readonly #config: GatewayConfig;
  readonly #plans: ReplayPlans;
  readonly #routes: LoggedRoutes;
  readonly #counters: LocalCounters;
  /** By route, or by listener for one that the limit stands on: names of limits that are not simulated. */
  readonly #skippedAt = new Map<string, readonly string[]>();
  /** By route: limits that are asked once it is known who calls. */
  readonly #late = new Map<string, ReadonlySet<string>>();
  readonly #holds: boolean;
  readonly #ends = new MinHeap<Held>();
  readonly #meanMs = new Map<string, number>();
  /** From Unix time to the clock. */
  #offsetMs: number | null = null;
  #open = 0;
  #ids = 0;

  /** Throws a BlueprintError when the configuration's routes clash. */
  constructor(config: GatewayConfig) {
    const { rateLimits, routes, listeners } = config;
    this.#config = config;
    this.judgements = new Map(rateLimits.map((limit) => [limit.name, judgeLimit(limit, config)]));
    this.limits = new Map(rateLimits.map(({ name }) => [name, new LimitTally()]));
    const skipped = new Set(rateLimits.filter(({ name }) => this.judgements.get(name)?.obstacle !== null).map(({ name }) => name));
    const namesOf = (uses: readonly { readonly limit: string }[]) => uses.map(({ limit }) => limit).filter((name) => skipped.has(name));
    for (const { name, rateLimits: uses } of listeners) this.#skippedAt.set(`listener ${name}`, namesOf(uses));
    for (const { name, rateLimits: uses } of routes) this.#skippedAt.set(`route ${name}`, namesOf(uses));
    for (const route of routes) this.#late.set(route.name, new Set(listLate(route, config).filter((name) => !skipped.has(name))));
    this.#holds = rateLimits.some(({ rule }) => rule.kind === "concurrency");
    // Nobody chooses keys of a log to make two of them one.
    this.#counters = new LocalCounters({ clock: this.clock, seed: 1 });
    this.#routes = new LoggedRoutes(config);
    this.#plans = new ReplayPlans(config, {
      counters: this.#counters,
      routes: this.#routes,
      skipped,
      onExempt: (limit) => void this.limits.get(limit)!.exempt++,
      onNoRoute: () => void this.requests.withoutRoute++,
      authenticate: (exchange, route) => this.#authenticate(exchange, route),
      serve: (exchange) => this.#serve(exchange),
    });
  }

  /** In the order in which requests began; one that comes late is asked for now. */
  replay(request: LoggedRequest): void {
    if (endedBeforeAll(request) || !this.#routes.isRouted(request)) {
      this.requests.unlimited++;
      return;
    }
    if (this.#offsetMs === null) {
      this.#offsetMs = ORIGIN_MS - request.startMs;
      this.clock.jumpWall(request.startMs - this.clock.wall());
    }
    this.#advanceTo(request.startMs + this.#offsetMs);
    this.#note(request);
    const { method, path, listener } = request;
    const head = new RequestHead(method, path, "http", 11, NO_FIELDS);
    const exchange = new Exchange(this, new ReplayClient(request), head, this.#plans.planOf(listener), "", null);
    this.#open++;
    exchange.onRequestReady();
  }

  /** Lets all that is under way end. */
  finish(): void {
    while (this.#open > 0) {
      const next = Math.min(this.#ends.least, this.clock.nextDueMs ?? Number.POSITIVE_INFINITY);
      if (next === Number.POSITIVE_INFINITY) throw new Error(`${this.#open} requests of the log never end`);
      this.#advanceTo(next);
    }
    this.#counters.close();
  }

  #note(request: LoggedRequest): void {
    const { requests } = this;
    requests.replayed++;
    const { caller } = request;
    if (caller !== null) {
      requests.callers++;
      requests.hasTenants ||= caller.tenant !== null;
      requests.hasPlans ||= caller.plan !== null;
    }
    if (!this.#plans.hasListener(request.listener)) requests.foreignListener++;
    if (wasLimited(request)) requests.recorded++;
    for (const name of request.refusedBy) this.#countRecorded(name);
    for (const name of request.wouldRefuse) this.#countRecorded(name);
    for (const name of this.#skippedAt.get(`listener ${request.listener}`) ?? []) this.limits.get(name)!.skipped++;
  }

  #countRecorded(limit: string): void {
    const tally = this.limits.get(limit);
    if (tally !== undefined) tally.recorded++;
  }

  /** Whatever comes due on the way is done when it is due. */
  #advanceTo(ms: number): void {
    const { clock, wheel } = this;
    for (;;) {
      const next = Math.min(this.#ends.least, clock.nextDueMs ?? Number.POSITIVE_INFINITY);
      if (next > ms) break;
      clock.advance(Math.max(0, next - clock.now()));
      wheel.touch();
      if (this.#ends.least > clock.now()) continue;
      const { exchange, ticket } = this.#ends.pop()!;
      exchange.resume(ticket);
    }
    if (ms > clock.now()) clock.advance(ms - clock.now());
    wheel.touch();
  }

  #authenticate(exchange: Exchange, { name, auth }: RouteConfig): StepResult {
    const { request } = exchange.client as ReplayClient;
    const { caller } = request;
    if (endedAtAuthentication(request)) return answerAsLogged(exchange);
    const late = this.#late.get(name)!;
    if (caller !== null) {
      if (!auth!.identities.includes(caller.identity)) this.requests.strangers++;
      exchange.principal = this.#toPrincipal(caller);
      return CONTINUE;
    }
    if (auth!.optional && !endedUnseen(request, late)) return CONTINUE;
    for (const limit of late) this.limits.get(limit)!.unknown++;
    return answerAsLogged(exchange);
  }

  #toPrincipal({ identity, id, tenant, plan }: LoggedCaller): Principal {
    const config = this.#config.identities.find(({ name }) => name === identity);
    const claims: Record<string, unknown> = {};
    if (config !== undefined) {
      claims[config.principal.id[0] ?? "sub"] = id;
      if (tenant !== null) claims[config.principal.tenant] = tenant;
      if (plan !== null && config.kind === "apiKey") claims["plan"] = plan;
    }
    const source = config?.kind ?? "external";
    return new Principal({ identity, source, id, tenant, roles: [], scopes: [], claims, plan, expiresAtMs: null, lines: [] });
  }

  /** Holds it for as long as it took, where a limit counts requests that are under way. */
  #serve(exchange: Exchange): StepResult {
    if (!this.#holds) return CONTINUE;
    const { request } = exchange.client as ReplayClient;
    const nowMs = this.clock.now();
    // What comes late has used up a part of its time; what a limit delays ends later by that.
    const delayMs = nowMs - exchange.startedMs;
    const endMs = request.startMs + this.#offsetMs! + delayMs + this.#durationOf(request, exchange.plan.route);
    if (endMs <= nowMs) return CONTINUE;
    this.#ends.push(endMs, { exchange, ticket: exchange.suspend() });
    return PENDING;
  }

  /** Without what it waited for a limit of then. One that was refused then has none of its own: the route's mean so far. */
  #durationOf(request: LoggedRequest, route: string): number {
    const mean = this.#meanMs.get(route);
    if (wasLimited(request)) return mean ?? 0;
    const durationMs = Math.max(0, request.durationMs - request.delayMs);
    this.#meanMs.set(route, mean === undefined ? durationMs : mean + (durationMs - mean) * MEAN_SHARE);
    return durationMs;
  }

  onExchangeEnd(exchange: Exchange): void {
    this.#open--;
    const { request } = exchange.client as ReplayClient;
    const { route } = exchange.plan;
    const { requests } = this;
    const wallMs = this.clock.wall();
    const asks = limitAsksOf(exchange);
    const wasRefused = wasLimited(request);
    let isRefused = false;
    for (let i = 0; i < asks.length; i++) {
      const { meter, key, isAdmitted, delayMs } = asks[i]!;
      const tally = this.limits.get(meter.limit)!;
      tally.asked++;
      if (exchange.principal !== null) tally.askedByCallers++;
      if (isAdmitted) {
        if (delayMs > 0 && !meter.isDryRun) tally.delayed++;
        if (wasRefused && meter.rule.kind === "concurrency") tally.guessed++;
        continue;
      }
      tally.refuse(wallMs, key, callerOf(request), route);
      isRefused ||= !meter.isDryRun;
    }
    for (const name of this.#skippedAt.get(`route ${route}`) ?? []) this.limits.get(name)!.skipped++;
    if (!isRefused) return;
    requests.refused++;
    if (wasRefused) requests.both++;
    requests.refusedCallers.add(callerOf(request));
    requests.refusedRoutes.add(route);
  }

  onTunnel(): void {}

  onBug(_: Exchange, error: unknown): void {
    throw error;
  }

  nextRequestId(): string {
    return String(++this.#ids);
  }
}

function callerOf({ caller, client }: LoggedRequest): string {
  return caller === null ? client : `${caller.identity}:${caller.id}`;
}

/** As the policy divides them. */
function listLate({ auth, rateLimits: uses }: RouteConfig, { rateLimits }: GatewayConfig): string[] {
  if (auth === null) return [];
  return rateLimits.filter((limit) => uses.some((use) => use.limit === limit.name) && readsCaller(limit)).map(({ name }) => name);
}
