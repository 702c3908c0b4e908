// What loading a configuration needs of the world: variables, files, the date, and where teams' last good texts are kept. Tests and
// tools pass their own; nothing else in this room touches the process or the disk.

import { createHash } from "node:crypto";
import { closeSync, openSync, readdirSync, readFileSync, readSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../base/index.ts";
import type { ListenerTlsConfig, UpstreamTlsConfig } from "./config.ts";
import type { CedarConfig } from "./identity-config.ts";
import type { OutsideFinding } from "./issue.ts";

export interface ConfigHost {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The content, or its first `maxBytes` + 1 bytes: whoever gets more than it asked for knows the file to be too large. Throws. */
  readFile(path: string, maxBytes: number): Uint8Array;
  /** The names in a folder. Throws. */
  listFolder(path: string): readonly string[];
  /** Milliseconds since the epoch, for dates in the configuration. */
  readonly nowMs: number;
  /** Null: a bad team file has nothing to fall back on. */
  readonly lastGood: LastGoodTexts | null;
  /** Left out: certificates are taken as they are, and whoever serves them finds out. */
  readonly tls?: TlsJudge;
  /** Mistakes in Cedar policies, each a sentence with its file. Left out: they are taken as they are, and compiling routes finds out. */
  readonly judgeCedar?: (policies: CedarConfig["policies"], schema: string | null, entities: string | null) => readonly string[];
}

/** What another room knows of the contents of certificates, keys and lists. Paths are those within what is judged. */
export interface TlsJudge {
  listener(tls: ListenerTlsConfig, nowMs: number): readonly OutsideFinding[];
  upstream(tls: UpstreamTlsConfig, nowMs: number): readonly OutsideFinding[];
}

/** The last good text of each team's file, under the gateway's `stateDir`. */
export interface LastGoodTexts {
  /** Null when there is none, or none that can be read. */
  read(stateDir: string, teamFile: string): string | null;
  /** Throws. */
  write(stateDir: string, teamFile: string, text: string): void;
}

/** The process's own surroundings, as they are now. */
export function systemConfigHost(): ConfigHost {
  return {
    env: process.env,
    readFile: readAtMost,
    listFolder: (path) => readdirSync(path),
    nowMs: Date.now(),
    lastGood: { read: readLastGood, write: writeLastGood },
  };
}

/** Why a file or folder can't be read, in words. */
export function toReason(error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return "there is none of this name";
  if (code === "EACCES") return "permission denied";
  if (code === "EISDIR") return "it is a directory";
  return String(error instanceof Error ? error.message : error);
}

const CHUNK_BYTES = 256 * 1024;

/** In chunks: the size that the system tells is 0 for pipes and devices, which may go on without end. */
function readAtMost(path: string, maxBytes: number): Uint8Array {
  // To open a named pipe is to wait until somebody writes: a team's file would keep the gateway from starting. Those of a shell
  // (`<(…)`, standard input) are open already.
  if (!/^\/(?:dev|proc)\//.test(path) && statSync(path).isFIFO()) throw new Error("it is a pipe");
  const file = openSync(path, "r");
  try {
    const chunks: Buffer[] = [];
    let total = 0;
    while (total <= maxBytes) {
      const chunk = Buffer.alloc(Math.min(CHUNK_BYTES, maxBytes + 1 - total));
      const count = readSync(file, chunk);
      if (count === 0) break;
      chunks.push(chunk.subarray(0, count));
      total += count;
    }
    return Buffer.concat(chunks, total);
  } finally {
    closeSync(file);
  }
}

/** By digest: a path may be longer than a name can be, and says nothing about its letters. */
function toLastGoodPath(stateDir: string, teamFile: string): string {
  return join(stateDir, "last-good", `${createHash("sha256").update(teamFile).digest("hex").slice(0, 32)}.yaml`);
}

function readLastGood(stateDir: string, teamFile: string): string | null {
  try {
    return readFileSync(toLastGoodPath(stateDir, teamFile), "utf8");
  } catch {
    return null;
  }
}

function writeLastGood(stateDir: string, teamFile: string, text: string): void {
  writeWhole(toLastGoodPath(stateDir, teamFile), text);
}
