// What becomes of callers, in the words of metrics: counted once a request, where it is decided. Also why an answer of ours is 401 or 403.

import type { FaultKind } from "../../base/index.ts";
import { AUTH } from "../../identity/index.ts";

export const OUTCOMES = ["verified", "anonymous", "missing", "invalid", "expired", "forbidden", "limited", "unavailable"] as const;
export type AuthOutcome = (typeof OUTCOMES)[number];

export interface OutcomeCounter {
  add(count: number): void;
}

/** Where outcomes are counted. `identity` is a name of the configuration, or "" where none decided. */
export interface AuthMetrics {
  counter(identity: string, outcome: AuthOutcome): OutcomeCounter;
}

const OUTCOME_OF = new Map<FaultKind, AuthOutcome>([
  [AUTH.NO_CREDENTIAL.kind, "missing"],
  [AUTH.BAD_CREDENTIAL.kind, "invalid"],
  [AUTH.EXPIRED.kind, "expired"],
  [AUTH.FORBIDDEN.kind, "forbidden"],
  [AUTH.SCOPE_MISSING.kind, "forbidden"],
  [AUTH.CROSS_SITE.kind, "forbidden"],
  [AUTH.TOO_MANY.kind, "limited"],
  [AUTH.UNAVAILABLE.kind, "unavailable"],
]);

/** Null for a fault that is not about who calls. */
export function outcomeOf(kind: FaultKind): AuthOutcome | null {
  return OUTCOME_OF.get(kind) ?? null;
}
