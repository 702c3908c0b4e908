// What requests cost that an upstream's response says it of. The field is between the upstream and the gateway: clients never see it. @hot

import type { FieldName } from "../../http/index.ts";
import type { Exchange } from "../../pipeline/index.ts";
import { REQUEST_LIMITS } from "./request-limits.ts";

/** A response step. Once only: the second time the fields are gone, and so the names must be those that no step before it has. */
export function settleCosts(exchange: Exchange, names: readonly FieldName[]): void {
  // An answer of ours says nothing of what the upstream did.
  if (exchange.winner === null) return;
  const { fields } = exchange.response!;
  const limits = exchange.memory.get(REQUEST_LIMITS);
  for (let i = 0; i < names.length; i++) {
    const name = names[i]!;
    // Two lines say nothing, since nobody knows which one counts.
    const text = fields.getOnly(name, "");
    fields.remove(name);
    if (limits !== null) limits.settle(name, text);
  }
}
