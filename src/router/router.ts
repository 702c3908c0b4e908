// @hot
// Matching: the scopes of a host in order of specificity, in each the whole path first, then the tree. Compiled by
// compile.ts; the only state besides is the last host seen, which saves the search for wildcards.

import { Fields } from "../http/index.ts";
import { AnnouncedHead, type ConditionalHead } from "./conditions.ts";
import { NOT_FOUND, ROUTE_FOUND, type RouteMatch } from "./leaf.ts";
import { type Scope, type Scopes, toMiss } from "./scope.ts";
import { searchTree, selectInLeaf } from "./search.ts";

/** A request of which nothing but host, path and method is known. */
const BARE: ConditionalHead = Object.freeze({ fields: new Fields(""), query: "" });

export class Router<T> {
  readonly #scopes: Scopes<T>;
  #lastHost = "";
  #lastScope: Scope<T>;

  constructor(scopes: Scopes<T>) {
    this.#scopes = scopes;
    this.#lastScope = scopes.any;
  }

  /**
   * The most specific route that takes the request, or why there is none. `host` is lower-case without port, empty when the
   * request has none; `path` is in normal form and starts with `/`; `head` is what conditions look at. The result is frozen and
   * shared.
   */
  match(host: string, path: string, method: string, head: ConditionalHead = BARE): RouteMatch<T> {
    let hasMiss = false;
    let scope: Scope<T> | null = host === this.#lastHost ? this.#lastScope : this.#selectScope(host);
    for (; scope !== null; scope = scope.next) {
      const leaf = scope.filter.mayHold(path) ? scope.whole.get(path) : undefined;
      if (leaf !== undefined) {
        const found = selectInLeaf(leaf, method, head);
        if (found !== null) return found;
        hasMiss = true;
      }
      if (scope.hasTree) {
        const match = searchTree(scope.root, path, 1, method, head);
        if (match !== null) {
          if (match.outcome === ROUTE_FOUND) return match;
          hasMiss = true;
        }
      }
    }
    return hasMiss ? toMiss(this.#lastScope, path, method) : NOT_FOUND;
  }

  /**
   * The route that a request would get which a preflight announces (Fetch 4.8): its method and the names of its fields are known
   * (`announced` is the value of Access-Control-Request-Headers, or null), the values of its fields are not.
   */
  matchPreflight(host: string, path: string, method: string, announced: string | null, head: ConditionalHead): RouteMatch<T> {
    // hot-exception: preflights alone, which browsers keep, router.bench.ts
    return this.match(host, path, method, new AnnouncedHead(head, announced ?? ""));
  }

  #selectScope(host: string): Scope<T> {
    const scopes = this.#scopes;
    let scope = scopes.exact.get(host);
    if (scope === undefined) {
      scope = scopes.any;
      let dot = host.length;
      // From the right, so that a host of many labels costs no more than the longest suffix in use.
      for (let dots = 0; dots < scopes.maxDots && dot > 0; dots++) {
        dot = host.lastIndexOf(".", dot - 1);
        if (dot <= 0) break;
        scope = scopes.wildcards.get(host.substring(dot)) ?? scope;
      }
    }
    this.#lastHost = host;
    this.#lastScope = scope;
    return scope;
  }
}
