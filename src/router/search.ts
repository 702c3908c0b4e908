// @hot
// The walk down one host's tree, and the choice among the routes of one pattern.

import type { ConditionalHead } from "./conditions.ts";
import { type Leaf, ROUTE_FOUND, type RouteFound, type RouteMatch } from "./leaf.ts";
import { selectRoute } from "./route-list.ts";
import { HASH_START, hashNext } from "./segment-table.ts";
import type { TreeNode } from "./tree.ts";

/** The route of `leaf` that takes the request, or null. */
export function selectInLeaf<T>(leaf: Leaf<T>, method: string, head: ConditionalHead): RouteFound<T> | null {
  const methods = leaf.methods;
  for (let i = 0; i < methods.length; i++) {
    const list = leaf.lists[i];
    if (methods[i] === method && list !== undefined) return list.only ?? selectRoute(list, head);
  }
  return leaf.others.only ?? selectRoute(leaf.others, head);
}

/**
 * The most specific route below `node` for the rest of `path`, which starts at `at` (past the end when no segment is left);
 * the miss of a leaf when the path matches and the rest doesn't; null when the path doesn't match. A branch that comes to
 * nothing is left for the next less specific one. A node is visited at most once: the tree bounds the work, not the client.
 */
export function searchTree<T>(node: TreeNode<T>, path: string, at: number, method: string, head: ConditionalHead): RouteMatch<T> | null {
  let miss: RouteMatch<T> | null = null;
  if (at > path.length) {
    if (node.end !== null) {
      const found = selectInLeaf(node.end, method, head);
      if (found !== null) return found;
      miss = node.end.miss;
    }
  } else {
    let end = at;
    let child: TreeNode<T> | null = null;
    if (node.children.count > 0) {
      let hash = HASH_START | 0;
      for (; end < path.length; end++) {
        const c = path.charCodeAt(end);
        if (c === 0x2f) break;
        hash = hashNext(hash, c);
      }
      child = node.children.find(path, at, end, hash);
    } else if (node.param !== null) {
      end = path.indexOf("/", at);
      if (end < 0) end = path.length;
    }
    if (child !== null) {
      const match = searchTree(child, path, end + 1, method, head);
      if (match !== null) {
        if (match.outcome === ROUTE_FOUND) return match;
        miss = match;
      }
    }
    if (node.param !== null && end > at) {
      const match = searchTree(node.param, path, end + 1, method, head);
      if (match !== null) {
        if (match.outcome === ROUTE_FOUND) return match;
        miss = match;
      }
    }
  }
  if (node.tail !== null) {
    const found = selectInLeaf(node.tail, method, head);
    if (found !== null) return found;
    miss = node.tail.miss;
  }
  return miss;
}
