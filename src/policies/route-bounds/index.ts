// Bounds on a request's head that are narrower than the listener's, judged as soon as the route is known. They count what came,
// as http1/head-parser.ts does: nothing that was removed or put in since changes the outcome. The body's bound is the plan's.

import type { RouteBoundsConfig } from "../../config/index.ts";
import type { RequestHead } from "../../http/index.ts";
import { CONTINUE, type Policy } from "../../pipeline/index.ts";
import { FIELDS, HEAD, LINE } from "./faults.ts";

/** `METHOD target HTTP/1.1`: two spaces and the version. */
const LINE_OVERHEAD = " ".length + " HTTP/1.1".length;
const EMPTY_LINE = 2;

/** Null where the listener's bounds are all there is. */
export function compileRouteBounds(config: RouteBoundsConfig): Policy | null {
  const { lineBytes, headBytes, fieldCount } = config;
  if (lineBytes === undefined && headBytes === undefined && fieldCount === undefined) return null;
  const most = { line: lineBytes ?? Infinity, head: headBytes ?? Infinity, fields: fieldCount ?? Infinity };
  return {
    name: "route-bounds",
    phase: "guard",
    request(exchange) {
      const { head } = exchange;
      if (countLineBytes(head) > most.line) return exchange.answerFault(LINE);
      if (head.fields.received > most.fields) return exchange.answerFault(FIELDS);
      if (head.fields.textEnd + EMPTY_LINE > most.head) return exchange.answerFault(HEAD);
      return CONTINUE;
    },
  };
}

/** The start line without its CRLF. */
function countLineBytes(head: RequestHead): number {
  return head.method.length + head.target.length + LINE_OVERHEAD;
}
