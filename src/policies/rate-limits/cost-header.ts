// What a request cost, by a field of the upstream's response. @hot

/** Digits that a number holds exactly. */
const MOST_DIGITS = 15;

/** Units, at most `most`; -1 for what is no plain integer. */
export function readCost(text: string | null, most: number): number {
  if (text === null || text.length === 0 || text.length > MOST_DIGITS) return -1;
  let units = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    units = units * 10 + digit;
  }
  return Math.min(units, most);
}
