// Requests that the listener takes and their route does not.

import { defineFault, type FaultDefinition } from "../../base/index.ts";

function refused(condition: string, status: number, title: string, remedy: string): FaultDefinition {
  const code = `SP_ROUTE_BOUNDS_${condition}`;
  // The head was read to its end, so that the connection can go on.
  return defineFault({ code, status, grpc: 3, blame: "client", retry: "never", closes: false, title, remedy });
}

export const LINE = refused(
  "LINE",
  414,
  "The request line is longer than allowed here.",
  "Raise `bounds.line` of the route if such targets are meant to pass.",
);
export const HEAD = refused(
  "HEAD",
  431,
  "The request head is larger than allowed here.",
  "Raise `bounds.head` of the route if such heads are meant to pass.",
);
export const FIELDS = refused(
  "FIELDS",
  431,
  "The request has more header fields than allowed here.",
  "Raise `bounds.fields` of the route if such heads are meant to pass.",
);
