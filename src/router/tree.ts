// The patterns of one host that hold a parameter or a tail, as a tree with a Map per segment. Patterns that are wholly
// static are not in here: Scope keeps them in one Map by the whole path. Built once; search.ts walks it for each request.

import type { Leaf } from "./leaf.ts";
import type { PathPattern } from "./pattern.ts";

export interface TreeNode<T> {
  readonly children: Map<string, TreeNode<T>>;
  param: TreeNode<T> | null;
  /** Of patterns that end at this node. */
  end: Leaf<T> | null;
  /** Of patterns that go on from this node with `/*`. */
  tail: Leaf<T> | null;
}

export function createNode<T>(): TreeNode<T> {
  return { children: new Map(), param: null, end: null, tail: null };
}

export function addLeaf<T>(root: TreeNode<T>, pattern: PathPattern, leaf: Leaf<T>): void {
  let node = root;
  for (const segment of pattern.segments) {
    let next: TreeNode<T> | null | undefined = segment === null ? node.param : node.children.get(segment);
    if (!next) {
      next = createNode();
      if (segment === null) node.param = next;
      else node.children.set(segment, next);
    }
    node = next;
  }
  if (pattern.hasTail) node.tail = leaf;
  else node.end = leaf;
}

/** How many nodes one path can make searchTree visit at most. */
export function countWorstVisits<T>(node: TreeNode<T>): number {
  let worstChild = 0;
  for (const child of node.children.values()) worstChild = Math.max(worstChild, countWorstVisits(child));
  return 1 + worstChild + (node.param === null ? 0 : countWorstVisits(node.param));
}

/** Every leaf whose pattern matches the path. For answers with Allow, so not for speed. */
export function collectLeaves<T>(node: TreeNode<T>, path: string, at: number, into: Leaf<T>[]): void {
  if (at > path.length) {
    if (node.end !== null) into.push(node.end);
  } else {
    const slash = path.indexOf("/", at);
    const end = slash < 0 ? path.length : slash;
    const child = node.children.get(path.substring(at, end));
    if (child !== undefined) collectLeaves(child, path, end + 1, into);
    if (node.param !== null && end > at) collectLeaves(node.param, path, end + 1, into);
  }
  if (node.tail !== null) into.push(node.tail);
}
