// A limit as one route or listener uses it: what it asks for a request. @hot

import type { LimitTiers, LimitUse, RateLimitConfig } from "../../config/index.ts";
import { type FieldName, fieldName } from "../../http/index.ts";
import { readClaim } from "../../identity/index.ts";
import { Ask, BY_CLOSED, BY_LOCAL, BY_OPEN, BY_STORE, type Counters } from "../../limits/index.ts";
import type { Exchange, Principal } from "../../pipeline/index.ts";
import { Exemptions } from "./exemptions.ts";
import type { BoundLimit, LimitCounter, LimitMetrics, LimitOutcome } from "./host.ts";
import { compileKey, isPrincipals, type KeyPart } from "./key-parts.ts";
import { ToldMeter } from "./told-meter.ts";

export class LimitAsk extends Ask {
  readonly limit: AppliedLimit;
  readonly told: ToldMeter;
  /** A unit of concurrency that has to be given back. */
  isHeld = false;

  constructor(limit: AppliedLimit, told: ToldMeter, key: string) {
    super(told.meter, key, limit.cost);
    this.limit = limit;
    this.told = told;
  }

  get isConcurrency(): boolean {
    return this.meter.rule.kind === "concurrency";
  }

  /** Its store counts it. What another decided in the store's place is not the store's to correct. */
  get isCounted(): boolean {
    return this.isAdmitted && this.decidedBy === BY_STORE;
  }
}

/** What says the cost of a request afterwards. */
export interface CostHeader {
  readonly name: FieldName;
  /** Units; more that are said are taken for so many. */
  readonly most: number;
}

export class AppliedLimit {
  readonly name: string;
  /** Kinds of what its key has, for callers: the values are nobody's business. */
  readonly keyKinds: readonly string[];
  readonly counters: Counters;
  readonly cost: number;
  readonly costHeader: CostHeader | null;
  /** It looks at who calls. */
  readonly readsPrincipal: boolean;
  /** Its key is there for a principal only. */
  readonly needsPrincipal: boolean;
  readonly #key: KeyPart;
  readonly #own: ToldMeter;
  readonly #tiers: ReadonlyMap<string, ToldMeter>;
  readonly #tierBy: LimitTiers["by"] | null;
  readonly #exempt: Exemptions | null;
  readonly #outcomes: Outcomes;

  /** `route` is null for a listener. Throws where the key can't be known there. */
  constructor(use: LimitUse, { config, own, tiers, counters }: BoundLimit, route: string | null, metrics: LimitMetrics) {
    this.name = config.name;
    // hot-exception: once a limit of a route, rate-limits.bench.ts
    this.keyKinds = config.key.map(({ kind }) => kind);
    this.counters = counters;
    const { cost, exempt } = config;
    const isSaid = use.cost === null && cost.kind === "responseHeader";
    this.cost = use.cost ?? (cost.kind === "constant" ? cost.units : cost.estimate);
    // What is held is given back as it was taken, whatever it turned out to be.
    this.costHeader = isSaid && config.rule.kind !== "concurrency" ? { name: fieldName(cost.name), most: cost.most } : null;
    this.needsPrincipal = config.key.some(isPrincipals);
    this.readsPrincipal = readsCaller(config);
    this.#key = compileKey(config.key, route);
    this.#own = new ToldMeter(own, config.warnAt);
    // hot-exception: once a limit of a route, rate-limits.bench.ts
    this.#tiers = new Map([...tiers].map(([tier, meter]) => [tier, new ToldMeter(meter, config.warnAt)]));
    this.#tierBy = config.tiers?.by ?? null;
    this.#exempt = exempt === null ? null : new Exemptions(exempt);
    this.#outcomes = new Outcomes(config.name, metrics);
  }

  /** Null: the request is not counted. */
  ask(exchange: Exchange): LimitAsk | null {
    if (this.#exempt?.has(exchange) === true) {
      this.#outcomes.exempt.add(1);
      return null;
    }
    return new LimitAsk(this, this.#meterOf(exchange.principal), this.#key.read(exchange));
  }

  #meterOf(principal: Principal | null): ToldMeter {
    const by = this.#tierBy;
    if (by === null || principal === null) return this.#own;
    const tier = by.kind === "plan" ? principal.plan : readClaim(principal.claims, by.name);
    if (!Array.isArray(tier)) return this.#tierOf(tier) ?? this.#own;
    for (let i = 0; i < tier.length; i++) {
      const told = this.#tierOf(tier[i]);
      if (told !== null) return told;
    }
    return this.#own;
  }

  #tierOf(tier: unknown): ToldMeter | null {
    if (typeof tier === "string") return this.#tiers.get(tier) ?? null;
    if (typeof tier === "number" || typeof tier === "boolean") return this.#tiers.get(String(tier)) ?? null;
    return null;
  }

  /** The request goes on. */
  countPassed(ask: LimitAsk): void {
    const outcomes = this.#outcomes;
    if (!ask.isAdmitted) outcomes.wouldRefuse.add(1);
    else if (ask.decidedBy === BY_OPEN) outcomes.open.add(1);
    else if (ask.decidedBy === BY_LOCAL) outcomes.local.add(1);
    else if (ask.delayMs > 0 && !ask.meter.isDryRun) outcomes.delayed.add(1);
    else outcomes.admitted.add(1);
  }

  /** The request does not go on. Whoever would have admitted it has not counted it. */
  countRefused(ask: LimitAsk): void {
    const outcomes = this.#outcomes;
    if (ask.isAdmitted) return;
    if (ask.meter.isDryRun) outcomes.wouldRefuse.add(1);
    else if (ask.decidedBy === BY_CLOSED) outcomes.closed.add(1);
    else outcomes.refused.add(1);
  }

  /** Nobody said what the request cost. */
  countEstimated(): void {
    this.#outcomes.estimated.add(1);
  }
}

/** Whether a limit looks at who calls: on a route with `auth` it is asked behind authentication. */
export function readsCaller({ key, tiers, exempt }: RateLimitConfig): boolean {
  const exemptsCallers = exempt !== null && exempt.users.length + exempt.roles.length + exempt.plans.length > 0;
  return tiers !== null || exemptsCallers || key.some(isPrincipals);
}

class Outcomes {
  readonly admitted: LimitCounter;
  readonly refused: LimitCounter;
  readonly wouldRefuse: LimitCounter;
  readonly exempt: LimitCounter;
  readonly open: LimitCounter;
  readonly closed: LimitCounter;
  readonly local: LimitCounter;
  readonly delayed: LimitCounter;
  readonly estimated: LimitCounter;

  constructor(limit: string, metrics: LimitMetrics) {
    // hot-exception: once a limit of a route, rate-limits.bench.ts
    const counter = (outcome: LimitOutcome) => metrics.counter(limit, outcome);
    this.admitted = counter("admitted");
    this.refused = counter("refused");
    this.wouldRefuse = counter("would-refuse");
    this.exempt = counter("exempt");
    this.open = counter("open");
    this.closed = counter("closed");
    this.local = counter("local");
    this.delayed = counter("delayed");
    this.estimated = counter("estimated");
  }
}
