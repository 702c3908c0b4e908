// What the plans of one generation need to count and to shed: the live counters, or stand-ins where a configuration is only proved.

import type { GatewayConfig, ListenerConfig } from "../config/index.ts";
import type { Counters } from "../limits/index.ts";
import type { Policy } from "../pipeline/index.ts";
import { type BoundLimit, compileListenerLimits, type LimitMetrics, type LimitsHost, type SheddingHost } from "../policies/index.ts";
import { createMeters } from "./limit-meters.ts";
import type { LimitGrant } from "./limit-set.ts";

export interface LimitParts {
  readonly policies: LimitsHost & SheddingHost;
  /** Before routing. */
  policiesOf(listener: ListenerConfig): readonly Policy[];
}

export function createLimitParts({ limits, shedding }: Pick<LimitGrant, "limits" | "shedding">, limitMetrics: LimitMetrics): LimitParts {
  const policies = { limits, limitMetrics, ...shedding };
  return {
    policies,
    policiesOf: ({ rateLimits }) => {
      const policy = compileListenerLimits(rateLimits, policies);
      return policy === null ? [] : [policy];
    },
  };
}

const NOTHING: Counters = { take: () => true, charge: () => undefined, release: () => undefined, close: () => undefined };

/** The same shape without anything that counts: for proofs, in which no request comes. */
export function proveLimitParts({ rateLimits }: GatewayConfig): LimitParts {
  const bind = (config: GatewayConfig["rateLimits"][number]): BoundLimit => ({ config, ...createMeters(config), counters: NOTHING });
  const limits = new Map(rateLimits.map((limit) => [limit.name, bind(limit)]));
  const counter = { add: () => undefined };
  return createLimitParts({ limits, shedding: { gatewayShedder: null, shedderOf: () => null } }, { counter: () => counter });
}
