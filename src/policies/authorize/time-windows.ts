// Windows of the day in which a rule holds, by the clock on the wall of their zone. @hot
// So an hour that a change of clocks leaves out is never, and one that comes twice is both times. A window over midnight belongs to the day
// on which it begins.

import type { TimeWindow } from "../../config/index.ts";
import { obtainClock, type ZoneClock } from "./zone-clock.ts";

interface Window {
  readonly clock: ZoneClock;
  /** One bit a day of the week. */
  readonly days: number;
  readonly startMinute: number;
  readonly endMinute: number;
}

const EVERY_DAY = 0b1111111;

export class TimeWindows {
  readonly #windows: readonly Window[];

  /** Throws on a zone that the runtime does not know. */
  constructor(windows: readonly TimeWindow[]) {
    this.#windows = compileWindows(windows);
  }

  /** Whether one of them is open at this wall time, in ms. */
  isOpen(wallMs: number): boolean {
    for (let i = 0; i < this.#windows.length; i++) if (isWithin(this.#windows[i]!, wallMs)) return true;
    return false;
  }
}

function isWithin({ clock, days, startMinute, endMinute }: Window, wallMs: number): boolean {
  clock.read(wallMs);
  const { day, minute } = clock;
  const isToday = (days & (1 << day)) !== 0;
  if (startMinute < endMinute) return isToday && minute >= startMinute && minute < endMinute;
  const beganYesterday = (days & (1 << ((day + 6) % 7))) !== 0;
  return (isToday && minute >= startMinute) || (beganYesterday && minute < endMinute);
}

function compileWindows(windows: readonly TimeWindow[]): readonly Window[] {
  // hot-exception: once a route, authorize.bench.ts
  return windows.map(({ days, startMinute, endMinute, zone }) => ({
    clock: obtainClock(zone),
    days: toBits(days),
    startMinute,
    endMinute,
  }));
}

function toBits(days: readonly number[]): number {
  if (days.length === 0) return EVERY_DAY;
  let bits = 0;
  for (let i = 0; i < days.length; i++) bits |= 1 << days[i]!;
  return bits;
}
