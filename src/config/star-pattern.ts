// Patterns of names in which `*` stands for any part, of invariants and of included files. No other sign means anything, so that a match
// takes time in proportion to the text.

/** Whether the whole of `text` fits. */
export function matchesStars(pattern: string, text: string): boolean {
  const [start = "", ...rest] = pattern.split("*");
  const end = rest.pop();
  if (end === undefined) return text === pattern;
  if (!text.startsWith(start)) return false;
  let at = start.length;
  for (const part of rest) {
    const found = text.indexOf(part, at);
    if (found === -1) return false;
    at = found + part.length;
  }
  return text.length - end.length >= at && text.endsWith(end);
}
