// Places in a configuration below which nothing more is worth saying.

import type { IssuePath } from "./issue.ts";

interface Branch {
  isMember: boolean;
  readonly children: Map<string | number, Branch>;
}

export class PathSet {
  readonly #root: Branch = { isMember: false, children: new Map() };

  add(path: IssuePath): void {
    let branch = this.#root;
    for (const part of path) {
      let next = branch.children.get(part);
      if (next === undefined) {
        next = { isMember: false, children: new Map() };
        branch.children.set(part, next);
      }
      branch = next;
    }
    branch.isMember = true;
  }

  /** Whether `path` or something that encloses it is a member. */
  covers(path: IssuePath): boolean {
    let branch: Branch | undefined = this.#root;
    for (const part of path) {
      if (branch === undefined || branch.isMember) break;
      branch = branch.children.get(part);
    }
    return branch?.isMember ?? false;
  }
}
