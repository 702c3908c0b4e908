// Sets, adds and removes fields on requests and responses, as written in `headers`. Order: remove, set, add.
// On requests what is set or removed goes in every spelling that a service may take for the name (http/field-name.ts): a route
// that sets X-Edge must not let a client's X_Edge pass beside it.

import { Secret } from "../../base/index.ts";
import type { HeaderEdits, ValueTemplate } from "../../config/index.ts";
import { type FieldName, type Fields, FoldedNames, fieldName } from "../../http/index.ts";
import { CONTINUE, type Policy } from "../../pipeline/index.ts";

interface Edits {
  readonly remove: readonly FieldName[];
  readonly set: readonly (readonly [FieldName, string])[];
  readonly add: readonly (readonly [FieldName, string])[];
}

/** Null when nothing is to be changed on either side. */
export function compileHeaderEdits(config: { readonly request: HeaderEdits; readonly response: HeaderEdits }): Policy | null {
  const request = compileEdits(config.request);
  const claimed = request === null ? null : new FoldedNames([...request.remove, ...request.set.map(([name]) => name)]);
  const response = compileEdits(config.response);
  if (request === null && response === null) return null;
  return {
    name: "header-edits",
    phase: "transform",
    ...(request !== null && {
      request(exchange) {
        if (claimed !== null) exchange.head.fields.removeFolded(claimed);
        apply(request, exchange.head.fields);
        return CONTINUE;
      },
    }),
    ...(response !== null && {
      response(exchange) {
        apply(response, exchange.response!.fields);
        return CONTINUE;
      },
    }),
  };
}

function compileEdits(edits: HeaderEdits): Edits | null {
  if (edits.set.length + edits.add.length + edits.remove.length === 0) return null;
  return {
    remove: edits.remove.map(fieldName),
    set: edits.set.map(([name, value]) => [fieldName(name), toText(value)] as const),
    add: edits.add.map(([name, value]) => [fieldName(name), toText(value)] as const),
  };
}

function toText(value: ValueTemplate): string {
  return value.map((part) => (typeof part === "string" ? part : part instanceof Secret ? part.reveal() : "")).join("");
}

function apply(edits: Edits, fields: Fields): void {
  for (let i = 0; i < edits.remove.length; i++) fields.remove(edits.remove[i]!);
  for (let i = 0; i < edits.set.length; i++) fields.set(edits.set[i]![0], edits.set[i]![1]);
  for (let i = 0; i < edits.add.length; i++) fields.add(edits.add[i]![0], edits.add[i]![1]);
}
