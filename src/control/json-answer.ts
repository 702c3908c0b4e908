// JSON as the admin address answers it: with line ends, since people read it in a terminal.

import type { Answer } from "./endpoints.ts";

export const JSON_TYPE = "application/json";

export function json(value: object, status = 200): Answer {
  return { status, type: JSON_TYPE, text: `${JSON.stringify(value, null, 2)}\n` };
}
