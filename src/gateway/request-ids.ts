// Ids of requests: unique over processes and time, not secret. A random start and a counter, so that one costs no entropy. @hot

import { randomBytes } from "node:crypto";

/** The last two digits to base 36, made once: counting up is then one concatenation. */
const LAST_DIGITS: string[] = [];
for (let i = 0; i < 36 * 36; i++) LAST_DIGITS.push(i.toString(36).padStart(2, "0"));

export class RequestIds {
  readonly #process = randomBytes(8).toString("hex");
  #prefix = `${this.#process}-`;
  #block = 0;
  #last = 0;

  /** 16 hexadecimal digits of the process, a dash and a number to base 36. */
  next(): string {
    if (++this.#last === LAST_DIGITS.length) {
      this.#last = 0;
      this.#block++;
      this.#prefix = `${this.#process}-${this.#block.toString(36)}`;
    }
    return this.#prefix + LAST_DIGITS[this.#last]!;
  }
}
