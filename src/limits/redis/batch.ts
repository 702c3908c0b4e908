// @hot The takes of one turn of the event loop that go to the server in one call, and the way back of their answers.

import { type Ask, BY_STORE, type Take } from "../counters.ts";
import type { Meter } from "../rule.ts";
import { CHARGED, DRY_RUN, ENFORCED, FIRST_CODE, MOST_RULES, type Mode, RENEWED, writeRule } from "./counters-script.ts";

const MOST_TAKES = 128;
/** Asks of one take that may go in one call. */
export const MOST_ASKS = 64;
const MOST_KEYS = 512;
const CODES: readonly string[] = Array.from({ length: MOST_RULES }, (_, index) => String.fromCharCode(FIRST_CODE + index));
const SPACE = 32;
const NUMBERS_OF_AN_ASK = 5;
/** Digits that a number holds exactly. */
const MOST_DIGITS = 15;

export class Batch {
  readonly keys: string[] = [];
  /** Those that are answered, in their order. */
  readonly takes: Take[] = [];
  readonly #rules: string[] = [];
  readonly #meters: Meter[] = [];
  readonly #modes: Mode[] = [];
  readonly #costs: number[] = [];
  #codes = "";
  /** That an answer has. */
  #numbers = 0;
  #answer = "";
  #at = 0;

  /** Whether `asks` more find a place. */
  hasRoom(asks: number): boolean {
    return (
      this.#codes.length === 0 ||
      (this.takes.length < MOST_TAKES && this.keys.length + asks <= MOST_KEYS && this.#rules.length + asks <= MOST_RULES)
    );
  }

  /** `keys` are put before each ask's own. */
  add(take: Take, prefix: string): void {
    const asks = take.asks;
    for (let i = 0; i < asks.length; i++) {
      const { meter, key, cost } = asks[i]!;
      this.keys.push(`${prefix}${meter.id}:${key}`);
      this.#codes += this.#codeOf(meter, meter.isDryRun ? DRY_RUN : ENFORCED, cost);
    }
    this.#codes += " ";
    this.#numbers += asks.length * NUMBERS_OF_AN_ASK;
    this.takes.push(take);
  }

  charge(meter: Meter, key: string, units: number, prefix: string): void {
    this.keys.push(`${prefix}${meter.id}:${key}`);
    this.#codes += `${this.#codeOf(meter, CHARGED, units)} `;
  }

  /** Holds `least` units of concurrency for another minute, and up to `most` where the server counted so many. */
  renew(meter: Meter, key: string, least: number, most: number, prefix: string): void {
    this.keys.push(`${prefix}${meter.id}:${key}`);
    this.#codes += `${this.#addRule(meter, RENEWED, least, most)} `;
  }

  /** What the script is called with beside the keys. */
  values(holder: string): string[] {
    const values = [this.#codes, holder];
    for (let i = 0; i < this.#rules.length; i++) values.push(this.#rules[i]!);
    return values;
  }

  /** Begins to read the answer; readNext() then fills in one take after the other. False: it is none of the script's to this call. */
  open(answer: unknown): boolean {
    if (typeof answer !== "string" || countNumbers(answer) !== this.#numbers) return false;
    this.#answer = answer;
    return true;
  }

  readNext(take: Take): void {
    const asks = take.asks;
    for (let i = 0; i < asks.length; i++) {
      const ask: Ask = asks[i]!;
      ask.decidedBy = BY_STORE;
      ask.isAdmitted = this.#readNumber() === 1;
      ask.remaining = this.#readNumber();
      ask.resetMs = this.#readNumber();
      ask.retryMs = this.#readNumber();
      ask.delayMs = this.#readNumber();
    }
  }

  #readNumber(): number {
    const answer = this.#answer;
    let at = this.#at;
    let value = 0;
    for (; at < answer.length; at++) {
      const code = answer.charCodeAt(at);
      if (code === SPACE) break;
      value = value * 10 + code - 48;
    }
    this.#at = at + 1;
    return value;
  }

  #codeOf(meter: Meter, mode: Mode, cost: number): string {
    for (let i = this.#rules.length - 1; i >= 0; i--) {
      if (this.#meters[i] === meter && this.#costs[i] === cost && this.#modes[i] === mode) return CODES[i]!;
    }
    return this.#addRule(meter, mode, cost, 0);
  }

  #addRule(meter: Meter, mode: Mode, cost: number, most: number): string {
    this.#meters.push(meter);
    this.#modes.push(mode);
    this.#costs.push(cost);
    return CODES[this.#rules.push(writeRule(meter.rule, mode, cost, most)) - 1]!;
  }
}

/** Of whole numbers with a space between each two; -1 where there is anything else. */
function countNumbers(text: string): number {
  if (text.length === 0) return 0;
  let count = 1;
  let digits = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 48 && code <= 57 && digits < MOST_DIGITS) {
      digits++;
      continue;
    }
    if (code !== SPACE || digits === 0) return -1;
    count++;
    digits = 0;
  }
  return digits === 0 ? -1 : count;
}
