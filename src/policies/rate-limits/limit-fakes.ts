// What tests of this room share: limits with all that a test does not name left as it is by default, a store that counts as the models do,
// answers when it is told to and remembers what it was asked, and a route with both on a stage.

import type { LimitUse, RateLimitConfig, RouteAuth } from "../../config/index.ts";
import { fieldName } from "../../http/index.ts";
import { type Ask, type Counters, type LimitRule, type Meter, type Take, WithoutStore } from "../../limits/index.ts";
import { ModelCounters } from "../../limits/models/index.ts";
import { CONTINUE, type Policy, Principal, type PrincipalFacts } from "../../pipeline/index.ts";
import { type BoundLimit, compileListenerLimits, compileRateLimits, type LimitMetrics, type LimitOutcome } from "./index.ts";

export const A_MINUTE = { kind: "fixedWindow", limit: 2, windowMs: 60_000 } as const;

export class FakeStore implements Counters {
  /** `take per-ip ip=127.0.0.1 1, …`, `charge …`, `release …`, in order. */
  readonly log: string[] = [];
  /** Whoever asks waits for decide(). */
  isSlow = false;
  /** Each meter says what becomes of it. */
  isDown = false;
  /** Asks whose units of concurrency are out. */
  readonly out = new Set<Ask>();
  readonly #models: ModelCounters;
  readonly #waiting: Take[] = [];

  constructor(wall: () => number = () => 0) {
    this.#models = new ModelCounters(wall);
  }

  take(take: Take): boolean {
    this.log.push(`take ${take.asks.map(({ meter, key, cost }) => `${meter.limit} ${key} ${cost}`).join(", ")}`);
    if (this.isSlow) {
      this.#waiting.push(take);
      return false;
    }
    this.#decide(take);
    return true;
  }

  /** Answers whoever has waited longest. */
  decide(): void {
    const take = this.#waiting.shift();
    if (take === undefined) throw new Error("nobody waits");
    this.#decide(take);
    take.owner.onDecided(take);
  }

  get waiting(): number {
    return this.#waiting.length;
  }

  #decide(take: Take): void {
    if (this.isDown) new WithoutStore(this.#models).decide(take);
    else this.#models.take(take);
    if (take.isAdmitted) for (const ask of take.asks) if (ask.lease !== null) this.out.add(ask);
  }

  charge(meter: Meter, key: string, units: number): void {
    this.log.push(`charge ${meter.limit} ${key} ${units}`);
    this.#models.charge(meter, key, units);
  }

  release(ask: Ask): void {
    this.log.push(`release ${ask.meter.limit} ${ask.key}`);
    if (!this.out.delete(ask)) throw new Error(`${ask.meter.limit}: nothing of it is out`);
    this.#models.release(ask);
  }

  close(): void {}
}

export class FakeMetrics implements LimitMetrics {
  /** `per-ip admitted`, in order. */
  readonly seen: string[] = [];

  counter(limit: string, outcome: LimitOutcome) {
    return { add: (n: number) => void this.seen.push(...Array<string>(n).fill(`${limit} ${outcome}`)) };
  }
}

export function toLimit(parts: Partial<RateLimitConfig> = {}): RateLimitConfig {
  return {
    name: "per-ip",
    key: [{ kind: "ip", v4: 32, v6: 64 }],
    rule: A_MINUTE,
    cost: { kind: "constant", units: 1 },
    tiers: null,
    exempt: null,
    dryRun: false,
    store: "local",
    mode: "exact",
    onStoreFailure: null,
    warnAt: [],
    ...parts,
  };
}

export function bind(config: RateLimitConfig, counters: Counters): BoundLimit {
  const toMeter = (tier: string, rule: LimitRule): Meter => ({
    limit: config.name,
    tier,
    id: `${config.name}/${tier}`,
    rule,
    onStoreFailure: config.onStoreFailure,
    isDryRun: config.dryRun,
  });
  const tiers = new Map((config.tiers?.of ?? []).map(([tier, rule]) => [tier, toMeter(tier, rule)]));
  return { config, own: toMeter("", config.rule), tiers, counters };
}

export function toPrincipal(facts: Partial<PrincipalFacts> = {}): Principal {
  return new Principal({
    identity: "users",
    source: "jwt",
    id: "alice",
    tenant: null,
    roles: [],
    scopes: [],
    claims: {},
    plan: null,
    expiresAtMs: null,
    lines: [],
    ...facts,
  });
}

const WHO = fieldName("X-Who");

/** Who a request is from, by the name in its X-Who; nobody without one. */
export function authenticating(principals: Readonly<Record<string, Principal>> = {}): Policy {
  return {
    name: "who",
    phase: "authenticate",
    writes: ["principal"],
    request(exchange) {
      const who = exchange.head.fields.get(WHO);
      exchange.principal = who === null ? null : (principals[who] ?? toPrincipal({ id: who }));
      return CONTINUE;
    },
  };
}

export interface Limited {
  /** With the store of each; the route's. A number is what a request costs there. */
  readonly limits: readonly (readonly [config: Partial<RateLimitConfig>, store: Counters, cost?: number])[];
  /** The listener's. */
  readonly outer?: Limited["limits"];
  readonly auth?: RouteAuth | null;
}

const OPTIONAL: RouteAuth = { identities: ["users"], optional: true };

export function compileLimits(limited: Limited) {
  const metrics = new FakeMetrics();
  return { ...compileCounted(limited, metrics), metrics };
}

/** With metrics of another kind. */
export function compileCounted({ limits, outer = [], auth = OPTIONAL }: Limited, limitMetrics: LimitMetrics) {
  const bound = [...limits, ...outer].map(([config, store]) => bind(toLimit(config), store));
  const host = { limits: new Map(bound.map((limit) => [limit.config.name, limit])), limitMetrics };
  const toUse = ([config, , cost]: Limited["limits"][number]): LimitUse => ({ limit: toLimit(config).name, cost: cost ?? null });
  const policies = compileRateLimits({ name: "orders", auth, rateLimits: limits.map(toUse) }, host);
  const listener = compileListenerLimits(outer.map(toUse), host);
  return { policies, listenerPolicies: listener === null ? [] : [listener] };
}
