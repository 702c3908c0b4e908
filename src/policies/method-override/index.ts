// Removes, from client requests, the fields by which a service may be talked into another method than the one that was routed,
// authorised and counted: a POST that says X-HTTP-Method-Override: DELETE. In every spelling (http/field-name.ts).

import { FoldedNames, fieldName } from "../../http/index.ts";
import { CONTINUE, type Policy } from "../../pipeline/index.ts";

/** Kept out of trailers on every route: whoever lets them pass means the head. */
export const METHOD_OVERRIDE_NAMES = new FoldedNames(
  ["X-HTTP-Method-Override", "X-HTTP-Method", "X-Method-Override"].map((name) => fieldName(name)),
);

/** Null when the route lets them pass. */
export function compileMethodOverride(word: "remove" | "keep"): Policy | null {
  if (word === "keep") return null;
  return {
    name: "method-override",
    phase: "sanitise",
    request(exchange) {
      exchange.head.fields.removeFolded(METHOD_OVERRIDE_NAMES);
      return CONTINUE;
    },
  };
}
