// How tests write lengths of time: as the configuration does, or in milliseconds.

import { parseDuration, Refusal } from "../config/index.ts";

/** Milliseconds, or text with a unit: `250ms`, `10s`, `5m`. */
export type Duration = number | string;

/** Throws a RangeError on text without a unit and on what is no length of time. */
export function toMilliseconds(duration: Duration): number {
  if (typeof duration === "number") {
    if (Number.isFinite(duration) && duration >= 0) return duration;
    throw new RangeError(`a duration must be a number of milliseconds from 0 up; got ${duration}`);
  }
  const ms = parseDuration(duration, { example: "10s", off: false, max: "3650d" });
  if (ms instanceof Refusal) {
    throw new RangeError(`a duration must be milliseconds or text with a unit, such as "10s"; got ${JSON.stringify(duration)}`);
  }
  return ms;
}
