// The periods of a calendar, in a time zone: when the one ends that a moment belongs to, and what it is called. @hot
//
// A period lasts until the clocks of the zone show the next one's first moment. Where they are turned back within an hour or across its
// end, that hour is one period all the same, as long as it takes; a day may have 23 or 25 hours, and one that a zone skips never comes. Intl
// is asked a few times at the end of a period.

import type { QuotaPeriod } from "../rule.ts";

/** One object for all who ask for the same period. */
export interface Span {
  /** `2026-11`, `2026-11-25`, `2026-11-25T13`. */
  readonly name: string;
  /** Unix ms. */
  readonly endsAtMs: number;
}

const SECOND_MS = 1000;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** No zone's clocks are farther from UTC. */
const MOST_OFFSET_MS = 16 * HOUR_MS;
const NAME_LENGTH: Readonly<Record<QuotaPeriod, number>> = {
  month: "2026-11".length,
  day: "2026-11-25".length,
  hour: "2026-11-25T13".length,
};

/** One for all who ask for the same. */
const calendars = new Map<string, QuotaCalendar>();

/** Throws on a zone that the runtime does not know. */
export function obtainCalendar(per: QuotaPeriod, timeZone: string): QuotaCalendar {
  const name = `${per} ${timeZone}`;
  let calendar = calendars.get(name);
  if (calendar === undefined) {
    calendar = new QuotaCalendar(per, timeZone);
    calendars.set(name, calendar);
  }
  return calendar;
}

export class QuotaCalendar {
  readonly #per: QuotaPeriod;
  readonly #format: Intl.DateTimeFormat;
  #span: Span = { name: "", endsAtMs: 0 };
  /** The earliest moment of the span that somebody asked about. */
  #fromMs = 0;

  constructor(per: QuotaPeriod, timeZone: string) {
    this.#per = per;
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone,
      calendar: "gregory",
      numberingSystem: "latn",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
      hourCycle: "h23",
    });
  }

  at(wallMs: number): Span {
    if (wallMs >= this.#span.endsAtMs || wallMs < this.#fromMs) this.#turn(wallMs);
    return this.#span;
  }

  /** A clock that was set back a little is still in the same period. */
  #turn(wallMs: number): void {
    const shownMs = this.#show(wallMs);
    const name = new Date(shownMs).toISOString().slice(0, NAME_LENGTH[this.#per]); // hot-exception: once in a period, limits/quota/quota.bench.ts
    const endsAtMs = this.#findEnd(wallMs, this.#next(shownMs));
    if (name !== this.#span.name || endsAtMs !== this.#span.endsAtMs) this.#span = { name, endsAtMs };
    this.#fromMs = wallMs;
  }

  /** What the zone's clocks show, as if it were UTC. */
  #show(wallMs: number): number {
    const parts = this.#format.formatToParts(wallMs);
    let [year, month, day, hour, minute, second] = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < parts.length; i++) {
      const { type, value } = parts[i]!;
      if (type === "year") year = Number(value);
      else if (type === "month") month = Number(value);
      else if (type === "day") day = Number(value);
      else if (type === "hour") hour = Number(value);
      else if (type === "minute") minute = Number(value);
      else if (type === "second") second = Number(value);
    }
    return Date.UTC(year, month - 1, day, hour, minute, second);
  }

  /** What the clocks show when the period after this one begins. */
  #next(shownMs: number): number {
    if (this.#per === "hour") return (Math.floor(shownMs / HOUR_MS) + 1) * HOUR_MS;
    if (this.#per === "day") return (Math.floor(shownMs / DAY_MS) + 1) * DAY_MS;
    const shown = new Date(shownMs); // hot-exception: once in a period, limits/quota/quota.bench.ts
    return Date.UTC(shown.getUTCFullYear(), shown.getUTCMonth() + 1, 1);
  }

  /** The first second in which the clocks show `nextMs` or later. */
  #findEnd(wallMs: number, nextMs: number): number {
    let before = Math.floor(Math.max(wallMs, nextMs - MOST_OFFSET_MS) / SECOND_MS);
    let from = (nextMs + MOST_OFFSET_MS) / SECOND_MS;
    while (from - before > 1) {
      const middle = Math.floor((before + from) / 2);
      if (this.#show(middle * SECOND_MS) >= nextMs) from = middle;
      else before = middle;
    }
    return from * SECOND_MS;
  }
}
