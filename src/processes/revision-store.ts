// The root's last good text on disk, and the one before it: what a gateway starts with whose file is bad, and what it can go back to.
// Teams' texts are kept beside it by the config room.

import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { writeWhole } from "../base/index.ts";

export interface KeptText {
  /** As it was written: references stand in it, not what came of them. */
  readonly text: string;
  readonly generation: string;
  /** When it was first served, in ISO 8601. */
  readonly keptAt: string;
}

/** Both in one file, so that they can't come apart. */
interface Kept {
  readonly current: KeptText | null;
  readonly previous: KeptText | null;
}

export class RevisionStore {
  readonly #path: string;
  readonly #nowMs: () => number;

  /** `file` is the root's: gateways with one `stateDir` keep theirs apart. */
  constructor(stateDir: string, file: string, nowMs: () => number = Date.now) {
    const name = createHash("sha256").update(resolve(file)).digest("hex").slice(0, 32);
    this.#path = join(stateDir, "last-good", `root-${name}.json`);
    this.#nowMs = nowMs;
  }

  /**
   * Of another text and generation than the one that is kept, it makes that one the previous: of the same text with a certificate that was
   * renewed there is nothing to go back to. Throws when it can't be written; all is as before then.
   */
  keep(text: string, generation: string): void {
    const { current, previous } = this.#read();
    if (current?.generation === generation && current.text === text) return;
    const next = { text, generation, keptAt: new Date(this.#nowMs()).toISOString() };
    const isSame = current !== null && (current.generation === generation || current.text === text);
    this.#write({ current: next, previous: isSame ? previous : (current ?? previous) });
  }

  /** Null when there is none, or none that can be read. */
  read(): KeptText | null {
    return this.#read().current;
  }

  readPrevious(): KeptText | null {
    return this.#read().previous;
  }

  #read(): Kept {
    try {
      const kept: unknown = JSON.parse(readFileSync(this.#path, "utf8"));
      if (isRecord(kept)) return { current: toKeptText(kept["current"]), previous: toKeptText(kept["previous"]) };
    } catch {
      // As if there were none: a gateway serves also where its state is damaged.
    }
    return { current: null, previous: null };
  }

  #write(kept: Kept): void {
    writeWhole(this.#path, `${JSON.stringify(kept)}\n`);
  }
}

function toKeptText(value: unknown): KeptText | null {
  if (!isRecord(value)) return null;
  const { text, generation, keptAt } = value;
  if (typeof text !== "string" || typeof generation !== "string" || typeof keptAt !== "string") return null;
  return { text, generation, keptAt };
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
