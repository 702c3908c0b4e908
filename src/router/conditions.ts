// Whether a request meets a route's conditions. @hot
// Only routes that have conditions come here, and a value is cut out only where one asks for it.

import { FIELD, type FieldName, type Fields } from "../http/index.ts";
import { readVersion } from "./media-version.ts";
import { areParametersAmong, countParameter, listNames, listParameter } from "./query-values.ts";

/** What conditions look at; a RequestHead is one. */
export interface ConditionalHead {
  readonly fields: Fields;
  /** With its question mark, or empty. */
  readonly query: string;
}

/** A request that a preflight announces: its field names are known, their values are not (Fetch 4.8). */
export class AnnouncedHead implements ConditionalHead {
  readonly fields: Fields;
  readonly query: string;
  /** The value of Access-Control-Request-Headers; empty for none. */
  readonly names: string;
  #listed: ReadonlySet<string> | null = null;

  constructor(head: ConditionalHead, names: string) {
    this.fields = head.fields;
    this.query = head.query;
    this.names = names;
  }

  /** `name` is lower case. The list is taken apart once: thousands of routes may ask for one of thousands of names. */
  announces(name: string): boolean {
    if (this.names === "") return false;
    this.#listed ??= listNames(this.names);
    return this.#listed.has(name);
  }
}

export const HEADER = 1;
export const QUERY = 2;
export const MEDIA_TYPE = 3;

/** One condition on one subject, compiled. Frozen. */
export interface Condition {
  readonly on: typeof HEADER | typeof QUERY | typeof MEDIA_TYPE;
  readonly name: string;
  /** Equal for two conditions exactly when they look at the same thing. */
  readonly subject: string;
  readonly field: FieldName | null;
  readonly absent: boolean;
  /** Null for any. */
  readonly values: readonly string[] | null;
}

/** Several values where one is asked for, as `?a=1&a=2` has them. */
export const SEVERAL = 0;

/** What the request has for the subject of `condition`: a value, null for nothing, SEVERAL when a parameter occurs more than once. */
export function readSubject(condition: Condition, head: ConditionalHead): string | null | typeof SEVERAL {
  if (condition.field !== null) return head.fields.getCombined(condition.field);
  if (condition.on === MEDIA_TYPE) return readVersionOf(head.fields, condition.name);
  const count = countParameter(head.query, condition.name);
  if (count > 1) return SEVERAL;
  return count === 0 ? null : listParameter(head.query, condition.name, 0);
}

/** Whether all of `conditions` hold. */
export function holdAll(conditions: readonly Condition[], head: ConditionalHead): boolean {
  for (let i = 0; i < conditions.length; i++) {
    const condition = conditions[i];
    if (condition !== undefined && !holds(condition, head)) return false;
  }
  return true;
}

function holds(condition: Condition, head: ConditionalHead): boolean {
  if (head instanceof AnnouncedHead && condition.on !== QUERY) return holdsAnnounced(condition, head);
  const value = readSubject(condition, head);
  if (value === null) return condition.absent;
  const values = condition.values;
  if (values === null) return true;
  if (value !== SEVERAL) return values.includes(value);
  // Every occurrence must do: services disagree on which of several they read, and none must read one that chose no route.
  return areParametersAmong(head.query, condition.name, values);
}

/** Of the media type nothing is announced: Accept is sent without asking. */
function holdsAnnounced(condition: Condition, head: AnnouncedHead): boolean {
  if (condition.on === MEDIA_TYPE) return true;
  if (!head.announces(condition.name)) return condition.absent;
  return condition.values === null || condition.values.length > 0;
}

function readVersionOf(fields: Fields, type: string): string | null {
  const accept = fields.getCombined(FIELD.ACCEPT);
  const accepted = accept === null ? null : readVersion(accept, type);
  if (accepted !== null) return accepted;
  const content = fields.getCombined(FIELD.CONTENT_TYPE);
  return content === null ? null : readVersion(content, type);
}
