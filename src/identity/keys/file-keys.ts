// Keys that stand in a file: read with the configuration, the same as long as it is.

import type { TokenKey } from "../../tokens/index.ts";
import { KeyRing } from "./key-ring.ts";
import type { KeySource } from "./key-source.ts";
import { readKeys } from "./remote-keys.ts";

export class FileKeys implements KeySource {
  readonly #ring = new KeyRing(0);
  readonly problem: string;

  constructor(text: string) {
    let problem = "";
    try {
      this.#ring.install(readKeys(text), 0);
    } catch (error) {
      problem = error instanceof Error ? error.message : String(error);
    }
    this.problem = problem;
  }

  get isReady(): boolean {
    return this.problem === "";
  }

  get version(): number {
    return this.#ring.version;
  }

  find(kid: string | null): readonly TokenKey[] {
    return this.#ring.find(kid);
  }

  isGood(key: TokenKey): boolean {
    return this.#ring.has(key);
  }

  refresh(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {}
}
