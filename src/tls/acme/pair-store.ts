// What certificates were issued, on disk: one file for each set of names, chain and key together, so that the two can't come apart.
// Readable by the gateway's user alone.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { writeWhole } from "../../base/index.ts";

export interface IssuedPair {
  /** PEM: the leaf, then its chain. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
}

export class PairStore {
  readonly #folder: string;

  /** Certificates of one authority never pass for those of another: each directory has a folder of its own. */
  constructor(stateDir: string, directory: string) {
    this.#folder = join(stateDir, "acme", digest(directory));
  }

  /** Null when there is none, or none that can be read. */
  readPair(names: readonly string[]): IssuedPair | null {
    const text = this.#read(toFileName(names));
    if (text === null) return null;
    const key = /-----BEGIN [A-Z ]*PRIVATE KEY-----[^-]+-----END [A-Z ]*PRIVATE KEY-----\n?/.exec(text)?.[0];
    return key === undefined ? null : { cert: text.replace(key, ""), key };
  }

  /** Throws when it can't be written. */
  writePair(names: readonly string[], { cert, key }: IssuedPair): void {
    this.#write(toFileName(names), `${cert.trimEnd()}\n${key.trimEnd()}\n`);
  }

  /** The key by which the authority knows us. */
  readAccountKey(): string | null {
    return this.#read("account.key");
  }

  writeAccountKey(key: string): void {
    this.#write("account.key", key);
  }

  /** Where a set of names is kept: for messages. */
  pathOf(names: readonly string[]): string {
    return join(this.#folder, toFileName(names));
  }

  #read(name: string): string | null {
    try {
      return readFileSync(join(this.#folder, name), "utf8");
    } catch {
      return null;
    }
  }

  #write(name: string, text: string): void {
    writeWhole(join(this.#folder, name), text);
  }
}

/** The same for the same names in any order. */
export function toKey(names: readonly string[]): string {
  return [...new Set(names)].sort().join(" ");
}

function toFileName(names: readonly string[]): string {
  return `${digest(toKey(names))}.pem`;
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 32);
}
