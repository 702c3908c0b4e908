// Removes, from every client request, each field by which services are told who is asking: only the gateway may say that.
// In every spelling that a service may read as the same name (http/field-name.ts); trailers are covered by the plan.

import { type FieldName, FoldedNames, fieldName } from "../../http/index.ts";
import { CONTINUE, type Policy } from "../../pipeline/index.ts";

/** The names as a set that is matched in folded form. */
export function compileIdentityNames(names: readonly string[]): FoldedNames {
  const unique = new Map<string, FieldName>();
  for (const name of names.map(fieldName)) unique.set(name.folded, name);
  return new FoldedNames([...unique.values()]);
}

/** Runs on every listener, before routing: public routes and unknown paths are no exception. */
export function identityGuard(names: FoldedNames): Policy {
  return {
    name: "identity-guard",
    phase: "sanitise",
    request(exchange) {
      exchange.head.fields.removeFolded(names);
      return CONTINUE;
    },
  };
}
