// Sets, adds and removes fields on requests and responses, as written in `headers`. Order: remove, set, add.
// On requests what is set or removed goes in every spelling that a service may take for the name (http/field-name.ts): a route
// that sets X-Edge must not let a client's X_Edge pass beside it.

import type { HeaderEdits } from "../../config/index.ts";
import { FoldedNames, fieldName } from "../../http/index.ts";
import { CONTINUE, type Policy } from "../../pipeline/index.ts";
import { FieldEdits } from "./field-edits.ts";

/** Null when nothing is to be changed on either side. */
export function compileHeaderEdits(config: { readonly request: HeaderEdits; readonly response: HeaderEdits }): Policy | null {
  const request = compileEdits(config.request);
  const response = compileEdits(config.response);
  if (request === null && response === null) return null;
  const names = [...config.request.remove, ...config.request.set.map(([name]) => name)];
  const claimed = names.length === 0 ? null : new FoldedNames(names.map(fieldName));
  return {
    name: "header-edits",
    phase: "transform",
    ...(request !== null && {
      request(exchange) {
        if (claimed !== null) exchange.head.fields.removeFolded(claimed);
        request.apply(exchange, exchange.head.fields);
        return CONTINUE;
      },
    }),
    ...(response !== null && {
      response(exchange) {
        response.apply(exchange, exchange.response!.fields);
        return CONTINUE;
      },
    }),
  };
}

function compileEdits(edits: HeaderEdits): FieldEdits | null {
  return edits.set.length + edits.add.length + edits.remove.length === 0 ? null : new FieldEdits(edits);
}
