// Where a request ended that something else than a limit refused: limits that come behind that were not asked then, and are not now.

import { type LoggedRequest, wasLimited } from "./logged-request.ts";

/** Refused by the route before the first of its limits. */
const BEFORE_LIMITS: ReadonlySet<string> = new Set([
  "SP_EXCHANGE_BODY_TOO_LARGE",
  "SP_LIFECYCLE_GONE",
  "SP_MAINTENANCE_CLOSED",
  "SP_OVERLOADED_GATEWAY",
  "SP_ROUTE_PATH_AMBIGUOUS",
  "SP_WS_NOT_ALLOWED",
]);
/** Before the listener's limits: it met no steps, or the first of them. */
const BEFORE_ALL: ReadonlySet<string> = new Set(["SP_TLS_MISDIRECTED"]);
const BY_AUTHENTICATION = "SP_AUTH_";

export function endedBeforeAll({ fault }: LoggedRequest): boolean {
  return BEFORE_ALL.has(fault);
}

export function endedBeforeLimits({ fault }: LoggedRequest): boolean {
  return BEFORE_LIMITS.has(fault);
}

/** It was refused for who called, or that nobody knew: whom limits of callers never saw. */
export function endedAtAuthentication({ fault }: LoggedRequest): boolean {
  return fault.startsWith(BY_AUTHENTICATION);
}

/** A preflight that its route answered. */
export function isPreflight({ method, status, isForwarded, fault }: LoggedRequest): boolean {
  return method === "OPTIONS" && status === 204 && !isForwarded && fault === "";
}

/** Whether nobody looked at who called: a limit in front of that refused it. `late`: limits that stand behind authentication. */
export function endedUnseen(request: LoggedRequest, late: ReadonlySet<string>): boolean {
  return wasLimited(request) && !request.refusedBy.some((name) => late.has(name));
}
