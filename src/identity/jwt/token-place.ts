// Where the token of an identity stands in a request: RFC 6750 2.1, or a field or cookie of its own. @hot

import type { TokenPlace } from "../../config/index.ts";
import { FIELD, type FieldName, type Fields, fieldName, getOnlyCookie } from "../../http/index.ts";

/** In place of a token: there are two, and which is meant can't be known. No field's value can be this. */
export const TWICE = "\n";

const SPACE = 0x20;

export class TokenReader {
  readonly #field: FieldName;
  readonly #cookie: string | null;
  readonly #isBearer: boolean;

  constructor(place: TokenPlace) {
    this.#isBearer = place.kind === "bearer";
    this.#cookie = place.kind === "cookie" ? place.name : null;
    this.#field = place.kind === "header" ? fieldName(place.name) : place.kind === "cookie" ? FIELD.COOKIE : FIELD.AUTHORIZATION;
  }

  /** Null: there is none. TWICE. Else the text, whatever it is. */
  read(fields: Fields): string | null {
    const value = this.#cookie === null ? fields.getOnly(this.#field, TWICE) : getOnlyCookie(fields, this.#cookie, TWICE);
    if (value === null || value === TWICE) return value;
    if (this.#isBearer) return readBearer(value);
    return value === "" ? null : value;
  }
}

/** The scheme in letters of any case, spaces, the token (RFC 9110 11.4). Null for another scheme, and for one alone. */
function readBearer(value: string): string | null {
  if (value.length < 8 || value.charCodeAt(6) !== SPACE) return null;
  // Setting this bit makes letters small, and makes no other character of latin1 one of these letters.
  for (let i = 0; i < 6; i++) if ((value.charCodeAt(i) | 0x20) !== BEARER.charCodeAt(i)) return null;
  let start = 7;
  while (value.charCodeAt(start) === SPACE) start++;
  return start === value.length ? null : value.slice(start);
}

const BEARER = "bearer";
