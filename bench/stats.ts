// Order statistics over a handful of slices, and ratios taken slice by slice. Pure; knows nothing of processes or HTTP.

export interface Spread {
  readonly count: number;
  readonly min: number;
  readonly q1: number;
  readonly median: number;
  readonly q3: number;
  readonly max: number;
}

/** The value at `share` (0..1) of sorted values, linear between neighbours; NaN for an empty list. */
export function quantile(sorted: readonly number[], share: number): number {
  const position = (sorted.length - 1) * share;
  const below = sorted[Math.floor(position)];
  const above = sorted[Math.ceil(position)];
  if (below === undefined || above === undefined) return Number.NaN;
  return below + (above - below) * (position - Math.floor(position));
}

/** Median, quartiles and extremes. Every field is NaN for an empty list. */
export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  return {
    count: sorted.length,
    min: quantile(sorted, 0),
    q1: quantile(sorted, 0.25),
    median: quantile(sorted, 0.5),
    q3: quantile(sorted, 0.75),
    max: quantile(sorted, 1),
  };
}

export interface Figure {
  readonly contestant: string;
  readonly round: number;
  readonly value: number;
}

/**
 * Each figure of `contestant` over the baseline's figure of the same round. A ratio of two medians would carry the
 * machine's drift between rounds; a ratio inside one round carries only the drift of a few seconds.
 * Rounds in which either is missing are left out.
 */
export function ratiosByRound(figures: readonly Figure[], contestant: string, baseline: string): number[] {
  const base = new Map<number, number>();
  for (const figure of figures) if (figure.contestant === baseline) base.set(figure.round, figure.value);
  const ratios: number[] = [];
  for (const figure of figures) {
    const divisor = base.get(figure.round);
    if (figure.contestant === contestant && divisor !== undefined && divisor > 0) ratios.push(figure.value / divisor);
  }
  return ratios;
}

/** The order of a round: the list rotated by the round's number, so that none always follows the same pause or neighbour's cold caches. */
export function rotate<T>(list: readonly T[], by: number): T[] {
  const start = list.length === 0 ? 0 : by % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}
