// Other spellings of a path, at random from a seed: what attackers send to be routed as one thing and served as another.

/** A repeatable source of random numbers (mulberry32). Not for secrets. */
export class Dice {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 to below `sides`. */
  roll(sides: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) % sides;
  }

  pick<Value>(values: readonly [Value, ...Value[]] | readonly Value[]): Value {
    const value = values[this.roll(values.length)];
    if (value === undefined) throw new RangeError("there is nothing to pick from");
    return value;
  }
}

const SLASHES = [
  "//",
  "%2F",
  "%2f",
  "\\",
  "%5C",
  "%5c",
  "/./",
  "/%2e/",
  "/%2E/",
  "/.;/",
  "/;/",
  "/;a=1/",
  "/x/../",
  "/x/%2e%2e/",
  "/x/.%2E/",
  "/x/..;/",
];
const WAYS_UP = ["/..", "/%2e%2e", "/.%2e", "/%2E.", "%2F..", "%2f%2e%2e", "/..;", "/..;a=1", "\\..", "%5c..", "/..%2F", "/..%3B"];
const ENDS = ["/", "//", "/.", "/..", "%2F", "/%2e", ";", ";a=1", "%3B", "/;", "%00", "%20", "%09", ".", "?", "#", "%3F", "%23"];

/** `path` spelt otherwise: perhaps the same place, perhaps another, perhaps nothing that a gateway takes. `others` are paths to mix in. */
export function respell(path: string, others: readonly string[], dice: Dice): string {
  let spelt = path;
  for (let changes = 1 + dice.roll(3); changes > 0; changes--) spelt = change(spelt, others, dice);
  return spelt;
}

function change(path: string, others: readonly string[], dice: Dice): string {
  const slashes = [...path.matchAll(/\//g)].map(({ index }) => index);
  const at = dice.pick(slashes.length === 0 ? [0] : slashes);
  switch (dice.roll(6)) {
    case 0: {
      const letter = dice.roll(path.length);
      const hex = path.charCodeAt(letter).toString(16).padStart(2, "0");
      // The first slash is what makes it a path.
      if (letter === 0 || path[letter] === "%") return path;
      return `${path.slice(0, letter)}%${dice.roll(2) === 0 ? hex : hex.toUpperCase()}${path.slice(letter + 1)}`;
    }
    case 1:
      return at === 0
        ? `/${dice.pick(SLASHES).replace(/^\//, "")}${path.slice(1)}`
        : path.slice(0, at) + dice.pick(SLASHES) + path.slice(at + 1);
    case 2: {
      const other = dice.pick(others);
      const depth = other.split("/").length - 1;
      return other + Array.from({ length: depth }, () => dice.pick(WAYS_UP)).join("") + path;
    }
    case 3: {
      const depth = path.split("/").length - 1;
      return path + Array.from({ length: 1 + dice.roll(depth) }, () => dice.pick(WAYS_UP)).join("") + dice.pick(others);
    }
    case 4:
      return path + dice.pick(ENDS);
    default: {
      const letter = dice.roll(path.length);
      const c = path[letter] ?? "";
      return path.slice(0, letter) + (dice.roll(2) === 0 ? c.toUpperCase() : c.toLowerCase()) + path.slice(letter + 1);
    }
  }
}

/** A field name in another spelling that some service reads as the same: case, `_`, doubled and other separators. */
export function respellName(name: string, dice: Dice): string {
  const separator = dice.pick(["-", "_", "--", "__", "-_", "."]);
  const words = name.split(/[-_]/);
  const cased = words.map((word) => dice.pick([word, word.toLowerCase(), word.toUpperCase()]));
  return cased.join(separator);
}
