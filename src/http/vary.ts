// What an answer depends on besides its target: the Vary field (RFC 9110 12.5.5), which several parts of the gateway add to. @hot

import type { Fields } from "./fields.ts";
import { VARY } from "./known-fields.ts";

/** Adds a field's name to Vary unless it is there, in any case of letters; `*` already says more. One line comes of several. */
export function addVary(fields: Fields, name: string): void {
  const before = fields.getCombined(VARY);
  if (before === null || before === "") {
    fields.set(VARY, name);
    return;
  }
  if (!listsToken(before, name)) fields.set(VARY, `${before}, ${name}`);
}

/** Whether the comma-separated list has the token, or `*`. */
function listsToken(list: string, token: string): boolean {
  for (let at = 0; at <= list.length; ) {
    const comma = list.indexOf(",", at);
    const end = comma < 0 ? list.length : comma;
    const item = list.slice(at, end).trim();
    if (item === "*" || (item.length === token.length && item.toLowerCase() === token.toLowerCase())) return true;
    at = end + 1;
  }
  return false;
}
