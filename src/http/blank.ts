// Optional white space of HTTP (RFC 9110 5.6.3) and nothing else. What languages trim is more: a cookie whose name begins with a no-break
// space is no `__Host-` cookie to a browser, which lets any neighbouring site set it.

const SPACE = 0x20;
const TAB = 0x09;

/** The text without spaces and tabs at its ends. */
export function trimBlank(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/** Of a character code. */
export function isBlank(unit: number): boolean {
  return unit === SPACE || unit === TAB;
}
