// Keeps what came from a reference out of issues. What checks say is made of values, cut and put into other forms on the way, so that no
// search and replace would find all of it: a sentence with any word of such a text in it gives way to one that has none.

import { type Finding, ISSUE_CODES, toPathText } from "./issue.ts";
import type { PathSet } from "./path-set.ts";

const BORDER = /[^a-z0-9_]+/;
// Messages cut long values short.
const COMPARED = 8;

export class Masking {
  readonly #words = new Set<string>();
  /** Whole texts that whoever prints the configuration must hide. */
  readonly hidden = new Set<string>();

  /** `texts` came from references. */
  add(texts: readonly string[]): void {
    for (const text of texts) for (const word of toWords(text)) this.#words.add(word);
  }

  hide(texts: readonly string[]): void {
    for (const text of texts) this.hidden.add(text);
  }

  /**
   * The same finding, or one that says less. `places` are those of references in the same file; `isOfWritten` says that the message shows
   * values as they are written.
   */
  mask(finding: Finding, places: PathSet, isOfWritten: boolean): Finding {
    const isAtReference = places.covers(finding.path);
    if (this.#words.size === 0 && !isAtReference) return finding;
    const isSafeHint = !isAtReference && (isOfWritten || !this.#tells(finding.hint ?? ""));
    const hint = isSafeHint ? finding.hint : undefined;
    const isTelling = !isOfWritten && this.#tells(finding.message);
    const told = isTelling ? toPlain(finding) : finding.message;
    const why = isAtReference || isTelling ? "a value here comes from the environment or a file, and is not shown" : hint;
    return { ...finding, message: told, hint: why };
  }

  #tells(text: string): boolean {
    return this.#words.size > 0 && toWords(text).some((word) => this.#words.has(word));
  }
}

function toPlain({ code, path }: Finding): string {
  const { means } = ISSUE_CODES[code];
  const sentence = `${means.charAt(0).toLowerCase()}${means.slice(1).replace(/\.$/, "")}`;
  return path.length === 0 ? sentence : `\`${toPathText(path)}\`: ${sentence}`;
}

function toWords(text: string): string[] {
  return text
    .toLowerCase()
    .split(BORDER)
    .flatMap((word) => (word === "" ? [] : [word.slice(0, COMPARED)]));
}
