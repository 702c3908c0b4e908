// The file of a unix socket that we bound: removed when we close it, but never one that somebody put in its place.
import { lstatSync, unlinkSync } from "node:fs";

export interface SocketFile {
  remove(): void;
}

/** Remembers which file `path` is now. */
export function holdSocketFile(path: string): SocketFile {
  const { dev, ino } = lstatSync(path);
  return {
    remove() {
      const now = lstatSync(path, { throwIfNoEntry: false });
      if (now !== undefined && now.dev === dev && now.ino === ino) unlinkSync(path);
    },
  };
}
