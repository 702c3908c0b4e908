// From the conditions of a route, as a configuration says them, to what conditions.ts tries for each request.

import { fieldName } from "../http/index.ts";
import type { RouteCondition } from "./condition.ts";
import { type Condition, HEADER, MEDIA_TYPE, QUERY } from "./conditions.ts";

/**
 * The conditions of one route, one a subject, in a fixed order; null when two of them exclude one another. Configuration time.
 */
export function compileConditions(conditions: readonly RouteCondition[]): readonly Condition[] | null {
  if (conditions.length === 0) return NONE;
  const bySubject = new Map<string, Condition>();
  for (const written of conditions) {
    const condition = toCondition(written);
    const other = bySubject.get(condition.subject);
    const both = other === undefined ? condition : intersect(other, condition);
    if (both === null) return null;
    bySubject.set(condition.subject, both);
  }
  return Object.freeze([...bySubject.values()].sort((a, b) => (a.subject < b.subject ? -1 : 1)));
}

const NONE: readonly Condition[] = Object.freeze([]);

function toCondition(written: RouteCondition): Condition {
  const isHeader = written.on === "header";
  const name = written.on === "query" ? written.name : written.name.toLowerCase();
  return Object.freeze({
    on: isHeader ? HEADER : written.on === "query" ? QUERY : MEDIA_TYPE,
    name,
    subject: `${written.on} ${name}`,
    field: isHeader ? fieldName(written.name) : null,
    absent: written.absent,
    values: written.values === null ? null : Object.freeze([...new Set(written.values)].sort()),
  });
}

/** The condition that holds where both hold; null when none can. */
export function intersect(a: Condition, b: Condition): Condition | null {
  const absent = a.absent && b.absent;
  const values = a.values === null ? b.values : b.values === null ? a.values : a.values.filter((value) => b.values?.includes(value));
  if (!absent && values?.length === 0) return null;
  return Object.freeze({ ...a, absent, values });
}

/** Whether the condition names values that will do. */
export function namesValues(condition: Condition): boolean {
  return condition.values !== null && condition.values.length > 0;
}
