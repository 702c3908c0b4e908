// A host for tests: files in a map, variables as given, last good texts in memory.

import { basename, dirname } from "node:path";
import type { ConfigHost } from "./config-host.ts";

export interface FakeHost extends ConfigHost {
  readonly files: Map<string, string | Uint8Array>;
  readonly kept: Map<string, string>;
}

export function createFakeHost(
  files: Readonly<Record<string, string | Uint8Array>> = {},
  env: Readonly<Record<string, string>> = {},
): FakeHost {
  const held = new Map(Object.entries(files));
  const kept = new Map<string, string>();
  return {
    files: held,
    kept,
    env,
    nowMs: Date.UTC(2026, 0, 1),
    readFile(path) {
      const content = held.get(path);
      if (content === undefined) throw Object.assign(new Error(`no ${path}`), { code: "ENOENT" });
      return typeof content === "string" ? new TextEncoder().encode(content) : content;
    },
    listFolder: (path) => [...new Set([...held.keys()].flatMap((file) => listName(path, file)))],
    lastGood: { read: (_, file) => kept.get(file) ?? null, write: (_, file, text) => void kept.set(file, text) },
  };
}

function listName(folder: string, file: string): string[] {
  for (let at = file; at !== "/" && at !== "."; at = dirname(at)) if (dirname(at) === folder) return [basename(at)];
  return [];
}
