// A route that is closed for a while: 503 to everybody but the addresses that are let through, to see whether it works again.
// It is judged before anybody is authenticated, since nothing behind it need be running.

import { CidrSet } from "../../base/index.ts";
import type { MaintenanceConfig } from "../../config/index.ts";
import { CONTINUE, type Policy } from "../../pipeline/index.ts";
import { CLOSED } from "./faults.ts";

/** Null when the route is open. */
export function compileMaintenance(config: MaintenanceConfig | null): Policy | null {
  if (config === null) return null;
  const allowed = CidrSet.of(...config.allowFrom);
  // Without a word of the operator's the client is not told when to come again: the usual second would be a lie.
  const closed = CLOSED.telling({ detail: config.message, retryAfterSeconds: config.retryAfterSeconds });
  return {
    name: "maintenance",
    phase: "early-limits",
    request: (exchange) => (allowed.has(exchange.clientAddress) ? CONTINUE : exchange.answerFault(closed)),
  };
}
