// JSON pointers (RFC 6901) into an upstream's error. A member is taken when it is text or a number, and no longer than it should be.

/** A pointer's steps, unescaped. Callers have checked its form: empty, or each step behind a slash. */
export function compilePointer(pointer: string): readonly string[] {
  if (pointer === "") return [];
  return pointer
    .slice(1)
    .split("/")
    .map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

/** Null when there is nothing at the pointer, or neither text nor a number. At most `maxLength` UTF-16 units, cut between characters. */
export function readPointer(value: unknown, steps: readonly string[], maxLength: number): string | null {
  let at = value;
  for (const step of steps) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return null;
    // Indices of arrays are their own properties, written without leading zeros, as RFC 6901 4 has them; `length` is none of them.
    if (Array.isArray(at) && !/^(?:0|[1-9][0-9]*)$/.test(step)) return null;
    at = (at as Record<string, unknown>)[step];
  }
  if (typeof at === "number") return String(at);
  if (typeof at !== "string") return null;
  return cut(at, maxLength);
}

function cut(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text.toWellFormed();
  const last = text.charCodeAt(maxLength - 2);
  const isHalf = last >= 0xd800 && last < 0xdc00;
  return `${text.slice(0, isHalf ? maxLength - 2 : maxLength - 1).toWellFormed()}…`;
}
