// Where a request carries its key: a field, a parameter of the query, or a cookie. Several values of one name are never read as one of
// them: whoever stands behind the gateway might read another. @hot

import type { Fault } from "../../base/index.ts";
import type { ApiKeyIdentity } from "../../config/index.ts";
import { type FieldName, fieldName, getOnlyCookie, ParameterNames } from "../../http/index.ts";
import type { Exchange } from "../../pipeline/index.ts";
import { BAD_CREDENTIAL } from "../faults.ts";
import type { Carriers } from "../identity.ts";

export interface KeyPlace {
  readonly carriers: Carriers;
  /** Of a 401; null where no client could do anything with one. */
  challenge(realm: string): string | null;
  /** Null: there is none. */
  read(exchange: Exchange): string | Fault | null;
}

export function createKeyPlace(from: ApiKeyIdentity["from"]): KeyPlace {
  if (from.kind === "header") return new FieldPlace(from.name);
  return from.kind === "query" ? new QueryPlace(from.name) : new CookiePlace(from.name);
}

class FieldPlace implements KeyPlace {
  readonly carriers: Carriers;
  readonly #name: FieldName;
  readonly #several: Fault;

  constructor(name: string) {
    this.#name = fieldName(name);
    // Authorization goes on every route with `auth`, and is no identity's own.
    this.carriers = { fields: this.#name.lower === "authorization" ? [] : [this.#name], cookies: [], parameters: [] };
    this.#several = BAD_CREDENTIAL.with(`there is more than one line of ${name}`);
  }

  challenge(realm: string): string {
    return `ApiKey realm="${realm}", header="${this.#name.text}"`;
  }

  read({ head: { fields } }: Exchange): string | Fault | null {
    return fields.getOnly(this.#name, this.#several);
  }
}

class QueryPlace implements KeyPlace {
  readonly carriers: Carriers;
  readonly #names: ParameterNames;
  readonly #several: Fault;

  constructor(name: string) {
    this.carriers = { fields: [], cookies: [], parameters: [name] };
    this.#names = new ParameterNames([name]);
    this.#several = BAD_CREDENTIAL.with(`the query has more than one ${name}`);
  }

  challenge(): null {
    return null;
  }

  /** Names are compared as a service would read them; a key needs no escapes, so that a value with one is none. */
  read({ head: { query } }: Exchange): string | Fault | null {
    let found: string | null = null;
    for (let start = 1; start < query.length; ) {
      const mark = query.indexOf("&", start);
      const end = mark < 0 ? query.length : mark;
      const equals = query.indexOf("=", start);
      const nameEnd = equals < 0 || equals > end ? end : equals;
      if (this.#names.holds(query, start, nameEnd)) {
        if (found !== null) return this.#several;
        found = query.slice(Math.min(nameEnd + 1, end), end);
      }
      start = end + 1;
    }
    return found;
  }
}

class CookiePlace implements KeyPlace {
  readonly carriers: Carriers;
  readonly #name: string;
  readonly #several: Fault;

  constructor(name: string) {
    this.carriers = { fields: [], cookies: [name], parameters: [] };
    this.#name = name;
    this.#several = BAD_CREDENTIAL.with(`there is more than one cookie ${name}`);
  }

  challenge(): null {
    return null;
  }

  read({ head: { fields } }: Exchange): string | Fault | null {
    return getOnlyCookie(fields, this.#name, this.#several);
  }
}
