// What one meter admits, in the plainest code there is: nothing is ever forgotten, and nothing is fast. The models are the authority on what a
// rule of rule.ts means. Every store is held to them (counters.contract.ts), and simulations count with them.
//
// Times are Unix ms, whole, and never go back. Times in answers are rounded up to whole ms.

export interface Verdict {
  readonly isAdmitted: boolean;
  /** See Ask, as the rest. */
  readonly retryMs: number;
  readonly delayMs: number;
}

export interface Standing {
  readonly remaining: number;
  readonly resetMs: number;
  readonly used: number;
}

export interface Answer extends Verdict, Standing {}

export abstract class MeterModel {
  /** Whether `cost` units are there. Counts nothing. 0 is decided like any other cost: refused only where charges went beyond the limit. */
  abstract judge(nowMs: number, key: string, cost: number): Verdict;

  /** Counts units, whatever the limit says. Negative ones are taken off again; there are never fewer than none. */
  abstract add(nowMs: number, key: string, units: number): void;

  abstract standing(nowMs: number, key: string): Standing;

  take(nowMs: number, key: string, cost: number): Answer {
    const verdict = this.judge(nowMs, key, cost);
    if (verdict.isAdmitted) this.add(nowMs, key, cost);
    return { ...verdict, ...this.standing(nowMs, key) };
  }
}

export const ADMITTED: Verdict = { isAdmitted: true, retryMs: 0, delayMs: 0 };

export function refused(retryMs: number): Verdict {
  return { isAdmitted: false, retryMs: ceilMs(retryMs), delayMs: 0 };
}

/** Rounded up, but for what arithmetic on fractions leaves behind. */
export function ceilMs(ms: number): number {
  return Math.max(0, Math.ceil(ms - 1e-6));
}

/** Whole units, of which arithmetic on fractions may have left a little less. */
export function floorUnits(units: number): number {
  return Math.max(0, Math.floor(units + 1e-6));
}
