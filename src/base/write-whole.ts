// Writes a file that must be whole or as it was, and that its user alone may read: what survives a restart.

import { mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** A crash in the middle leaves what was there. Makes the folder. Throws when it can't be written; no draft stays behind then. */
export function writeWhole(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const draft = `${path}.${process.pid}.tmp`;
  // Made anew: through a link or a file that somebody put there it would be theirs to choose where this goes, and who reads it.
  rmSync(draft, { force: true });
  try {
    writeFileSync(draft, text, { mode: 0o600, flag: "wx" });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw error;
  }
}
