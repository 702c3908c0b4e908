// What a clock on the wall of a time zone shows: its day of the week and its minute. @hot
// Intl is asked once a minute and zone, however many requests come: no zone changes its clocks within a minute.

const MINUTE_MS = 60_000;
const DAYS = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"];

/** By zone, one for all who ask: there are a few hundred zones, and a configuration names a few of them. */
const clocks = new Map<string, ZoneClock>();

/** Throws on a zone that the runtime does not know. */
export function obtainClock(zone: string): ZoneClock {
  let clock = clocks.get(zone);
  if (clock === undefined) {
    clock = new ZoneClock(zone);
    clocks.set(zone, clock);
  }
  return clock;
}

export class ZoneClock {
  readonly #format: Intl.DateTimeFormat;
  /** Minutes since the epoch of the reading below. */
  #readAt = Number.NaN;
  #day = 0;
  #minute = 0;

  constructor(zone: string) {
    this.#format = new Intl.DateTimeFormat("en-US", {
      timeZone: zone,
      weekday: "short",
      hour: "2-digit",
      minute: "2-digit",
      hourCycle: "h23",
    });
  }

  /** Reads the clock at this wall time, in ms; `day` and `minute` show it then. */
  read(wallMs: number): void {
    const at = Math.floor(wallMs / MINUTE_MS);
    if (at !== this.#readAt) this.#ask(at);
  }

  /** 0 is Sunday. */
  get day(): number {
    return this.#day;
  }

  /** Of the day. */
  get minute(): number {
    return this.#minute;
  }

  #ask(at: number): void {
    const parts = this.#format.formatToParts(at * MINUTE_MS);
    let minute = 0;
    for (let i = 0; i < parts.length; i++) {
      const { type, value } = parts[i]!;
      if (type === "weekday") this.#day = DAYS.indexOf(value);
      else if (type === "hour") minute += Number(value) * 60;
      else if (type === "minute") minute += Number(value);
    }
    this.#minute = minute;
    this.#readAt = at;
  }
}
