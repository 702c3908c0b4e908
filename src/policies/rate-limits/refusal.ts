// What a refused caller is told: which limit it was, what that counts by, and when to come again. Never the key itself.

import type { Fault } from "../../base/index.ts";
import { BY_CLOSED } from "../../limits/index.ts";
import type { LimitAsk } from "./applied-limit.ts";
import { EXCEEDED, UNAVAILABLE } from "./faults.ts";

/** `asks` are of a request that one of them, at least, refuses. */
export function refuse(asks: readonly LimitAsk[]): Fault {
  const refused = asks.filter((ask) => !ask.isAdmitted && !ask.meter.isDryRun);
  // Who is over a limit is told so, even where another one could not be counted.
  const exceeded = refused.filter(({ decidedBy }) => decidedBy !== BY_CLOSED);
  return exceeded.length > 0 ? toExceeded(exceeded) : toUnavailable(refused);
}

function toExceeded(refused: readonly LimitAsk[]): Fault {
  const [first] = refused as readonly [LimitAsk];
  const worst = refused.reduce((most, ask) => (waitOf(ask) > waitOf(most) ? ask : most), first);
  const waitMs = waitOf(worst);
  // Nobody knows when, or it never can be: then coming again is for nothing.
  const retryAfterSeconds = Number.isFinite(waitMs) ? Math.max(1, Math.ceil(waitMs / 1000)) : null;
  const names = refused.map(({ limit }) => limit.name);
  const again = retryAfterSeconds === null ? "This request needs more than it has." : `Try again in ${retryAfterSeconds} s.`;
  return {
    kind: EXCEEDED,
    detail: names.join(", "),
    told: {
      detail: `The limit ${worst.limit.name}, by ${worst.limit.keyKinds.join(" and ")}, is used up. ${again}`,
      retryAfterSeconds,
      members: {
        limit: worst.limit.name,
        key: worst.limit.keyKinds,
        ...(worst.resetMs > 0 && { reset: Math.ceil(worst.resetMs / 1000) }),
        ...(retryAfterSeconds !== null && { retryAfter: retryAfterSeconds }),
        // draft-ietf-httpapi-ratelimit-headers-10, 6: the name that clients of any gateway look for.
        "violated-policies": names,
      },
    },
  };
}

/** Milliseconds; Infinity where the same request never will be admitted. Concurrency comes free when others are done, which nobody knows. */
function waitOf({ retryMs, isConcurrency, cost, told }: LimitAsk): number {
  if (retryMs > 0) return retryMs;
  return isConcurrency && cost <= told.quota ? 1 : Number.POSITIVE_INFINITY;
}

function toUnavailable(refused: readonly LimitAsk[]): Fault {
  const { limit } = refused[0]!;
  return {
    kind: UNAVAILABLE,
    detail: refused.map((ask) => ask.limit.name).join(", "),
    told: { detail: null, retryAfterSeconds: 1, members: { limit: limit.name, key: limit.keyKinds } },
  };
}
