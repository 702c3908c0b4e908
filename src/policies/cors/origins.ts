// Which origins are allowed. An origin is compared as browsers serialise it (RFC 6454 6.2): scheme, host in lower case, and a port
// that is not the scheme's own. `null`, which every sandboxed page sends, is no origin of anybody. @hot

/** What an origin that is allowed is told; one object an origin where there is a list. */
export interface AllowedOrigin {
  /** The value of Access-Control-Allow-Origin. */
  readonly value: string;
}

/** Stands for an origin that may not read, and for a request that names none. */
export const NOT_ALLOWED: AllowedOrigin = Object.freeze({ value: "" });
/** Every origin, and requests without one too: answers are then the same for all. */
export const ANYBODY: AllowedOrigin = Object.freeze({ value: "*" });

interface OriginPattern {
  /** `https://` */
  readonly before: string;
  /** `.example.com:8443` */
  readonly after: string;
}

export class OriginSet {
  readonly #exact: ReadonlyMap<string, AllowedOrigin>;
  readonly #patterns: readonly OriginPattern[];

  /** Serialised origins, or those with `*.` in front of the host: one label or more. */
  constructor(origins: readonly string[]) {
    // hot-exception: when a configuration compiles, round-trip.bench.ts
    this.#exact = new Map(
      // hot-exception: when a configuration compiles, round-trip.bench.ts
      origins.filter((origin) => !origin.includes("://*.")).map((origin) => [origin, Object.freeze({ value: origin })]),
    );
    this.#patterns = origins.flatMap(toPattern);
  }

  has(origin: string): boolean {
    return this.find(origin) !== NOT_ALLOWED;
  }

  /** NOT_ALLOWED for an origin that is not here, and for anything that is no serialised origin. */
  find(origin: string): AllowedOrigin {
    const exact = this.#exact.get(origin);
    if (exact !== undefined) return exact;
    for (let i = 0; i < this.#patterns.length; i++) {
      const { before, after } = this.#patterns[i]!;
      const end = origin.length - after.length;
      if (end <= before.length || !origin.startsWith(before) || !origin.endsWith(after)) continue;
      if (isLabels(origin, before.length, end)) return { value: origin };
    }
    return NOT_ALLOWED;
  }
}

function toPattern(origin: string): OriginPattern[] {
  const star = origin.indexOf("://*.");
  return star < 0 ? [] : [{ before: origin.slice(0, star + 3), after: origin.slice(star + 4) }];
}

/** Whether `text[from, to)` is labels of a host in lower case with a dot between each two. */
function isLabels(text: string, from: number, to: number): boolean {
  let last = 0x2e;
  for (let i = from; i < to; i++) {
    const c = text.charCodeAt(i);
    const isPlain = (c >= 0x61 && c <= 0x7a) || (c >= 0x30 && c <= 0x39) || c === 0x2d || c === 0x5f;
    if (!isPlain && (c !== 0x2e || last === 0x2e)) return false;
    last = c;
  }
  return last !== 0x2e;
}
