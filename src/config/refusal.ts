// What the parsers of single values return when they refuse one: what was expected and how to mend it.

import type { IssueCode } from "./issue.ts";

export class Refusal {
  readonly code: IssueCode;
  /** Ends the sentence "… must be". */
  readonly expected: string;
  readonly hint: string | undefined;

  constructor(code: IssueCode, expected: string, hint?: string) {
    this.code = code;
    this.expected = expected;
    this.hint = hint;
  }
}

/** Turns the text of one value into its meaning, or says why not. Never throws. */
export type ValueParser<Value> = (text: string) => Value | Refusal;
