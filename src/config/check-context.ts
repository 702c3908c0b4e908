// What a file is judged beside.

import type { IssuePath } from "./issue.ts";

export interface CheckContext {
  /** For sunsets that have passed. */
  readonly nowMs: number;
  /** When a team's file is judged: the gateway's own, as written. Its upstreams, APIs, identities and defaults hold for the team's routes. */
  readonly gateway?: unknown;
  /** When the gateway's own is judged: its teams' files as written, whose upstreams its invariants may name. */
  readonly teams?: readonly unknown[];
  /** Whether what stands at a place came from elsewhere. Left out: nobody knows, and no secret is asked to. */
  readonly isReference?: (path: IssuePath) => boolean;
  /** The content of a PEM file that is named; undefined where it can't be read. */
  readonly pemOf?: (name: string) => string | undefined;
}
