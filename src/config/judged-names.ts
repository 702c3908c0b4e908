// Field names as checks see them, each judged once however many routes name it: 10,000 routes share a few dozen.

import { foldName } from "../http/index.ts";
import { parseFieldName } from "./header-text.ts";
import { Refusal } from "./refusal.ts";
import { DEFAULT_IDENTITY_HEADERS } from "./schema.ts";
import { children, get, has, keysOf, texts } from "./written.ts";

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

  /** `identityHeaders` as written; `more` are identity headers besides. */
  constructor(identityHeaders: unknown, more: readonly string[] = []) {
    const all = [...more, ...(texts(identityHeaders) ?? DEFAULT_IDENTITY_HEADERS)];
    this.#identity = new Map(all.map((name) => [foldName(name), name]));
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

/** Headers by which upstreams are told who calls, as identities map them and tokens stand in them. */
export function listIdentityHeaders(...parts: readonly unknown[]): string[] {
  const found: string[] = [];
  for (const part of parts) {
    for (const [, identity] of children(part, [], "identities")) {
      for (const kind of keysOf(identity))
        found.push(...(has(get(identity, kind), "headers") ? keysOf(get(identity, kind, "headers")) : DEFAULT_IDENTITY_HEADERS));
      const header = get(identity, "internal", "header") ?? (has(identity, "internal") ? "X-Internal-Token" : undefined);
      if (typeof header === "string") found.push(header);
    }
    for (const [, upstream] of children(part, [], "upstreams")) {
      const token = get(upstream, "internalToken");
      const header = get(token, "header") ?? (token === undefined ? undefined : "X-Internal-Token");
      if (typeof header === "string") found.push(header);
    }
  }
  return found;
}
