// The known word that a mistyped one was probably meant to be.

/** The nearest of `known`, or undefined when none is near enough to be worth suggesting. */
export function selectNearest(word: string, known: Iterable<string>): string | undefined {
  const folded = fold(word);
  // A third of the letters may be wrong: `adress` finds `address`, `port` does not find `path`.
  const limit = Math.max(1, Math.floor(folded.length / 3));
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of known) {
    const other = fold(candidate);
    if (Math.abs(other.length - folded.length) >= bestDistance) continue;
    const distance = editDistance(folded, other);
    // With not a letter in common, as of two versions `1` and `2`, it is another word.
    if (distance < bestDistance && distance < Math.max(folded.length, other.length)) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** `strip_prefix`, `strip-prefix` and `StripPrefix` are the same word to a reader. */
function fold(word: string): string {
  return word
    .slice(0, 64)
    .toLowerCase()
    .replaceAll(/[^a-z0-9.*/]/g, "");
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment). */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let least = Math.min((previous[j] ?? 0) + 1, (current[j - 1] ?? 0) + 1, (previous[j - 1] ?? 0) + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) least = Math.min(least, (before[j - 2] ?? 0) + 1);
      current.push(least);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length] ?? 0;
}
