// Field names as checks see them, each judged once however many routes name it: 10,000 routes share a few dozen.

import { foldName } from "../http/index.ts";
import { parseFieldName } from "./header-text.ts";
import { Refusal } from "./refusal.ts";
import { DEFAULT_IDENTITY_HEADERS } from "./schema.ts";
import { texts } from "./written.ts";

export interface JudgedName {
  /** False for what the schema refuses: no token, or a field by which messages are framed. */
  readonly isFree: boolean;
  readonly lower: string;
  readonly folded: string;
  /** The identity header that services take it for, as the configuration spells it. */
  readonly identity: string | undefined;
}

export class JudgedNames {
  readonly #identity: ReadonlyMap<string, string>;
  readonly #judged = new Map<string, JudgedName>();

  /** `identityHeaders` as written. */
  constructor(identityHeaders: unknown) {
    this.#identity = new Map((texts(identityHeaders) ?? DEFAULT_IDENTITY_HEADERS).map((name) => [foldName(name), name]));
  }

  of(name: string): JudgedName {
    const known = this.#judged.get(name);
    if (known !== undefined) return known;
    const folded = foldName(name);
    const isFree = !(parseFieldName(name) instanceof Refusal);
    const judged = { isFree, lower: name.toLowerCase(), folded, identity: this.#identity.get(folded) };
    this.#judged.set(name, judged);
    return judged;
  }
}
