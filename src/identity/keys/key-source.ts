// Where an identity has the keys of its issuer from. What is known is answered at once; only who finds no key waits for a reading.

import type { TokenKey } from "../../tokens/index.ts";

export interface KeySource {
  /** The keys of this name that are good now, those of the newest set first; of a token that names none, all. */
  find(kid: string | null): readonly TokenKey[];
  /** Whether there was ever a set: before that nobody can be judged. */
  readonly isReady: boolean;
  /** What went wrong when the keys were last asked for, for operators; empty when nothing did. */
  readonly problem: string;
  /**
   * Reads the keys again, unless that was done within the last 10 s: then it resolves at once, and what there is has to do. All who ask
   * share one reading. Never rejects: whoever waited looks again.
   */
  refresh(): Promise<void>;
  /** Counts changes of what find() and isGood() say. */
  readonly version: number;
  /** Whether a key that find() gave is still one. */
  isGood(key: TokenKey): boolean;
  close(): void;
}
