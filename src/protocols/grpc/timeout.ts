// grpc-timeout, read and written (PROTOCOL-HTTP2): one to eight digits and a unit. @hot

/** What is no timeout. */
export const MALFORMED = -1;

const MOST_DIGITS = 8;
const MOST = 99_999_999;
const MS_A_SECOND = 1000;
const MS_A_MINUTE = 60_000;
const MS_AN_HOUR = 3_600_000;

/** Milliseconds, rounded up: no call ends before its time. MALFORMED when it is no timeout. */
export function parseTimeout(text: string): number {
  const digits = text.length - 1;
  if (digits < 1 || digits > MOST_DIGITS) return MALFORMED;
  let value = 0;
  for (let i = 0; i < digits; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return MALFORMED;
    value = value * 10 + digit;
  }
  switch (text.charCodeAt(digits)) {
    case 0x48: // H
      return value * MS_AN_HOUR;
    case 0x4d: // M
      return value * MS_A_MINUTE;
    case 0x53: // S
      return value * MS_A_SECOND;
    case 0x6d: // m
      return value;
    case 0x75: // u
      return Math.ceil(value / 1000);
    case 0x6e: // n
      return Math.ceil(value / 1_000_000);
    default:
      return MALFORMED;
  }
}

/** In the finest unit that holds it, at least a millisecond: a call whose time is over is ended by its own timer. */
export function encodeTimeout(ms: number): string {
  if (ms < 1) return "1m";
  if (ms <= MOST) return `${Math.floor(ms)}m`;
  if (ms <= MOST * MS_A_SECOND) return `${Math.floor(ms / MS_A_SECOND)}S`;
  return `${Math.min(MOST, Math.floor(ms / MS_AN_HOUR))}H`;
}
