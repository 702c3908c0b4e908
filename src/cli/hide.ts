// Keeps values of conditions that came from the environment or a file (`match.headers: { X-Key: "${env:KEY}" }`) out of what commands
// print: they are what callers prove themselves with. Values of headers and queries that are set are secrets by type (base/secret.ts).

const HIDDEN = "***";
// What is shorter is no secret, and every other word would have it in it.
const SHORTEST = 4;

/** A copy of `value` with `***` wherever a text in it has one of `texts`, percent-encoded or not. */
export function hideIn<T>(value: T, texts: readonly string[]): T {
  const spelt = texts.filter((text) => text.length >= SHORTEST).flatMap((text) => [text, encodeURIComponent(text.toWellFormed())]);
  // The longer first: one text may begin with another.
  return spelt.length === 0
    ? value
    : (copy(
        value,
        spelt.sort((a, b) => b.length - a.length),
      ) as T);
}

function copy(value: unknown, texts: readonly string[]): unknown {
  if (typeof value === "string") return texts.reduce((shown, text) => shown.replaceAll(text, HIDDEN), value);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((held) => copy(held, texts));
  return Object.fromEntries(Object.entries(value).map(([key, held]) => [key, copy(held, texts)]));
}
