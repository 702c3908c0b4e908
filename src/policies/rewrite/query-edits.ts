// Edits of a query: keep only, remove, set. What is not touched keeps its bytes and its order; what is set stands at the end. @hot
// Parameters are divided by `&` alone (WHATWG URL, 5.1): a `;` is part of a value.

import type { QueryEdits as QueryEditsConfig } from "../../config/index.ts";
import { ParameterNames } from "../../http/index.ts";
import type { Exchange } from "../../pipeline/index.ts";
import { QueryValue } from "./query-value.ts";

/** Null when there is nothing to edit. */
export function compileQueryEdits(config: QueryEditsConfig): QueryEdits | null {
  return config.keepOnly === null && config.remove.length + config.set.length === 0 ? null : new QueryEdits(config);
}

export class QueryEdits {
  readonly #keepOnly: ParameterNames | null;
  readonly #remove: ParameterNames;
  readonly #set: readonly QueryValue[];

  constructor(config: QueryEditsConfig) {
    this.#keepOnly = config.keepOnly === null ? null : new ParameterNames(config.keepOnly);
    this.#remove = new ParameterNames(config.remove.concat(config.set.map(toName)));
    this.#set = config.set.map(toQueryValue);
  }

  /** Changes the head's query; one in which nothing is left goes with its `?`. */
  apply(exchange: Exchange): void {
    const { head } = exchange;
    const query = head.query;
    let kept = "";
    let count = 0;
    let next = 1;
    for (let start = 1; start <= query.length; start = next) {
      const mark = query.indexOf("&", start);
      const end = mark < 0 ? query.length : mark;
      next = end + 1;
      if (!this.#isKept(query, start, end)) continue;
      const parameter = query.slice(start, end);
      kept = count++ === 0 ? parameter : `${kept}&${parameter}`;
    }
    for (let i = 0; i < this.#set.length; i++) {
      const parameter = this.#set[i]!.read(exchange);
      kept = kept === "" ? parameter : `${kept}&${parameter}`;
    }
    head.query = kept === "" ? "" : `?${kept}`;
  }

  #isKept(query: string, start: number, end: number): boolean {
    const equals = query.indexOf("=", start);
    const nameEnd = equals < 0 || equals > end ? end : equals;
    if (this.#keepOnly !== null && !this.#keepOnly.holds(query, start, nameEnd)) return false;
    return !this.#remove.holds(query, start, nameEnd);
  }
}

function toName(entry: QueryEditsConfig["set"][number]): string {
  return entry[0];
}

function toQueryValue(entry: QueryEditsConfig["set"][number]): QueryValue {
  return new QueryValue(entry[0], entry[1]);
}
