// The bearer token of a request as RFC 6750 2.1 writes it: one line of Authorization. What only looks like one is refused, so that nobody
// behind the gateway reads another token in it than was judged. @hot

import type { Fault } from "../../base/index.ts";
import { FIELD, type Fields } from "../../http/index.ts";
import { BAD_CREDENTIAL } from "../faults.ts";

/** Far longer than tokens that mean nothing to who carries them. */
export const MOST_TOKEN = 4096;

const SCHEME = "bearer";

const MORE_LINES = BAD_CREDENTIAL.with("there is more than one line of Authorization");
const TOO_LONG = BAD_CREDENTIAL.with("the bearer token is longer than 4 KiB");
const FORM = BAD_CREDENTIAL.with("the bearer token is not of the form that RFC 6750 gives");

/** Null: no bearer token. A fault: one that nobody can take. */
export function readBearer(fields: Fields): string | Fault | null {
  const line = fields.get(FIELD.AUTHORIZATION);
  if (line === null) return null;
  const isOurs = isBearer(line);
  if (countOthers(fields, isOurs) > 0) return MORE_LINES;
  if (!isOurs) return null;
  let start = SCHEME.length;
  while (line.charCodeAt(start) === 0x20) start++;
  if (line.length - start > MOST_TOKEN) return TOO_LONG;
  return isToken(line, start) ? line.slice(start) : FORM;
}

function isBearer(line: string): boolean {
  const length = SCHEME.length;
  return (line.length === length || line.charCodeAt(length) === 0x20) && line.slice(0, length).toLowerCase() === SCHEME;
}

/** Lines besides the first that make the first one doubtful: any, where it is ours, and bearer tokens behind another one. */
function countOthers(fields: Fields, isFirstOurs: boolean): number {
  let lines = 0;
  let others = 0;
  for (let i = 0; i < fields.received; i++) {
    if (!fields.isAt(i, FIELD.AUTHORIZATION) || lines++ === 0) continue;
    if (isFirstOurs || isBearer(fields.valueAt(i))) others++;
  }
  return others;
}

/** b64token: letters, digits and `-._~+/`, then any number of `=`. */
function isToken(line: string, start: number): boolean {
  let at = start;
  while (at < line.length && isTokenUnit(line.charCodeAt(at))) at++;
  if (at === start) return false;
  while (at < line.length && line.charCodeAt(at) === 0x3d) at++;
  return at === line.length;
}

function isTokenUnit(unit: number): boolean {
  if (unit >= 0x61) return unit <= 0x7a || unit === 0x7e;
  if (unit >= 0x41) return unit <= 0x5a || unit === 0x5f;
  // `-./` and digits stand in a row.
  return (unit >= 0x2d && unit <= 0x39) || unit === 0x2b;
}
