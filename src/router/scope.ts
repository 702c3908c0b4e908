// The routes of one host pattern, and how the scopes of a table hang together. Not on the path of a request that matches.

import { type Leaf, METHOD_NOT_ALLOWED, type RouteMissing, WITHOUT_VARIANT } from "./leaf.ts";
import { PathFilter } from "./path-filter.ts";
import type { RouteList } from "./route-list.ts";
import { collectLeaves, createNode, type TreeNode } from "./tree.ts";

export interface Scope<T> {
  /** Leaves of wholly static patterns by their path. */
  readonly whole: Map<string, Leaf<T>>;
  /** What may be in `whole`. */
  readonly filter: PathFilter;
  readonly root: TreeNode<T>;
  hasTree: boolean;
  /** The next less specific scope that matches every host that this one matches. */
  next: Scope<T> | null;
}

export interface Scopes<T> {
  readonly exact: Map<string, Scope<T>>;
  /** By suffix with its first dot. */
  readonly wildcards: Map<string, Scope<T>>;
  /** Of routes without hosts. */
  readonly any: Scope<T>;
  /** The number of dots in the longest suffix. */
  readonly maxDots: number;
}

export function createScope<T>(next: Scope<T> | null): Scope<T> {
  return { whole: new Map(), filter: new PathFilter(), root: createNode(), hasTree: false, next };
}

/** The longest suffix that `name` has with at least one label before it. */
export function selectWildcard<T>(wildcards: Map<string, Scope<T>>, name: string): Scope<T> | undefined {
  for (let dot = name.indexOf("."); dot >= 0; dot = name.indexOf(".", dot + 1)) {
    const scope = wildcards.get(name.slice(dot));
    if (scope !== undefined) return scope;
  }
  return undefined;
}

/**
 * The answer where `path` matches under `scope` and no route takes the request: the conditions of those that take the method fail, or
 * none takes it. The resource as a whole allows what any of its routes does, whichever the pattern.
 */
export function toMiss<T>(scope: Scope<T>, path: string, method: string): RouteMissing {
  const leaves: Leaf<T>[] = [];
  for (let at: Scope<T> | null = scope; at !== null; at = at.next) {
    const leaf = at.whole.get(path);
    if (leaf !== undefined) leaves.push(leaf);
    if (at.hasTree) collectLeaves(at.root, path, 1, leaves);
  }
  // Some route takes the method here, so it was its conditions that failed.
  if (leaves.some((leaf) => listFor(leaf, method).routes.length > 0)) return WITHOUT_VARIANT;
  if (leaves.length === 1 && leaves[0] !== undefined) return leaves[0].miss;
  const methods = new Set(leaves.flatMap((leaf) => leaf.methods));
  return Object.freeze({ outcome: METHOD_NOT_ALLOWED, allow: [...methods].sort().join(", ") });
}

function listFor<T>(leaf: Leaf<T>, method: string): RouteList<T> {
  return leaf.lists[leaf.methods.indexOf(method)] ?? leaf.others;
}
