// Words that no route of a table uses: what stands in a sample request where any will do, so that nothing more specific takes it.

import type { RouteFound } from "./leaf.ts";
import type { HostPattern } from "./pattern.ts";

interface Used<T> {
  readonly host: HostPattern | null;
  readonly routes: readonly RouteFound<T>[];
}

// More than enough that one is free at any node that names all of the common ones.
const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

export class FreshWords {
  /** Neither a static segment nor a label of a host. */
  readonly segment: string;
  /** No value of a condition. */
  readonly value: string;

  constructor(groups: readonly Used<unknown>[]) {
    const words = new Set<string>();
    const values = new Set<string>();
    for (const { host, routes } of groups) {
      for (const label of host?.text.split(".") ?? []) words.add(label);
      for (const segment of routes[0]?.path.segments ?? []) if (segment !== null) words.add(segment);
      for (const route of routes) {
        for (const condition of route.conditions ?? []) for (const value of condition.values ?? []) values.add(value);
      }
    }
    this.segment = pick(words);
    this.value = pick(values);
  }

  /** A method that is not among `named`. */
  methodBeside(named: ReadonlySet<string>): string {
    const common = METHODS.find((method) => !named.has(method) && !(method === "HEAD" && named.has("GET")));
    if (common !== undefined) return common;
    let method = "OTHER";
    while (named.has(method)) method += "X";
    return method;
  }
}

function pick(taken: ReadonlySet<string>): string {
  let fresh = "x";
  for (let n = 1; taken.has(fresh); n++) fresh = `x${n}`;
  return fresh;
}
