// What watching files needs of the world; tests pass their own. What changed, and when it is worth telling, is watcher.ts's to find out.

import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync, statSync, watch } from "node:fs";
import type { Clock } from "../base/index.ts";

/** `link`: what a symlink says. Null: there is none, or none that we may see. */
export type Entry = { readonly link: string } | "folder" | "file" | null;

export interface WatchHost {
  readonly clock: Clock;
  /** `onEvent` gets the name in the folder; null when it is not known or the watch has ended. Null: it can't be watched. */
  watchFolder(folder: string, onEvent: (name: string | null) => void): { close(): void } | null;
  /** Of a file's content, or of the names in a folder. Null: there is nothing to read. */
  digestOf(path: string): string | null;
  /** Does not follow links. */
  entryAt(path: string): Entry;
}

export function systemWatchHost(clock: Clock): WatchHost {
  return { clock, watchFolder, digestOf, entryAt };
}

function watchFolder(folder: string, onEvent: (name: string | null) => void): { close(): void } | null {
  try {
    const watcher = watch(folder, (_, name) => onEvent(name));
    watcher.on("error", () => {
      watcher.close();
      onEvent(null);
    });
    return { close: () => watcher.close() };
  } catch {
    return null;
  }
}

/** Larger ones are no configuration: their size and date are enough. */
const LARGEST_BYTES = 16 * 1024 * 1024;

function digestOf(path: string): string | null {
  try {
    const stats = statSync(path);
    // The drafts of editors and the folders that Kubernetes swaps behind its links are not what anybody includes.
    if (stats.isDirectory()) return digest(readdirSync(path).filter(isVisible).sort().join("\0"));
    // To read a pipe is to wait, and to take away.
    if (!stats.isFile()) return null;
    return digest(stats.size > LARGEST_BYTES ? `${stats.size} ${stats.mtimeMs}` : readFileSync(path));
  } catch {
    return null;
  }
}

function isVisible(name: string): boolean {
  return !name.startsWith(".");
}

function digest(content: string | Uint8Array): string {
  return createHash("sha256").update(content).digest("base64");
}

function entryAt(path: string): Entry {
  try {
    const stats = lstatSync(path);
    if (stats.isSymbolicLink()) return { link: readlinkSync(path) };
    return stats.isDirectory() ? "folder" : "file";
  } catch {
    return null;
  }
}
