// What comes to a fleet: requests of keys of which few are asked for often, at gateways of which some get more than others. The same for the same
// seed, and for every scenario of a simulation.

export interface TrafficOptions {
  readonly seed: number;
  readonly nodes: number;
  readonly requestsPerSecond: number;
  readonly seconds: number;
  readonly keys: number;
  /** The n-th key is asked for n^-skew times as often as the first. */
  readonly skew: number;
}

export interface Traffic {
  /** For each request, in the order in which they come, evenly over the time. */
  readonly keys: Uint32Array;
  readonly nodes: Uint16Array;
}

/** Numbers from 0 to below 1 (xorshift, G. Marsaglia 2003): not for secrets. */
export function makeRandom(seed: number): () => number {
  let state = (seed ^ 0x9e3779b9) | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

export function makeTraffic({ seed, nodes, requestsPerSecond, seconds, keys, skew }: TrafficOptions): Traffic {
  const random = makeRandom(seed);
  const count = Math.round(requestsPerSecond * seconds);
  const keyOf = makePicker(Array.from({ length: keys }, (_, n) => (n + 1) ** -skew));
  // The busiest gateway gets three times what the idlest one gets.
  const nodeOf = makePicker(Array.from({ length: nodes }, () => 0.5 + random()));
  const traffic = { keys: new Uint32Array(count), nodes: new Uint16Array(count) };
  for (let i = 0; i < count; i++) {
    traffic.keys[i] = keyOf(random());
    traffic.nodes[i] = nodeOf(random());
  }
  return traffic;
}

/** Picks by weight: an index for a number from 0 to below 1. */
function makePicker(weights: readonly number[]): (at: number) => number {
  const sums: number[] = [];
  let sum = 0;
  for (const weight of weights) {
    sum += weight;
    sums.push(sum);
  }
  return (at) => {
    const wanted = at * sum;
    let [low, high] = [0, sums.length - 1];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (sums[middle]! <= wanted) low = middle + 1;
      else high = middle;
    }
    return low;
  };
}
