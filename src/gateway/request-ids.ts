// Ids of requests: unique over processes and time, not secret. A random start and a counter, so that one costs no entropy.

import { randomBytes } from "node:crypto";

export class RequestIds {
  readonly #prefix = randomBytes(8).toString("hex");
  #counter = 0;

  /** 16 hexadecimal digits of the process, a dash and a number. */
  next(): string {
    this.#counter++;
    return `${this.#prefix}-${this.#counter.toString(36)}`;
  }
}
