// The patterns of one host that hold a parameter or a tail, as a tree with a table per segment. Patterns that are wholly
// static are not in here: Scope keeps them in one Map by the whole path. Built once; search.ts walks it for each request.

import type { Leaf } from "./leaf.ts";
import type { PathPattern } from "./pattern.ts";
import { hashText, SegmentTable } from "./segment-table.ts";

export interface TreeNode<T> {
  readonly children: SegmentTable<TreeNode<T>>;
  param: TreeNode<T> | null;
  /** Of patterns that end at this node. */
  end: Leaf<T> | null;
  /** Of patterns that go on from this node with `/*`. */
  tail: Leaf<T> | null;
}

export function createNode<T>(): TreeNode<T> {
  return { children: new SegmentTable(), param: null, end: null, tail: null };
}

export function addLeaf<T>(root: TreeNode<T>, pattern: PathPattern, leaf: Leaf<T>): void {
  let node = root;
  for (const segment of pattern.segments) {
    let next: TreeNode<T> | null = segment === null ? node.param : findChild(node, segment);
    if (next === null) {
      next = createNode();
      if (segment === null) node.param = next;
      else node.children.add(segment, next);
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
    const child = findChild(node, path.slice(at, end));
    if (child !== null) collectLeaves(child, path, end + 1, into);
    if (node.param !== null && end > at) collectLeaves(node.param, path, end + 1, into);
  }
  if (node.tail !== null) into.push(node.tail);
}

function findChild<T>(node: TreeNode<T>, segment: string): TreeNode<T> | null {
  return node.children.find(segment, 0, segment.length, hashText(segment));
}
