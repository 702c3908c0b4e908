// Tells clients that what they use will go: Deprecation (RFC 9745), Sunset (RFC 8594) and a Link to a page that says what to do. It
// stands on every answer of the route, the gateway's own included; and after the sunset it may be the only answer there is.

import type { LifecycleConfig } from "../../config/index.ts";
import { type FieldName, fieldName } from "../../http/index.ts";
import { CONTINUE, type Policy } from "../../pipeline/index.ts";
import { GONE } from "./faults.ts";

const DEPRECATION = fieldName("Deprecation");
const SUNSET = fieldName("Sunset");
const LINK = fieldName("Link");

/** Null when the route has no dates and no page. */
export function compileLifecycle(config: LifecycleConfig | null): Policy | null {
  if (config === null) return null;
  const dates = listDates(config);
  const links = listLinks(config);
  const goneMs = config.afterSunset === "gone" ? config.sunsetMs : null;
  if (dates.length === 0 && links === null) return null;
  return {
    name: "lifecycle",
    phase: "early-limits",
    ...(goneMs !== null && {
      request: (exchange) => (exchange.runtime.clock.wall() < goneMs ? CONTINUE : exchange.answerFault(GONE)),
    }),
    response(exchange) {
      const { fields } = exchange.response!;
      // The operator's dates replace the upstream's, for there can be only one; its links stay beside ours.
      for (let i = 0; i < dates.length; i++) fields.set(dates[i]![0], dates[i]![1]);
      if (links !== null) fields.add(LINK, links);
      return CONTINUE;
    },
  };
}

function listDates({ deprecatedMs, sunsetMs }: LifecycleConfig): (readonly [FieldName, string])[] {
  const dates: (readonly [FieldName, string])[] = [];
  // RFC 9745 2.1: a date of structured fields, in seconds.
  if (deprecatedMs !== null) dates.push([DEPRECATION, `@${Math.floor(deprecatedMs / 1000)}`]);
  if (sunsetMs !== null) dates.push([SUNSET, new Date(sunsetMs).toUTCString()]);
  return dates;
}

/** RFC 9745 3 and RFC 8594 6: the same page under each relation that is said. */
function listLinks({ link, sunsetMs }: LifecycleConfig): string | null {
  if (link === null) return null;
  return sunsetMs === null ? `<${link}>; rel="deprecation"` : `<${link}>; rel="deprecation", <${link}>; rel="sunset"`;
}
