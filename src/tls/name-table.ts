// Who answers for a name: the exact name, then the wildcard of one label in front, then the default. The first that is listed wins a name.
// Names are written as in parsed certificates: lower case, no trailing dot. @hot

export interface NamedEntry {
  /** `api.example.com`, or `*.example.com` for one whole label in front. */
  readonly names: readonly string[];
}

export class NameTable<Entry extends NamedEntry> {
  readonly #exact = new Map<string, Entry>();
  /** By what stands behind the first label: `.example.com`. */
  readonly #wildcards = new Map<string, Entry>();
  readonly #fallback: Entry | null;

  constructor(entries: readonly Entry[], fallback: Entry | null) {
    this.#fallback = fallback;
    for (let i = 0; i < entries.length; i++) {
      const entry = entries[i];
      if (entry === undefined) continue;
      for (let j = 0; j < entry.names.length; j++) this.#add(entry.names[j] ?? "", entry);
    }
  }

  /** `name` as a client sent it; "" is none. A name that nobody has is the default's. */
  find(name: string): Entry | null {
    const known = this.#exact.get(name);
    if (known !== undefined) return known;
    const folded = foldName(name);
    return this.#exact.get(folded) ?? this.findWildcard(folded) ?? this.#fallback;
  }

  /** Only what is listed under this very text, a wildcard as `*.example.com`. */
  findListed(name: string): Entry | null {
    return (name.startsWith("*.") ? this.#wildcards.get(name.slice(1)) : this.#exact.get(name)) ?? null;
  }

  /** Of the wildcard that a name without one of its own falls under. */
  findWildcard(folded: string): Entry | null {
    const dot = folded.indexOf(".");
    // A label of no characters is none.
    return dot <= 0 ? null : (this.#wildcards.get(folded.substring(dot)) ?? null);
  }

  #add(name: string, entry: Entry): void {
    const isWildcard = name.startsWith("*.");
    const table = isWildcard ? this.#wildcards : this.#exact;
    const key = isWildcard ? name.slice(1) : name;
    if (!table.has(key)) table.set(key, entry);
  }
}

/** Lower case, without the root's dot. */
function foldName(name: string): string {
  const end = name.length - 1;
  return (end > 0 && name.charCodeAt(end) === 0x2e ? name.substring(0, end) : name).toLowerCase();
}
