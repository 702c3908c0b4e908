// Keeps, of the names that routes match on, only the spelling that routing looked at. A route for `X-Api-Version: 2` must not pass
// on a client's `X_Api_Version: 1` beside it, which a service behind may read as the same field (http/field-name.ts).

import type { RouteConfig } from "../../config/index.ts";
import { FIELD, type FieldName, FoldedNames, fieldName } from "../../http/index.ts";
import { CONTINUE, type Policy } from "../../pipeline/index.ts";

/** The fields that any route's conditions look at; null when there are none. */
export function compileConditionNames(routes: readonly RouteConfig[]): FoldedNames | null {
  const names = new Map<string, FieldName>();
  for (const { match } of routes) {
    for (const { on, name } of match.conditions) {
      const read = on === "header" ? [fieldName(name)] : on === "mediaType" ? [FIELD.ACCEPT, FIELD.CONTENT_TYPE] : [];
      for (const each of read) names.set(each.lower, each);
    }
  }
  return names.size === 0 ? null : new FoldedNames([...names.values()]);
}

/** Runs on every listener before routing, for the names that compileConditionNames found. */
export function lookAlikes(names: FoldedNames): Policy {
  return {
    name: "look-alikes",
    phase: "sanitise",
    request(exchange) {
      exchange.head.fields.removeLookAlikes(names);
      return CONTINUE;
    },
  };
}
